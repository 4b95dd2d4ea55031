// min, max, first, last, arg_min, arg_max.
#include "shared/aggregate/loops.hpp"

namespace weir::aggregate {

namespace {

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
    if constexpr (std::is_same_v<Slots, one_slot>) {
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

}  // namespace

std::unique_ptr<aggregator> make_extreme(const call& c, const weir::schema& input, value_layout& layout) {
  const std::size_t i = column_of(input, c.arguments[0]);
  const weir::field& f = input[i];
  if (weir::shared::is_text(f)) return nullptr;
  std::unique_ptr<aggregator> out;
  if (!with_number(f, [&]<class T>(T) {
        if (c.function == "max")
          out = std::make_unique<extreme<T, true>>(f, i, c.name, layout);
        else
          out = std::make_unique<extreme<T, false>>(f, i, c.name, layout);
      }))
    needs_numbers(c, f);
  return out;
}

std::unique_ptr<aggregator> make_best_row(const call& c, const weir::schema& input, value_layout& layout) {
  const std::size_t i = column_of(input, c.arguments[0]);
  const weir::field& f = input[i];
  if (!weir::shared::width_of(f)) {
    if (c.arguments.size() > 1) column_of(input, c.arguments[1]);
    return nullptr;
  }
  std::unique_ptr<aggregator> out;
  if (c.function == "first" || c.function == "last") {
    const weir::field time{.name = "time", .kind = weir::type::timestamp, .nullable = false};
    if (c.function == "last")
      out = std::make_unique<best_row<void, true>>(f, i, time, 0, c.name, layout);
    else
      out = std::make_unique<best_row<void, false>>(f, i, time, 0, c.name, layout);
    return out;
  }
  const std::size_t by = column_of(input, c.arguments[1]);
  const weir::field& order = input[by];
  if (weir::shared::is_text(order)) return nullptr;
  if (!with_number(order, [&]<class T>(T) {
        if (c.function == "arg_max")
          out = std::make_unique<best_row<T, true>>(f, i, order, by, c.name, layout);
        else
          out = std::make_unique<best_row<T, false>>(f, i, order, by, c.name, layout);
      }))
    needs_numbers(c, order);
  return out;
}

}  // namespace weir::aggregate
