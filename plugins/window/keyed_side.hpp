// What side results of one entry for each key and name space share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "window/result.hpp"

namespace window {

class keyed_side : public side_result {
 public:
  explicit keyed_side(std::string state) : name_{std::move(state)} {}
  void open(const weir_host* host) override { state_.open(host); }
  void update(weir_context* c, const weir::aggregate::rows_in& in, weir_slot* const*,
              const std::int64_t* name_spaces) override {
    find_rows(c, in, name_spaces);
    for (std::int64_t k = 0; k < in.count; ++k) add(c, in.batch, in.rows[k], slots_[static_cast<std::size_t>(k)]);
  }
  void update_one(weir_context* c, const weir::aggregate::rows_in& in, weir_slot*, std::int64_t name_space) override {
    weir_slot* const slot = find_one(c, in, name_space);
    for (std::int64_t k = 0; k < in.count; ++k) add(c, in.batch, in.rows[k], slot);
  }
  void collect(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
               std::int64_t name_space, const std::uint32_t* groups, std::int64_t group_count) override {
    make_room(static_cast<std::size_t>(group_count));
    find(c, keys, rows, count, name_space);
    for (std::int64_t k = 0; k < count; ++k)
      if (weir_slot* const s = slots_[static_cast<std::size_t>(k)]; s && (s->flags & WEIR_SLOT_PRESENT))
        gather(c, s, groups[k]);
  }
  void drop(weir_context* c, std::int64_t name_space) override { state_.drop(c, name_space); }
  void clear(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
             std::int64_t name_space) override {
    find(c, keys, rows, count, name_space);
    for (weir_slot* const s : slots_)
      if (s) state_.clear(c, s);
  }
  void move(weir_context* c, const weir_batch& keys, std::uint32_t row, std::int64_t from, std::int64_t to) override {
    if (from == to) return;
    weir_slot *source = nullptr, *target = nullptr;
    state_.slots(c, keys, &row, 1, &from, 0, &source);
    if (!source || !(source->flags & WEIR_SLOT_PRESENT)) return;
    state_.slots(c, keys, &row, 1, &to, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &target);
    absorb(c, source, target);
    state_.clear(c, source);
  }

 protected:
  virtual void add(weir_context*, const weir::batch_view&, std::uint32_t row, weir_slot*) = 0;
  // For groups 0 to groups - 1.
  virtual void make_room(std::size_t groups) = 0;
  virtual void gather(weir_context*, weir_slot*, std::uint32_t group) = 0;
  // What `from` has goes to `to`, too.
  virtual void absorb(weir_context*, weir_slot* from, weir_slot* to) = 0;

  // The slots of rows to write to: slots_, or one for all.
  void find_rows(weir_context* c, const weir::aggregate::rows_in& in, const std::int64_t* name_spaces) {
    slots_.resize(static_cast<std::size_t>(in.count));
    state_.slots(c, in.batch.raw(), in.rows, in.count, name_spaces, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                 slots_.data());
  }
  weir_slot* find_one(weir_context* c, const weir::aggregate::rows_in& in, std::int64_t name_space) {
    weir_slot* slot = nullptr;
    if (in.count) state_.slots(c, in.batch.raw(), in.rows, 1, &name_space, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &slot);
    return slot;
  }

  std::string name_;
  weir::shared::state_table state_;
  std::vector<weir_slot*> slots_;

 private:
  void find(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
            std::int64_t name_space) {
    slots_.resize(static_cast<std::size_t>(count));
    const std::vector<std::int64_t> spaces(slots_.size(), name_space);
    state_.slots(c, keys, rows, count, spaces.data(), 0, slots_.data());
  }
};

}  // namespace window
