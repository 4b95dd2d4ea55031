#pragma once
// What the loops of aggregates are made of: numbers in slots, rows with their slots, types picked once a pipeline.
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>

#include "shared/aggregate/aggregator.hpp"
#include "shared/columns.hpp"

namespace weir::aggregate {

using weir::int128;
using weir::shared::in_slot;
using weir::shared::value_layout;

template <class T>
T load(const weir_slot* s, std::uint32_t at) {
  T v;
  std::memcpy(&v, in_slot(s, at), sizeof v);
  return v;
}
template <class T>
void store(weir_slot* s, std::uint32_t at, T v) {
  std::memcpy(in_slot(s, at), &v, sizeof v);
}
template <class T>
void add_to(weir_slot* s, std::uint32_t at, T v) {
  store<T>(s, at, static_cast<T>(load<T>(s, at) + v));
}

// The slots that rows go into: one each, or the same for all.
struct many_slots {
  weir_slot* const* slots;
  weir_slot* operator[](std::int64_t k) const { return slots[k]; }
};
struct one_slot {
  weir_slot* slot;
  weir_slot* operator[](std::int64_t) const { return slot; }
};

// f(slot, row) for the rows where the column is not null.
template <class Slots, class F>
void each(const rows_in& in, const weir::column_view& c, Slots slots, F f) {
  const std::uint32_t* const rows = in.rows;
  if (!c.has_nulls()) {
    for (std::int64_t k = 0; k < in.count; ++k) f(slots[k], rows[k]);
  } else {
    for (std::int64_t k = 0; k < in.count; ++k)
      if (!c.null(rows[k])) f(slots[k], rows[k]);
  }
}

// Gives a class both updates out of one template run(in, slots).
template <class Self>
class looping : public aggregator {
 public:
  void update(const rows_in& in, weir_slot* const* slots) const override {
    static_cast<const Self*>(this)->run(in, many_slots{slots});
  }
  void update_one(const rows_in& in, weir_slot* slot) const override {
    static_cast<const Self*>(this)->run(in, one_slot{slot});
  }
};

// How many values went in; only kept where a result can be null.
class counter {
 public:
  counter() = default;
  counter(value_layout& layout, const std::string& name) : at_{layout.add(name + "_count", weir::type::int64)} {}
  void count(weir_slot* s) const {
    if (at_) add_to<std::int64_t>(s, at_, 1);
  }
  void merge(weir_slot* into, const weir_slot* from) const {
    if (at_) add_to(into, at_, load<std::int64_t>(from, at_));
  }
  [[nodiscard]] bool none(const weir_slot* s) const { return at_ && load<std::int64_t>(s, at_) == 0; }

 private:
  std::uint32_t at_ = 0;
};

template <class T>
rank rank_of(T v) {
  if constexpr (std::is_floating_point_v<T>)
    return {false, true, 0, static_cast<double>(v)};
  else
    return {false, false, static_cast<int128>(v), 0};
}

// f(T{}) with the type that a column of numbers, times, dates or decimals stores; false: it is none of these.
template <class F>
bool with_number(const weir::field& f, F&& go) {
  using weir::type;
  switch (f.kind) {
    case type::int8:
      return go(std::int8_t{}), true;
    case type::int16:
      return go(std::int16_t{}), true;
    case type::int32:
    case type::date32:
      return go(std::int32_t{}), true;
    case type::int64:
    case type::timestamp:
      return go(std::int64_t{}), true;
    case type::uint8:
      return go(std::uint8_t{}), true;
    case type::uint16:
      return go(std::uint16_t{}), true;
    case type::uint32:
      return go(std::uint32_t{}), true;
    case type::uint64:
      return go(std::uint64_t{}), true;
    case type::float32:
      return go(float{}), true;
    case type::float64:
      return go(double{}), true;
    case type::decimal128:
      return go(int128{}), true;
    default:
      return false;
  }
}

inline std::size_t column_of(const weir::schema& input, const std::string& name) {
  const int found = input.find(name);
  if (found < 0) throw weir::config_error{"", "there is no column '" + name + "'" + input.hint(name)};
  return static_cast<std::size_t>(found);
}
[[noreturn]] inline void needs_numbers(const call& c, const weir::field& f) {
  throw weir::config_error{"", c.function + "(" + f.name + "): the column is " + weir::to_string(f) +
                                   ", it must be a number" +
                                   (c.function == "sum" || c.function == "avg" ? "" : ", a time, a date or a decimal")};
}

/// The makers of each family; null: the column has no type of theirs, or its values no fixed size.
std::unique_ptr<aggregator> make_count(const call& c, const weir::schema& input, value_layout& layout);
std::unique_ptr<aggregator> make_sum(const call& c, const weir::schema& input, value_layout& layout);
std::unique_ptr<aggregator> make_extreme(const call& c, const weir::schema& input, value_layout& layout);
std::unique_ptr<aggregator> make_best_row(const call& c, const weir::schema& input, value_layout& layout);

}  // namespace weir::aggregate
