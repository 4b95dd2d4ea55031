// Functions of dates, timestamps and intervals.
#include <cmath>
#include <cstdio>

#include "cast.hpp"
#include "constant.hpp"
#include "functions.hpp"
#include "map.hpp"
#include "source.hpp"
#include "time_math.hpp"
#include "time_text.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

using micros = std::int64_t;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }
civil date_of(micros t) { return civil_of(day_of(t)); }
// Monday is 0.
std::int64_t weekday(std::int64_t days) {
  const std::int64_t w = (days + 3) % 7;
  return w < 0 ? w + 7 : w;
}
// ISO 8601: the week belongs to the year that has its Thursday.
std::int64_t iso_year(std::int64_t days) { return civil_of(days - weekday(days) + 3).year; }
std::int64_t iso_week(std::int64_t days) {
  const std::int64_t thursday = days - weekday(days) + 3;
  return (thursday - days_of({civil_of(thursday).year, 1, 1})) / 7 + 1;
}
std::int64_t day_of_year(std::int64_t days) { return days - days_of({civil_of(days).year, 1, 1}) + 1; }

// ---- parts

enum class part : std::uint8_t {
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  dow,
  isodow,
  doy,
  week,
  isoyear,
  month,
  quarter,
  year,
  decade,
  century,
  millennium
};

constexpr std::pair<std::string_view, part> part_names[]{{"microsecond", part::microsecond},
                                                         {"microseconds", part::microsecond},
                                                         {"us", part::microsecond},
                                                         {"millisecond", part::millisecond},
                                                         {"milliseconds", part::millisecond},
                                                         {"ms", part::millisecond},
                                                         {"second", part::second},
                                                         {"seconds", part::second},
                                                         {"minute", part::minute},
                                                         {"minutes", part::minute},
                                                         {"hour", part::hour},
                                                         {"hours", part::hour},
                                                         {"day", part::day},
                                                         {"days", part::day},
                                                         {"dow", part::dow},
                                                         {"dayofweek", part::dow},
                                                         {"isodow", part::isodow},
                                                         {"doy", part::doy},
                                                         {"dayofyear", part::doy},
                                                         {"week", part::week},
                                                         {"weeks", part::week},
                                                         {"isoyear", part::isoyear},
                                                         {"month", part::month},
                                                         {"months", part::month},
                                                         {"quarter", part::quarter},
                                                         {"quarters", part::quarter},
                                                         {"year", part::year},
                                                         {"years", part::year},
                                                         {"decade", part::decade},
                                                         {"decades", part::decade},
                                                         {"century", part::century},
                                                         {"centuries", part::century},
                                                         {"millennium", part::millennium},
                                                         {"millennia", part::millennium}};

const part* part_named(std::string_view word) {
  for (const auto& [n, p] : part_names)
    if (n == word) return &p;
  return nullptr;
}

// The part (or unit) is the same for all rows: it is a parameter of the step.
std::int64_t part_of(part p, micros t) {
  const std::int64_t time = time_of(t);
  switch (p) {
    case part::microsecond:
      return time % (60 * micros_per_second);
    case part::millisecond:
      return time % (60 * micros_per_second) / 1000;
    case part::second:
      return time / micros_per_second % 60;
    case part::minute:
      return time / (60 * micros_per_second) % 60;
    case part::hour:
      return time / (3600 * micros_per_second);
    default:
      break;
  }
  const std::int64_t days = day_of(t);
  switch (p) {
    case part::dow:
      return (weekday(days) + 1) % 7;
    case part::isodow:
      return weekday(days) + 1;
    case part::doy:
      return day_of_year(days);
    case part::week:
      return iso_week(days);
    case part::isoyear:
      return iso_year(days);
    default:
      break;
  }
  const civil c = civil_of(days);
  switch (p) {
    case part::day:
      return c.day;
    case part::month:
      return c.month;
    case part::quarter:
      return (c.month - 1) / 3 + 1;
    case part::decade:
      return c.year / 10;
    case part::century:
      return c.year > 0 ? (c.year - 1) / 100 + 1 : -(c.year / -100) - 1;
    case part::millennium:
      return c.year > 0 ? (c.year - 1) / 1000 + 1 : -(c.year / -1000) - 1;
    default:
      return c.year;
  }
}

std::int64_t part_of_interval(part p, const span& s) {
  switch (p) {
    case part::year:
      return s.months / 12;
    case part::month:
      return s.months % 12;
    case part::day:
      return s.days;
    case part::hour:
      return s.micros / (3600 * micros_per_second);
    case part::minute:
      return s.micros / (60 * micros_per_second) % 60;
    case part::second:
      return s.micros / micros_per_second % 60;
    case part::millisecond:
      return s.micros % (60 * micros_per_second) / 1000;
    default:
      return s.micros % (60 * micros_per_second);
  }
}

// Units that are so many microseconds; 0: the others.
constexpr std::int64_t length_of_unit(part p) {
  switch (p) {
    case part::microsecond:
      return 1;
    case part::millisecond:
      return 1000;
    case part::second:
      return micros_per_second;
    case part::minute:
      return 60 * micros_per_second;
    case part::hour:
      return 3600 * micros_per_second;
    case part::day:
      return micros_per_day;
    default:
      return 0;
  }
}

// The day that a longer unit begins with.
std::int64_t first_day(part p, std::int64_t days) {
  const civil d = civil_of(days);
  auto year = [&](int unit) { return days_of({static_cast<std::int32_t>(floor_div(d.year, unit) * unit), 1, 1}); };
  switch (p) {
    case part::week:
      return days - weekday(days);
    case part::month:
      return days_of({d.year, d.month, 1});
    case part::quarter:
      return days_of({d.year, (d.month - 1) / 3 * 3 + 1, 1});
    case part::decade:
      return year(10);
    case part::century:
      return year(100);
    case part::millennium:
      return year(1000);
    default:
      return year(1);
  }
}

// How many boundaries of a longer unit lie between two days.
std::int64_t boundaries(part p, std::int64_t a, std::int64_t b) {
  const civil x = civil_of(a), y = civil_of(b);
  switch (p) {
    case part::week:
      return ((b - weekday(b)) - (a - weekday(a))) / 7;
    case part::month:
      return (y.year - x.year) * 12 + y.month - x.month;
    case part::quarter:
      return (y.year - x.year) * 4 + (y.month - 1) / 3 - (x.month - 1) / 3;
    case part::decade:
      return y.year / 10 - x.year / 10;
    case part::century:
      return y.year / 100 - x.year / 100;
    case part::millennium:
      return y.year / 1000 - x.year / 1000;
    default:
      return y.year - x.year;
  }
}

class part_node final : public node {
 public:
  part_node(part p, node_ptr t) : node{kind::int64}, part_{p} {
    add(std::move(t));
    costly |= !length_of_unit(p);
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    auto* out = f.scratch<std::int64_t>(slot);
    const part p = part_;
    if (args[0]->result.is == kind::interval) {
      const auto* a = c.as<span>();
      for_each_row(rows, [=](std::int64_t i) { out[i] = part_of_interval(p, a[i]); });
    } else {
      const auto* a = c.as<micros>();
      for_each_row(rows, [=](std::int64_t i) { out[i] = c.is_valid(i) ? part_of(p, a[i]) : 0; });
    }
    return {out, c.valid};
  }

 private:
  part part_;
};

class trunc_node final : public node {
 public:
  trunc_node(part p, node_ptr t) : node{kind::timestamp}, part_{p} {
    add(std::move(t));
    can_fail = true;
    costly |= !length_of_unit(p);
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<micros>();
    auto* out = f.scratch<micros>(slot);
    const part p = part_;
    // A product that wraps around has the other sign: the first times that int64 can hold have no beginning of their
    // unit.
    if (const std::int64_t unit = length_of_unit(p)) {
      for_each_row(rows, [=, &f](std::int64_t i) {
        out[i] = c.is_valid(i) ? floor_div(a[i], unit) : 0;
        if (__builtin_mul_overflow(out[i], unit, &out[i])) f.fail(i, "overflow of timestamp");
      });
    } else {
      for_each_row(rows, [=, &f](std::int64_t i) {
        out[i] = c.is_valid(i) ? first_day(p, day_of(a[i])) : 0;
        if (__builtin_mul_overflow(out[i], micros_per_day, &out[i])) f.fail(i, "overflow of timestamp");
      });
    }
    return {out, c.valid};
  }

 private:
  part part_;
};

class diff_node final : public node {
 public:
  diff_node(part p, node_ptr from, node_ptr to) : node{kind::int64}, part_{p} {
    add(std::move(from));
    add(std::move(to));
  }
  column eval(frame& f, row_set rows) const override {
    const column from = args[0]->eval(f, rows), to = args[1]->eval(f, rows);
    const auto *a = from.as<micros>(), *b = to.as<micros>();
    auto* out = f.scratch<std::int64_t>(slot);
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, from.valid, to.valid);
    const part p = part_;
    const std::int64_t unit = length_of_unit(p);
    for_each_row(rows, [=](std::int64_t i) {
      if (valid && !valid[i]) {
        out[i] = 0;
      } else if (unit) {
        out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(floor_div(b[i], unit)) -
                                           static_cast<std::uint64_t>(floor_div(a[i], unit)));
      } else {
        out[i] = boundaries(p, day_of(a[i]), day_of(b[i]));
      }
    });
    return {out, valid};
  }

 private:
  part part_;
};

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

constexpr std::string_view day_names[]{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::string_view month_names[]{"January", "February", "March",     "April",   "May",      "June",
                                         "July",    "August",   "September", "October", "November", "December"};
text_ref text_of(std::string_view v) { return {v.data(), v.size()}; }
text_ref day_name(call&, micros t) { return text_of(day_names[weekday(day_of(t))]); }
text_ref month_name(call&, micros t) { return text_of(month_names[date_of(t).month - 1]); }

// ---- strftime

constexpr std::string_view plain_specifiers = "aAbBcdDfFgGhHIjmMnpSTuUVwWxXyYzZ%";
constexpr std::string_view bare_specifiers = "dHIjmMSy";  // behind a '-': without leading zeros

void append_number(std::string& out, std::int64_t v, int digits) {
  char text[24];
  const int n = std::snprintf(text, sizeof text, "%0*lld", digits, static_cast<long long>(v));
  out.append(text, static_cast<std::size_t>(n));
}

void append_specifier(std::string& out, char s, bool bare, micros t) {
  const std::int64_t days = day_of(t), time = time_of(t);
  const civil c = civil_of(days);
  const std::int64_t hour = time / (3600 * micros_per_second), minute = time / (60 * micros_per_second) % 60,
                     second = time / micros_per_second % 60, micro = time % micros_per_second;
  const int two = bare ? 1 : 2;
  switch (s) {
    case 'a':
      out += day_names[weekday(days)].substr(0, 3);
      return;
    case 'A':
      out += day_names[weekday(days)];
      return;
    case 'b':
    case 'h':
      out += month_names[c.month - 1].substr(0, 3);
      return;
    case 'B':
      out += month_names[c.month - 1];
      return;
    case 'd':
      append_number(out, c.day, two);
      return;
    case 'H':
      append_number(out, hour, two);
      return;
    case 'I':
      append_number(out, hour % 12 ? hour % 12 : 12, two);
      return;
    case 'j':
      append_number(out, day_of_year(days), bare ? 1 : 3);
      return;
    case 'm':
      append_number(out, c.month, two);
      return;
    case 'M':
      append_number(out, minute, two);
      return;
    case 'S':
      append_number(out, second, two);
      return;
    case 'y':
      append_number(out, ((c.year % 100) + 100) % 100, two);
      return;
    case 'Y':
      append_number(out, c.year, 4);
      return;
    case 'G':
      append_number(out, iso_year(days), 4);
      return;
    case 'V':
      append_number(out, iso_week(days), 2);
      return;
    case 'f':
      append_number(out, micro, 6);
      return;
    case 'g':
      append_number(out, micro / 1000, 3);
      return;
    case 'n':
      append_number(out, micro * 1000, 9);
      return;
    case 'p':
      out += hour < 12 ? "AM" : "PM";
      return;
    case 'u':
      append_number(out, weekday(days) + 1, 1);
      return;
    case 'w':
      append_number(out, (weekday(days) + 1) % 7, 1);
      return;
    case 'U':
      append_number(out, (day_of_year(days) + 6 - (weekday(days) + 1) % 7) / 7, 2);
      return;
    case 'W':
      append_number(out, (day_of_year(days) + 6 - weekday(days)) / 7, 2);
      return;
    case 'D':
    case 'F':
    case 'x':
      append_number(out, c.year, 4);
      out += '-';
      append_number(out, c.month, 2);
      out += '-';
      append_number(out, c.day, 2);
      return;
    case 'T':
    case 'X':
      append_number(out, hour, 2);
      out += ':';
      append_number(out, minute, 2);
      out += ':';
      append_number(out, second, 2);
      return;
    case 'c':
      append_specifier(out, 'x', false, t);
      out += ' ';
      append_specifier(out, 'X', false, t);
      return;
    case 'z':
      out += "+00";
      return;
    case '%':
      out += '%';
      return;
    default:
      return;  // Z: the name of the zone, which timestamps do not have
  }
}

class strftime_node final : public node {
 public:
  strftime_node(node_ptr t, std::string format) : node{kind::text}, format_{std::move(format)} {
    add(std::move(t));
    costly = true;
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<micros>();
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = {"", 0};
      if (!c.is_valid(i)) return;
      f.work.clear();
      for (std::size_t k = 0; k < format_.size(); ++k) {
        if (format_[k] != '%') {
          f.work += format_[k];
          continue;
        }
        const bool bare = format_[++k] == '-';
        append_specifier(f.work, format_[bare ? ++k : k], bare, a[i]);
      }
      out[i] = f.texts.copy(f.work);
    });
    return {out, c.valid};
  }

 private:
  std::string format_;
};

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
  return std::make_unique<part_node>(p, std::move(c.args[1]));
}

template <part P>
node_ptr bind_one_part(invocation& c) {
  if (c.is(0) != kind::interval) as_time(c, 0);
  return std::make_unique<part_node>(P, std::move(c.args[0]));
}

bool is_unit(part p) { return p != part::dow && p != part::isodow && p != part::doy && p != part::isoyear; }

node_ptr bind_trunc(invocation& c) {
  const part p = known_part(c, "the unit");
  if (!is_unit(p)) c.wrong(0, "cannot truncate to this unit");
  as_time(c, 1);
  return std::make_unique<trunc_node>(p, std::move(c.args[1]));
}

node_ptr bind_diff(invocation& c) {
  const part p = known_part(c, "the unit");
  if (!is_unit(p)) c.wrong(0, "cannot count in this unit");
  as_time(c, 1);
  as_time(c, 2);
  return std::make_unique<diff_node>(p, std::move(c.args[1]), std::move(c.args[2]));
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
  for (std::size_t k = 0; k < format.size(); ++k) {
    if (format[k] != '%') continue;
    const bool bare = k + 1 < format.size() && format[k + 1] == '-';
    k += bare ? 2 : 1;
    if (k >= format.size()) c.wrong(1, "the format ends with %");
    if ((bare ? bare_specifiers : plain_specifiers).find(format[k]) == std::string_view::npos)
      c.wrong(1, std::string{"the format has an unknown part '%"} + (bare ? "-" : "") + format[k] + "'");
  }
  return std::make_unique<strftime_node>(std::move(c.args[0]), std::move(format));
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

constexpr function table[]{
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

std::span<const function> time_functions() { return table; }

}  // namespace weir::expression
