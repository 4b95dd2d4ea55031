#pragma once
// Aggregates whose accumulator has a fixed size and lies in a slot of keyed state: updated by loops over a batch's
// columns, merged, and written as an output column.
//
//   layout.add(...) by each aggregator at bind -> [slot header][a0 fields][a1 fields]...
//   update: one virtual call a batch and aggregate, then a loop over rows with their slots
#include <memory>
#include <string>
#include <vector>

#include "shared/aggregate/call.hpp"
#include "shared/state.hpp"
#include "weir/batch.hpp"

namespace weir::aggregate {

/// Rows of a batch to add: rows[0 .. count-1] are physical.
struct rows_in {
  const weir::batch_view& batch;
  const std::uint32_t* rows;
  std::int64_t count;
};

/// A result as a number to order by.
struct rank {
  bool null = true;
  bool real = false;
  weir::int128 whole = 0;
  double number = 0;
  friend bool operator<(const rank& a, const rank& b) {
    if (a.null != b.null) return a.null;
    return a.real ? a.number < b.number : a.whole < b.whole;
  }
  friend bool operator==(const rank& a, const rank& b) { return !(a < b) && !(b < a); }
};

class aggregator {
 public:
  virtual ~aggregator() = default;
  /// Name and type of the result.
  [[nodiscard]] const weir::field& result() const { return result_; }
  /// The accumulator of no rows; the slot's bytes are zero before.
  virtual void begin(weir_slot*) const {}
  /// Row k goes into slots[k].
  virtual void update(const rows_in&, weir_slot* const* slots) const = 0;
  /// All rows go into one slot.
  virtual void update_one(const rows_in&, weir_slot* slot) const = 0;
  /// Adds the rows that went into from[k] to into[k]. What came later is on the right: into's rows came before.
  virtual void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const = 0;
  virtual void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const = 0;
  /// False: this result has no order.
  virtual bool ordered() const { return false; }
  virtual rank order(const weir_slot*) const { return {}; }

 protected:
  weir::field result_;
};

/// Makes the aggregator of a call; null when its state has no fixed size (count(DISTINCT), texts).
/// Throws config_error with the reason.
std::unique_ptr<aggregator> make(const call&, const weir::schema& input, weir::shared::value_layout& layout);

/// The aggregates of one operator with an accumulator of fixed size, one behind the other in a slot.
class aggregates {
 public:
  void add(std::unique_ptr<aggregator> one) { all_.push_back(std::move(one)); }
  /// After the last add: value_size as the layout has it.
  void seal(std::uint32_t value_size);
  [[nodiscard]] std::uint32_t value_size() const { return value_size_; }

  /// Gives slots that hold nothing yet the accumulator of no rows.
  void prepare(weir_slot* const* slots, std::int64_t count) const {
    for (std::int64_t k = 0; k < count; ++k)
      if (!(slots[k]->flags & WEIR_SLOT_PRESENT)) [[unlikely]]
        start(slots[k]);
  }
  void start(weir_slot* s) const;
  void update(const rows_in& in, weir_slot* const* slots) const {
    for (const auto& a : all_) a->update(in, slots);
  }
  void update_one(const rows_in& in, weir_slot* slot) const {
    for (const auto& a : all_) a->update_one(in, slot);
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const {
    for (const auto& a : all_) a->merge(into, from, count);
  }
  [[nodiscard]] const std::vector<std::unique_ptr<aggregator>>& all() const { return all_; }

 private:
  std::vector<std::unique_ptr<aggregator>> all_;
  std::vector<std::uint64_t> empty_;  // a slot that has seen no rows, header and all
  std::uint32_t value_size_ = 0;
};

}  // namespace weir::aggregate
