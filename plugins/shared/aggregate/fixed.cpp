// The loops of the aggregates whose accumulator has a fixed size.
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "shared/aggregate/aggregator.hpp"
#include "shared/columns.hpp"

namespace weir::aggregate {

namespace {

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
struct many {
  weir_slot* const* slots;
  weir_slot* operator[](std::int64_t k) const { return slots[k]; }
};
struct one {
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
    static_cast<const Self*>(this)->run(in, many{slots});
  }
  void update_one(const rows_in& in, weir_slot* slot) const override {
    static_cast<const Self*>(this)->run(in, one{slot});
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

class count_rows final : public looping<count_rows> {
 public:
  count_rows(const std::string& name, value_layout& layout) : at_{layout.add(name, weir::type::int64)} {
    result_ = {.name = name, .kind = weir::type::int64, .nullable = false};
  }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    if constexpr (std::is_same_v<Slots, one>)
      add_to<std::int64_t>(slots.slot, at_, in.count);
    else
      for (std::int64_t k = 0; k < in.count; ++k) add_to<std::int64_t>(slots[k], at_, 1);
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const override {
    for (std::int64_t k = 0; k < count; ++k) add_to(into[k], at_, load<std::int64_t>(from[k], at_));
  }
  void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const override {
    const std::int64_t size = to.size();
    to.reserve(size + count);
    for (std::int64_t k = 0; k < count; ++k) to.values<std::int64_t>()[size + k] = load<std::int64_t>(slots[k], at_);
    to.set_size(size + count);
  }
  bool ordered() const override { return true; }
  rank order(const weir_slot* s) const override { return {false, false, load<std::int64_t>(s, at_), 0}; }

 private:
  std::uint32_t at_;
};

class count_values final : public looping<count_values> {
 public:
  count_values(const std::string& name, std::size_t column, value_layout& layout)
      : column_{column}, at_{layout.add(name, weir::type::int64)} {
    result_ = {.name = name, .kind = weir::type::int64, .nullable = false};
  }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    each(in, in.batch.at(column_), slots, [&](weir_slot* s, std::uint32_t) { add_to<std::int64_t>(s, at_, 1); });
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const override {
    for (std::int64_t k = 0; k < count; ++k) add_to(into[k], at_, load<std::int64_t>(from[k], at_));
  }
  void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const override {
    for (std::int64_t k = 0; k < count; ++k) to.append(load<std::int64_t>(slots[k], at_));
  }
  bool ordered() const override { return true; }
  rank order(const weir_slot* s) const override { return {false, false, load<std::int64_t>(s, at_), 0}; }

 private:
  std::size_t column_;
  std::uint32_t at_;
};

template <class T>
rank rank_of(T v) {
  if constexpr (std::is_floating_point_v<T>)
    return {false, true, 0, static_cast<double>(v)};
  else
    return {false, false, static_cast<int128>(v), 0};
}

// Sum is the accumulator's type, T the column's.
template <class T, class Sum>
class sum_of final : public looping<sum_of<T, Sum>> {
 public:
  sum_of(const weir::field& from, std::size_t column, const std::string& name, value_layout& layout) : column_{column} {
    weir::field f{.name = name};
    if constexpr (std::is_same_v<Sum, double>)
      f.kind = weir::type::float64;
    else if constexpr (std::is_same_v<Sum, int128>)
      f.kind = weir::type::decimal128, f.precision = 38, f.scale = from.kind == weir::type::decimal128 ? from.scale : 0;
    else
      f.kind = weir::type::int64;
    f.nullable = from.nullable;
    this->result_ = f;
    at_ = layout.add(f);
    if (from.nullable) seen_ = {layout, name};
  }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    const auto c = in.batch.at(column_);
    const T* const values = c.template values<T>();
    each(in, c, slots, [&](weir_slot* s, std::uint32_t row) {
      add_to<Sum>(s, at_, static_cast<Sum>(values[row]));
      seen_.count(s);
    });
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const override {
    for (std::int64_t k = 0; k < count; ++k) {
      add_to(into[k], at_, load<Sum>(from[k], at_));
      seen_.merge(into[k], from[k]);
    }
  }
  void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const override {
    for (std::int64_t k = 0; k < count; ++k)
      if (seen_.none(slots[k]))
        to.append_null();
      else
        to.append(load<Sum>(slots[k], at_));
  }
  bool ordered() const override { return true; }
  rank order(const weir_slot* s) const override { return seen_.none(s) ? rank{} : rank_of(load<Sum>(s, at_)); }

 private:
  std::size_t column_;
  std::uint32_t at_ = 0;
  counter seen_;
};

template <class T, class Sum>
class average_of final : public looping<average_of<T, Sum>> {
 public:
  average_of(const weir::field& from, std::size_t column, const std::string& name, value_layout& layout)
      : column_{column}, scale_{from.kind == weir::type::decimal128 ? std::pow(10.0, from.scale) : 1.0} {
    weir::field f{.name = name + "_sum", .kind = weir::type::float64, .nullable = false};
    if constexpr (std::is_same_v<Sum, int128>) f.kind = weir::type::decimal128, f.precision = 38;
    if constexpr (std::is_same_v<Sum, std::int64_t>) f.kind = weir::type::int64;
    at_ = layout.add(f);
    count_at_ = layout.add(name + "_count", weir::type::int64);
    this->result_ = {.name = name, .kind = weir::type::float64, .nullable = from.nullable};
  }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    const auto c = in.batch.at(column_);
    const T* const values = c.template values<T>();
    each(in, c, slots, [&](weir_slot* s, std::uint32_t row) {
      add_to<Sum>(s, at_, static_cast<Sum>(values[row]));
      add_to<std::int64_t>(s, count_at_, 1);
    });
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const override {
    for (std::int64_t k = 0; k < count; ++k) {
      add_to(into[k], at_, load<Sum>(from[k], at_));
      add_to(into[k], count_at_, load<std::int64_t>(from[k], count_at_));
    }
  }
  void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const override {
    for (std::int64_t k = 0; k < count; ++k)
      if (load<std::int64_t>(slots[k], count_at_) == 0)
        to.append_null();
      else
        to.append(value(slots[k]));
  }
  bool ordered() const override { return true; }
  rank order(const weir_slot* s) const override {
    return load<std::int64_t>(s, count_at_) == 0 ? rank{} : rank{false, true, 0, value(s)};
  }

 private:
  double value(const weir_slot* s) const {
    return static_cast<double>(load<Sum>(s, at_)) / static_cast<double>(load<std::int64_t>(s, count_at_)) / scale_;
  }
  std::size_t column_;
  double scale_;
  std::uint32_t at_ = 0, count_at_ = 0;
};

// Whether a comes before b; NaN is the largest, as in SQL.
template <bool Max, class T>
bool better(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a)) return Max && !std::isnan(b);
    if (std::isnan(b)) return !Max;
  }
  return Max ? a > b : a < b;
}
template <bool Max, class T>
T worst() {
  if constexpr (std::is_same_v<T, int128>) {
    const auto most = static_cast<int128>(~static_cast<unsigned __int128>(0) >> 1);
    return Max ? -most - 1 : most;
  } else if constexpr (std::is_floating_point_v<T>) {
    return Max ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::quiet_NaN();
  } else {
    return Max ? std::numeric_limits<T>::lowest() : std::numeric_limits<T>::max();
  }
}

template <class T, bool Max>
class extreme final : public looping<extreme<T, Max>> {
 public:
  extreme(const weir::field& from, std::size_t column, const std::string& name, value_layout& layout)
      : column_{column} {
    this->result_ = from;
    this->result_.name = name;
    at_ = layout.add(this->result_);
    if (from.nullable) seen_ = {layout, name};
  }
  void begin(weir_slot* s) const override { store(s, at_, worst<Max, T>()); }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    const auto c = in.batch.at(column_);
    const T* const values = c.template values<T>();
    if constexpr (std::is_same_v<Slots, one>) {
      if (!c.has_nulls()) {
        T best = load<T>(slots.slot, at_);
        for (std::int64_t k = 0; k < in.count; ++k)
          best = better<Max>(values[in.rows[k]], best) ? values[in.rows[k]] : best;
        store(slots.slot, at_, best);
        if (in.count) seen_.count(slots.slot);
        return;
      }
    }
    each(in, c, slots, [&](weir_slot* s, std::uint32_t row) {
      const T best = load<T>(s, at_);
      store(s, at_, better<Max>(values[row], best) ? values[row] : best);
      seen_.count(s);
    });
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const override {
    for (std::int64_t k = 0; k < count; ++k) {
      const T a = load<T>(into[k], at_), b = load<T>(from[k], at_);
      if (better<Max>(b, a)) store(into[k], at_, b);
      seen_.merge(into[k], from[k]);
    }
  }
  void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const override {
    for (std::int64_t k = 0; k < count; ++k)
      if (seen_.none(slots[k]))
        to.append_null();
      else
        to.append(load<T>(slots[k], at_));
  }
  bool ordered() const override { return true; }
  rank order(const weir_slot* s) const override { return seen_.none(s) ? rank{} : rank_of(load<T>(s, at_)); }

 private:
  std::size_t column_;
  std::uint32_t at_ = 0;
  counter seen_;
};

// The value of the row that is best by another column, or by its event time (by_time: first and last).
// Of rows that are equally good the first that came counts, for last the last one.
template <class By, bool Max>
class best_row final : public looping<best_row<By, Max>> {
 public:
  static constexpr bool by_time = std::is_void_v<By>;
  using key = std::conditional_t<by_time, std::int64_t, By>;

  best_row(const weir::field& from, std::size_t column, const weir::field& by, std::size_t by_column,
           const std::string& name, value_layout& layout)
      : column_{column}, by_{by_column} {
    this->result_ = from;
    this->result_.name = name;
    this->result_.nullable |= by.nullable && !by_time;
    at_ = layout.add(this->result_);
    width_ = weir::shared::width_of(from);
    weir::field order = by;
    order.name = name + "_by";
    order.nullable = false;
    by_at_ = layout.add(order);
    seen_ = {layout, name};
  }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    const auto c = in.batch.at(column_);
    if constexpr (by_time) {
      const std::int64_t* const times = in.batch.raw().event_time;
      if (!times) throw weir::plugin_error{"first and last need records with an event time"};
      each(in, c, slots, [&](weir_slot* s, std::uint32_t row) { offer(s, times[row], c, row); });
    } else {
      const auto by = in.batch.at(by_);
      const By* const keys = by.template values<By>();
      each(in, c, slots, [&](weir_slot* s, std::uint32_t row) {
        if (!by.null(row)) offer(s, keys[row], c, row);
      });
    }
  }
  void merge(weir_slot* const* into, const weir_slot* const* from, std::int64_t count) const override {
    for (std::int64_t k = 0; k < count; ++k) {
      if (seen_.none(from[k])) continue;
      const key b = load<key>(from[k], by_at_);
      if (takes(into[k], b)) {
        store(into[k], by_at_, b);
        std::memcpy(in_slot(into[k], at_), in_slot(from[k], at_), width_);
      }
      seen_.merge(into[k], from[k]);
    }
  }
  void write(const weir_slot* const* slots, std::int64_t count, weir::column_writer& to) const override {
    for (std::int64_t k = 0; k < count; ++k)
      if (seen_.none(slots[k]))
        to.append_null();
      else
        weir::shared::append_bytes(to, {in_slot(slots[k], at_), width_});
  }

 private:
  bool takes(const weir_slot* s, key v) const {
    if (seen_.none(s)) return true;
    const key held = load<key>(s, by_at_);
    return better<Max>(v, held) || (by_time && Max && v == held);
  }
  void offer(weir_slot* s, key v, const weir::column_view& c, std::uint32_t row) const {
    if (takes(s, v)) {
      store(s, by_at_, v);
      char bit = 0;
      if (width_ == 8)
        std::memcpy(in_slot(s, at_), c.values<char>() + std::size_t{row} * 8, 8);
      else
        std::memcpy(in_slot(s, at_), weir::shared::bytes_of(c, row, bit).data(), width_);
    }
    seen_.count(s);
  }

  std::size_t column_, by_;
  std::uint32_t at_ = 0, width_ = 0, by_at_ = 0;
  counter seen_;
};

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
template <class T>
using sum_type =
    std::conditional_t<std::is_floating_point_v<T>, double, std::conditional_t<(sizeof(T) < 8), std::int64_t, int128>>;

std::size_t column_of(const weir::schema& input, const std::string& name) {
  const int found = input.find(name);
  if (found < 0) throw weir::config_error{"", "there is no column '" + name + "'" + input.hint(name)};
  return static_cast<std::size_t>(found);
}
[[noreturn]] void needs_numbers(const call& c, const weir::field& f) {
  throw weir::config_error{"", c.function + "(" + f.name + "): the column is " + weir::to_string(f) +
                                   ", it must be a number" +
                                   (c.function == "sum" || c.function == "avg" ? "" : ", a time, a date or a decimal")};
}

}  // namespace

void aggregates::seal(std::uint32_t value_size) {
  value_size_ = value_size;
  empty_.assign((sizeof(weir_slot) + value_size + 7) / 8, 0);
  auto* const s = reinterpret_cast<weir_slot*>(empty_.data());
  for (const auto& a : all_) a->begin(s);
}

void aggregates::start(weir_slot* s) const {
  std::memcpy(in_slot(s, sizeof(weir_slot)), empty_.data() + 1, value_size_);
  s->flags |= WEIR_SLOT_PRESENT;
}

std::unique_ptr<aggregator> make(const call& c, const weir::schema& input, value_layout& layout) {
  const auto wants = [&](std::size_t n) {
    if (c.arguments.size() != n)
      throw weir::config_error{"", c.function + " takes " + std::to_string(n) + (n == 1 ? " column" : " columns")};
  };
  if (c.distinct) return nullptr;
  std::unique_ptr<aggregator> out;
  if (c.function == "count") {
    if (c.arguments.empty()) return std::make_unique<count_rows>(c.name, layout);
    wants(1);
    return std::make_unique<count_values>(c.name, column_of(input, c.arguments[0]), layout);
  }
  if (c.function == "sum" || c.function == "avg") {
    wants(1);
    const std::size_t i = column_of(input, c.arguments[0]);
    const weir::field& f = input[i];
    const bool time = f.kind == weir::type::timestamp || f.kind == weir::type::date32;
    if (time || !with_number(f, [&]<class T>(T) {
          if (c.function == "sum")
            out = std::make_unique<sum_of<T, sum_type<T>>>(f, i, c.name, layout);
          else
            out = std::make_unique<average_of<T, sum_type<T>>>(f, i, c.name, layout);
        }))
      needs_numbers(c, f);
    return out;
  }
  if (c.function == "min" || c.function == "max") {
    wants(1);
    const std::size_t i = column_of(input, c.arguments[0]);
    const weir::field& f = input[i];
    if (weir::shared::is_text(f)) return nullptr;
    if (!with_number(f, [&]<class T>(T) {
          if (c.function == "max")
            out = std::make_unique<extreme<T, true>>(f, i, c.name, layout);
          else
            out = std::make_unique<extreme<T, false>>(f, i, c.name, layout);
        }))
      needs_numbers(c, f);
    return out;
  }
  if (c.function == "first" || c.function == "last") {
    wants(1);
    const std::size_t i = column_of(input, c.arguments[0]);
    const weir::field& f = input[i];
    if (!weir::shared::is_flat(f))
      throw weir::config_error{
          "", c.function + "(" + f.name + "): the column is " + weir::to_string(f) + ", which no aggregate keeps"};
    if (weir::shared::is_text(f)) return nullptr;
    const weir::field time{.name = "time", .kind = weir::type::timestamp, .nullable = false};
    if (c.function == "last")
      out = std::make_unique<best_row<void, true>>(f, i, time, 0, c.name, layout);
    else
      out = std::make_unique<best_row<void, false>>(f, i, time, 0, c.name, layout);
    return out;
  }
  if (c.function == "arg_max" || c.function == "arg_min") {
    wants(2);
    const std::size_t i = column_of(input, c.arguments[0]), by = column_of(input, c.arguments[1]);
    const weir::field &f = input[i], &order = input[by];
    if (!weir::shared::is_flat(f))
      throw weir::config_error{
          "", c.function + ": column '" + f.name + "' is " + weir::to_string(f) + ", which no aggregate keeps"};
    if (weir::shared::is_text(f)) return nullptr;
    if (!with_number(order, [&]<class T>(T) {
          if (c.function == "arg_max")
            out = std::make_unique<best_row<T, true>>(f, i, order, by, c.name, layout);
          else
            out = std::make_unique<best_row<T, false>>(f, i, order, by, c.name, layout);
        }))
      needs_numbers(c, order);
    return out;
  }
  static const std::vector<std::string_view> known{"count", "sum",  "avg",     "min",    "max",
                                                   "first", "last", "arg_max", "arg_min"};
  throw weir::config_error{
      "", "there is no aggregate '" + c.function + "'" + weir::detail::hint(c.function, known, "there are")};
}

}  // namespace weir::aggregate
