#include "time_math.hpp"

#include "functions.hpp"
#include "map.hpp"
#include "time_text.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

// A month further on or back, with the day kept as far as that month has it.
bool add_months(std::int64_t micros, std::int64_t months, std::int64_t& out) {
  civil c = civil_of(day_of(micros));
  const std::int64_t total = static_cast<std::int64_t>(c.year) * 12 + (c.month - 1) + months;
  const std::int64_t year = total >= 0 ? total / 12 : -((11 - total) / 12);
  if (year < -290'000 || year > 294'000) return false;
  c.month = static_cast<std::int32_t>(total - year * 12) + 1;
  c.year = static_cast<std::int32_t>(year);
  c.day = std::min(c.day, days_in_month(c.year, c.month));
  std::int64_t days = 0;
  return !__builtin_mul_overflow(days_of(c), micros_per_day, &days) &&
         !__builtin_add_overflow(days, time_of(micros), &out);
}

template <bool Back>
std::int64_t shifted(call& c, std::int64_t t, span s) {
  constexpr std::int64_t sign = Back ? -1 : 1;
  std::int64_t out = t, part = 0;
  bool bad = s.months && !add_months(out, sign * s.months, out);
  bad = bad || __builtin_mul_overflow(sign * s.days, micros_per_day, &part) || __builtin_add_overflow(out, part, &out);
  bad = bad || __builtin_mul_overflow(sign, s.micros, &part) || __builtin_add_overflow(out, part, &out);
  if (bad) {
    std::string why = "overflow of timestamp: ";
    append_timestamp(why, t);
    why += Back ? " - " : " + ";
    append_interval(why, s);
    c.fail(std::move(why));
    return t;
  }
  return out;
}

span between(call& c, std::int64_t a, std::int64_t b) {
  std::int64_t d = 0;
  if (__builtin_sub_overflow(a, b, &d)) c.fail("overflow of interval: the timestamps are too far apart");
  return {0, static_cast<std::int32_t>(d / micros_per_day), d % micros_per_day};
}

template <bool Back>
std::int32_t date_shifted(call& c, std::int32_t d, std::int32_t n) {
  std::int32_t out = 0;
  if (Back ? __builtin_sub_overflow(d, n, &out) : __builtin_add_overflow(d, n, &out)) c.fail("overflow of date");
  return out;
}
std::int64_t days_between(call&, std::int32_t a, std::int32_t b) { return static_cast<std::int64_t>(a) - b; }

template <bool Back>
span interval_sum(call& c, span a, span b) {
  span out{0, 0, 0};
  const bool bad = Back ? __builtin_sub_overflow(a.months, b.months, &out.months) |
                              __builtin_sub_overflow(a.days, b.days, &out.days) |
                              __builtin_sub_overflow(a.micros, b.micros, &out.micros)
                        : __builtin_add_overflow(a.months, b.months, &out.months) |
                              __builtin_add_overflow(a.days, b.days, &out.days) |
                              __builtin_add_overflow(a.micros, b.micros, &out.micros);
  if (bad) c.fail("overflow of interval");
  return out;
}
span interval_product(call& c, span a, std::int64_t n) {
  span out{0, 0, 0};
  if (__builtin_mul_overflow(a.months, n, &out.months) | __builtin_mul_overflow(a.days, n, &out.days) |
      __builtin_mul_overflow(a.micros, n, &out.micros))
    c.fail("overflow of interval");
  return out;
}

template <class... A>
std::vector<node_ptr> list(A... a) {
  std::vector<node_ptr> out;
  (out.push_back(std::move(a)), ...);
  return out;
}

class interval_of_node final : public node {
 public:
  interval_of_node(node_ptr amount, std::string unit) : node{kind::interval}, unit_{std::move(unit)} {
    add(std::move(amount));
    can_fail = true;
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<std::int64_t>();
    auto* out = f.scratch<span>(slot);
    const span one = *interval_of(1, unit_);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = {0, 0, 0};
      if (!c.is_valid(i)) return;
      if (__builtin_mul_overflow(one.months, a[i], &out[i].months) |
          __builtin_mul_overflow(one.days, a[i], &out[i].days) |
          __builtin_mul_overflow(one.micros, a[i], &out[i].micros))
        f.fail(i, "overflow of interval: " + std::to_string(a[i]) + " " + unit_);
    });
    return {out, c.valid};
  }

 private:
  std::string unit_;
};

}  // namespace

node_ptr make_timestamp_shift(node_ptr timestamp, node_ptr interval, bool back) {
  auto args = list(std::move(timestamp), std::move(interval));
  return back ? make_mapped<shifted<true>>(kind::timestamp, std::move(args), true, false)
              : make_mapped<shifted<false>>(kind::timestamp, std::move(args), true, false);
}
node_ptr make_timestamp_difference(node_ptr a, node_ptr b) {
  return make_mapped<between>(kind::interval, list(std::move(a), std::move(b)), true, false);
}
node_ptr make_date_shift(node_ptr date, node_ptr days, bool back) {
  auto args = list(std::move(date), std::move(days));
  return back ? make_mapped<date_shifted<true>>(kind::date, std::move(args), true, false)
              : make_mapped<date_shifted<false>>(kind::date, std::move(args), true, false);
}
node_ptr make_date_difference(node_ptr a, node_ptr b) {
  return make_mapped<days_between>(kind::int64, list(std::move(a), std::move(b)), false, false);
}
node_ptr make_interval_sum(node_ptr a, node_ptr b, bool back) {
  auto args = list(std::move(a), std::move(b));
  return back ? make_mapped<interval_sum<true>>(kind::interval, std::move(args), true, false)
              : make_mapped<interval_sum<false>>(kind::interval, std::move(args), true, false);
}
node_ptr make_interval_product(node_ptr interval, node_ptr factor) {
  return make_mapped<interval_product>(kind::interval, list(std::move(interval), std::move(factor)), true, false);
}
node_ptr make_interval_of(node_ptr amount, std::string_view unit) {
  if (!interval_of(1, unit)) return nullptr;
  return std::make_unique<interval_of_node>(std::move(amount), std::string{unit});
}

}  // namespace weir::expression
