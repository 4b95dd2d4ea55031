// Functions of dates, timestamps and intervals.
#include <cmath>

#include "calendar.hpp"
#include "cast.hpp"
#include "constant.hpp"
#include "functions.hpp"
#include "map.hpp"
#include "source.hpp"
#include "strftime.hpp"
#include "time_math.hpp"
#include "time_parts.hpp"
#include "time_text.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

using micros = std::int64_t;

// ---- epochs

double epoch(call&, micros t) { return static_cast<double>(t) / 1e6; }
std::int64_t epoch_ms(call&, micros t) { return floor_div(t, 1000); }
std::int64_t epoch_us(call&, micros t) { return t; }
std::int64_t epoch_ns(call& c, micros t) {
  std::int64_t out = 0;
  if (__builtin_mul_overflow(t, std::int64_t{1000}, &out)) c.fail("overflow of int64: nanoseconds of this timestamp");
  return out;
}
micros interval_micros(span s, double year_days) {
  const double days = s.months / 12 * year_days + s.months % 12 * 30.0 + s.days;
  return static_cast<micros>(days * static_cast<double>(micros_per_day)) + s.micros;
}
double interval_epoch(call&, span s) { return static_cast<double>(interval_micros(s, 365.25)) / 1e6; }
std::int64_t interval_us(call& c, span s) {
  const int128 v = (static_cast<int128>(s.months) * 30 + s.days) * micros_per_day + s.micros;
  if (static_cast<int128>(static_cast<std::int64_t>(v)) != v)
    c.fail("overflow of int64: microseconds of this interval");
  return static_cast<std::int64_t>(v);
}
std::int64_t interval_ms(call& c, span s) { return interval_us(c, s) / 1000; }

micros from_ms(call& c, std::int64_t v) {
  micros out = 0;
  if (__builtin_mul_overflow(v, std::int64_t{1000}, &out))
    c.fail("overflow of timestamp: " + std::to_string(v) + " ms");
  return out;
}
micros from_us(call&, std::int64_t v) { return v; }
micros from_seconds(call& c, double v) {
  const double us = std::nearbyint(v * 1e6);
  if (!(us > -9.2e18 && us < 9.2e18)) {
    c.fail("overflow of timestamp: " + std::to_string(v) + " s");
    return 0;
  }
  return static_cast<micros>(us);
}
std::int32_t make_date(call& c, std::int64_t y, std::int64_t m, std::int64_t d) {
  if (y < -290'000 || y > 290'000 || m < 1 || m > 12 || d < 1 ||
      d > days_in_month(static_cast<std::int32_t>(y), static_cast<std::int32_t>(m))) {
    c.fail("there is no date " + std::to_string(y) + "-" + std::to_string(m) + "-" + std::to_string(d));
    return 0;
  }
  return static_cast<std::int32_t>(
      days_of({static_cast<std::int32_t>(y), static_cast<std::int32_t>(m), static_cast<std::int32_t>(d)}));
}
std::int32_t last_day(call&, micros t) {
  civil c = date_of(t);
  c.day = days_in_month(c.year, c.month);
  return static_cast<std::int32_t>(days_of(c));
}
text_ref text_of(std::string_view v) { return {v.data(), v.size()}; }
text_ref day_name(call&, micros t) { return text_of(day_names[weekday(day_of(t))]); }
text_ref month_name(call&, micros t) { return text_of(month_names[date_of(t).month - 1]); }

// A time in buckets of one width; buckets begin at 2000-01-03 (a Monday), those of months at 2000-01-01.
class bucket_node final : public node {
 public:
  bucket_node(span width, node_ptr t)
      : node{kind::timestamp}, months_{width.months}, micros_{width.days * micros_per_day + width.micros} {
    add(std::move(t));
    can_fail = true;
  }
  column eval(frame& f, row_set rows) const override {
    constexpr micros monday = 10'959 * micros_per_day;
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<micros>();
    auto* out = f.scratch<micros>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = 0;
      if (!c.is_valid(i)) return;
      if (months_) {
        const civil d = date_of(a[i]);
        const std::int64_t m =
            floor_div((static_cast<std::int64_t>(d.year) - 2000) * 12 + d.month - 1, months_) * months_;
        const std::int64_t y = floor_div(m, 12);
        out[i] = days_of({static_cast<std::int32_t>(2000 + y), static_cast<std::int32_t>(m - y * 12) + 1, 1}) *
                 micros_per_day;
        return;
      }
      micros from = 0;
      if (__builtin_sub_overflow(a[i], monday, &from)) {
        f.fail(i, "overflow of timestamp");
        return;
      }
      out[i] = floor_div(from, micros_) * micros_ + monday;
    });
    return {out, c.valid};
  }

 private:
  std::int64_t months_;
  micros micros_;
};

// ---- binding

void as_time(invocation& c, std::size_t i) {
  if (c.is(i) == kind::interval || is_number(c.is(i)))
    c.wrong(i, "needs a timestamp or a date, not " + name(c.args[i]->result));
  c.as(i, kind::timestamp);
}

part known_part(invocation& c, std::string_view what) {
  std::string word = c.constant_text(0, what);
  for (char& ch : word) ch = ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch + 32) : ch;
  const part* p = part_named(word);
  if (!p)
    c.wrong(0, "there is no unit '" + word +
                   "': microsecond, millisecond, second, minute, hour, day, week, month, quarter, year, decade, "
                   "century, millennium");
  return *p;
}

std::vector<node_ptr> only(node_ptr a) {
  std::vector<node_ptr> out;
  out.push_back(std::move(a));
  return out;
}

node_ptr bind_part(invocation& c) {
  const std::string word = c.constant_text(0, "the part");
  if (word == "epoch") {
    if (c.is(1) == kind::interval) return make_mapped<interval_epoch>(kind::float64, only(std::move(c.args[1])));
    as_time(c, 1);
    return make_mapped<epoch>(kind::float64, only(std::move(c.args[1])));
  }
  const part p = known_part(c, "the part");
  if (c.is(1) == kind::interval) {
    if (p != part::year && p != part::month && p != part::day && p > part::hour)
      c.wrong(0, "an interval has no '" + word + "'");
  } else {
    as_time(c, 1);
  }
  return make_part(p, std::move(c.args[1]));
}

template <part P>
node_ptr bind_one_part(invocation& c) {
  if (c.is(0) != kind::interval) as_time(c, 0);
  return make_part(P, std::move(c.args[0]));
}

node_ptr bind_trunc(invocation& c) {
  const part p = known_part(c, "the unit");
  if (!is_unit(p)) c.wrong(0, "cannot truncate to this unit");
  as_time(c, 1);
  return make_trunc(p, std::move(c.args[1]));
}

node_ptr bind_diff(invocation& c) {
  const part p = known_part(c, "the unit");
  if (!is_unit(p)) c.wrong(0, "cannot count in this unit");
  as_time(c, 1);
  as_time(c, 2);
  return make_difference(p, std::move(c.args[1]), std::move(c.args[2]));
}

template <auto OfTime, auto OfInterval, auto FromNumber>
node_ptr bind_epoch(invocation& c, kind t) {
  if (c.is(0) == kind::interval) return make_mapped<OfInterval>(t, std::move(c.args), true);
  if (is_integer(c.is(0))) {
    c.as(0, kind::int64);
    return make_mapped<FromNumber>(kind::timestamp, std::move(c.args), true, false);
  }
  as_time(c, 0);
  return make_mapped<OfTime>(t, std::move(c.args), false, false);
}

template <auto Fn>
node_ptr bind_of_time(invocation& c, kind t, bool fails) {
  as_time(c, 0);
  return make_mapped<Fn>(t, std::move(c.args), fails);
}

node_ptr bind_strftime(invocation& c) {
  as_time(c, 0);
  std::string format = c.constant_text(1, "the format");
  if (std::string why = wrong_format(format); !why.empty()) c.wrong(1, std::move(why));
  return make_strftime(std::move(c.args[0]), std::move(format));
}

node_ptr bind_bucket(invocation& c) {
  if (c.is(0) != kind::interval) c.as(0, kind::interval);
  const constant* k = constant_of(*c.args[0]);
  if (!k || k->value.null) c.wrong(0, "needs a constant interval as its width");
  const span w = k->value.interval;
  const bool months = w.months > 0 && w.days == 0 && w.micros == 0;
  if (!months && !(w.months == 0 && w.days * micros_per_day + w.micros > 0))
    c.wrong(0, "needs a width of either months or days and less, larger than 0");
  as_time(c, 1);
  return std::make_unique<bucket_node>(w, std::move(c.args[1]));
}

node_ptr bind_interval(invocation& c) {
  c.as(0, kind::int64);
  const std::string unit = c.constant_text(1, "the unit");
  node_ptr n = make_interval_of(std::move(c.args[0]), unit);
  if (!n) c.wrong(1, "there is no unit '" + unit + "'");
  return n;
}
node_ptr bind_to_unit(invocation& c) {
  c.as(0, kind::int64);
  return make_interval_of(std::move(c.args[0]), c.name().substr(3));  // to_days -> days
}

constexpr function time_table[]{
    {"event_time", 0, 0, "event_time()", [](invocation&) { return make_event_time(); }},
    {"date_part", 2, 2, "date_part('part', timestamp)", bind_part},
    {"extract", 2, 2, "extract(part FROM timestamp)", bind_part},
    {"date_trunc", 2, 2, "date_trunc('unit', timestamp)", bind_trunc},
    {"date_diff", 3, 3, "date_diff('unit', from, to)", bind_diff},
    {"datediff", 3, 3, "datediff('unit', from, to)", bind_diff},
    {"year", 1, 1, "year(timestamp)", bind_one_part<part::year>},
    {"month", 1, 1, "month(timestamp)", bind_one_part<part::month>},
    {"day", 1, 1, "day(timestamp)", bind_one_part<part::day>},
    {"hour", 1, 1, "hour(timestamp)", bind_one_part<part::hour>},
    {"minute", 1, 1, "minute(timestamp)", bind_one_part<part::minute>},
    {"second", 1, 1, "second(timestamp)", bind_one_part<part::second>},
    {"epoch", 1, 1, "epoch(timestamp)",
     [](invocation& c) {
       if (c.is(0) == kind::interval) return make_mapped<interval_epoch>(kind::float64, std::move(c.args));
       as_time(c, 0);
       return make_mapped<epoch>(kind::float64, std::move(c.args));
     }},
    {"epoch_ms", 1, 1, "epoch_ms(timestamp) or epoch_ms(milliseconds)",
     [](invocation& c) { return bind_epoch<epoch_ms, interval_ms, from_ms>(c, kind::int64); }},
    {"epoch_us", 1, 1, "epoch_us(timestamp)",
     [](invocation& c) { return bind_epoch<epoch_us, interval_us, from_us>(c, kind::int64); }},
    {"epoch_ns", 1, 1, "epoch_ns(timestamp)",
     [](invocation& c) { return bind_of_time<epoch_ns>(c, kind::int64, true); }},
    {"to_timestamp", 1, 1, "to_timestamp(seconds)",
     [](invocation& c) {
       c.as(0, kind::float64);
       return make_mapped<from_seconds>(kind::timestamp, std::move(c.args), true);
     }},
    {"make_timestamp", 1, 1, "make_timestamp(microseconds)",
     [](invocation& c) {
       c.as(0, kind::int64);
       return make_mapped<from_us>(kind::timestamp, std::move(c.args));
     }},
    {"make_date", 3, 3, "make_date(year, month, day)",
     [](invocation& c) {
       c.all_as(kind::int64);
       return make_mapped<make_date>(kind::date, std::move(c.args), true);
     }},
    {"last_day", 1, 1, "last_day(timestamp)",
     [](invocation& c) { return bind_of_time<last_day>(c, kind::date, false); }},
    {"dayname", 1, 1, "dayname(timestamp)", [](invocation& c) { return bind_of_time<day_name>(c, kind::text, false); }},
    {"monthname", 1, 1, "monthname(timestamp)",
     [](invocation& c) { return bind_of_time<month_name>(c, kind::text, false); }},
    {"strftime", 2, 2, "strftime(timestamp, 'format')", bind_strftime},
    {"time_bucket", 2, 2, "time_bucket(interval, timestamp)", bind_bucket},
    {"interval", 2, 2, "INTERVAL (number) UNIT", bind_interval},
    {"to_years", 1, 1, "to_years(number)", bind_to_unit},
    {"to_months", 1, 1, "to_months(number)", bind_to_unit},
    {"to_weeks", 1, 1, "to_weeks(number)", bind_to_unit},
    {"to_days", 1, 1, "to_days(number)", bind_to_unit},
    {"to_hours", 1, 1, "to_hours(number)", bind_to_unit},
    {"to_minutes", 1, 1, "to_minutes(number)", bind_to_unit},
    {"to_seconds", 1, 1, "to_seconds(number)", bind_to_unit},
    {"to_milliseconds", 1, 1, "to_milliseconds(number)", bind_to_unit},
    {"to_microseconds", 1, 1, "to_microseconds(number)", bind_to_unit},
};

}  // namespace

std::span<const function> time_functions() { return time_table; }

}  // namespace weir::expression
