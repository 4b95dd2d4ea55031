// The best rows of a window by one of their columns, with those that are as good: arg-max with ties, top-k.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "window/result.hpp"

namespace window {

// For each key of a window the main slot holds a mark (what a row needs to matter, and how many are held), a list holds
// the rows. Most rows are worse than the mark and cost one comparison.
//
//   list element: [order uint64][event time][the columns, packed]
class best_rows final : public side_result {
 public:
  // Adds the mark to the layout. Throws config_error.
  best_rows(best_options o, const weir::schema& input, weir::shared::value_layout& layout);

  void declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) override;
  void open(const weir_host* host) override { rows_.open(host); }
  void update(weir_context*, const weir::aggregate::rows_in&, weir_slot* const* slots,
              const std::int64_t* name_spaces) override;
  void update_one(weir_context*, const weir::aggregate::rows_in&, weir_slot* slot, std::int64_t name_space) override;
  void begin() override { held_.clear(); }
  void collect(weir_context*, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
               std::int64_t name_space, const std::uint32_t* groups, std::int64_t group_count) override;
  void finish() override;
  void drop(weir_context* c, std::int64_t name_space) override { rows_.drop(c, name_space); }
  void clear(weir_context*, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
             std::int64_t name_space) override;
  // Only windows whose name spaces never merge have best rows.
  void move(weir_context*, const weir_batch&, std::uint32_t, std::int64_t, std::int64_t) override {}

  [[nodiscard]] const std::vector<weir::field>& results() const { return fields_; }
  [[nodiscard]] std::size_t rows_of(std::uint32_t group) const { return held_[group].size(); }
  // Appends the rows of some groups to columns from `first` on.
  void write(const std::uint32_t* groups, std::int64_t count, weir::batch_builder& to, std::size_t first) const;

 private:
  template <class Slots>
  void run(weir_context* c, const weir::aggregate::rows_in& in, Slots slots, const std::int64_t* name_spaces);
  void take(weir_context* c, const weir::batch_view& batch, std::uint32_t row, std::uint64_t order, weir_slot* mark,
            std::int64_t name_space);
  void compact(weir_context* c, weir_slot* list, weir_slot* mark);
  void cut_off(std::vector<std::string>& rows) const;

  best_options options_;
  std::size_t by_;
  std::vector<std::size_t> columns_;
  std::vector<weir::field> fields_;
  std::uint32_t mark_at_, held_at_;
  weir::shared::state_table rows_;
  std::vector<std::uint64_t> orders_;
  std::vector<weir_slot*> found_;
  std::vector<std::vector<std::string>> held_;
};

}  // namespace window
