// count, sum, avg.
#include "shared/aggregate/loops.hpp"

namespace weir::aggregate {

namespace {

class count_rows final : public looping<count_rows> {
 public:
  count_rows(const std::string& name, value_layout& layout) : at_{layout.add(name, weir::type::int64)} {
    result_ = {.name = name, .kind = weir::type::int64, .nullable = false};
  }
  template <class Slots>
  void run(const rows_in& in, Slots slots) const {
    if constexpr (std::is_same_v<Slots, one_slot>)
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

template <class T>
using sum_type =
    std::conditional_t<std::is_floating_point_v<T>, double, std::conditional_t<(sizeof(T) < 8), std::int64_t, int128>>;

}  // namespace

std::unique_ptr<aggregator> make_count(const call& c, const weir::schema& input, value_layout& layout) {
  if (c.arguments.empty()) return std::make_unique<count_rows>(c.name, layout);
  return std::make_unique<count_values>(c.name, column_of(input, c.arguments[0]), layout);
}

std::unique_ptr<aggregator> make_sum(const call& c, const weir::schema& input, value_layout& layout) {
  const std::size_t i = column_of(input, c.arguments[0]);
  const weir::field& f = input[i];
  if (f.kind == weir::type::timestamp || f.kind == weir::type::date32) needs_numbers(c, f);
  std::unique_ptr<aggregator> out;
  if (!with_number(f, [&]<class T>(T) {
        if (c.function == "sum")
          out = std::make_unique<sum_of<T, sum_type<T>>>(f, i, c.name, layout);
        else
          out = std::make_unique<average_of<T, sum_type<T>>>(f, i, c.name, layout);
      }))
    needs_numbers(c, f);
  return out;
}

}  // namespace weir::aggregate
