#include "time_text.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "character.hpp"
#include "number_text.hpp"

namespace weir::expression {

namespace {

// Reads a text from left to right.
struct reader {
  std::string_view text;
  std::size_t at{0};

  bool done() const { return at >= text.size(); }
  char peek() const { return done() ? '\0' : text[at]; }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at;
    return true;
  }
  void blanks() {
    while (!done() && is_space(text[at])) ++at;
  }
  // 1 .. max digits.
  std::optional<int> number(int max) {
    int v = 0, n = 0;
    while (n < max && is_digit(peek())) {
      v = v * 10 + (text[at++] - '0');
      ++n;
    }
    if (!n) return std::nullopt;
    return v;
  }
};

std::optional<std::int64_t> date_part(reader& r) {
  const auto year = r.number(6);
  if (!year) return std::nullopt;
  const char between = r.peek();
  if (between != '-' && between != '/' && between != ' ' && between != '\\') return std::nullopt;
  ++r.at;
  const auto month = r.number(2);
  if (!month || !r.accept(between)) return std::nullopt;
  const auto day = r.number(2);
  if (!day || is_digit(r.peek())) return std::nullopt;
  if (*month < 1 || *month > 12 || *day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  return days_of({*year, *month, *day});
}

// Digits behind a point, as microseconds; more than six are cut off.
std::int64_t fraction(reader& r) {
  std::int64_t v = 0, unit = 100'000;
  while (is_digit(r.peek())) {
    v += (r.text[r.at++] - '0') * unit;
    unit /= 10;
  }
  return v;
}

// "HH:MM[:SS[.ffffff]]"; 24:00:00 is the end of the day.
std::optional<std::int64_t> time_part(reader& r, int hours_max, int hour_digits) {
  const auto hour = r.number(hour_digits);
  if (!hour || !r.accept(':')) return std::nullopt;
  const auto minute = r.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t second = 0, micro = 0;
  if (r.accept(':')) {
    const auto s = r.number(2);
    if (!s || *s > 59) return std::nullopt;
    second = *s;
    if (r.accept('.')) micro = fraction(r);
  }
  const std::int64_t time = ((*hour * std::int64_t{60} + *minute) * 60 + second) * micros_per_second + micro;
  if (*hour > hours_max || (hours_max == 24 && time > micros_per_day)) return std::nullopt;
  return time;
}

// "Z", " UTC", "+02", "-02:30": microseconds to take off.
std::optional<std::int64_t> zone_part(reader& r) {
  r.blanks();
  if (r.done()) return 0;
  const std::string_view rest = r.text.substr(r.at);
  if (rest == "Z" || rest == "z" || rest == "UTC" || rest == "utc" || rest == "GMT") return 0;
  const char sign = r.peek();
  if (sign != '+' && sign != '-') return std::nullopt;
  ++r.at;
  const auto hour = r.number(2);
  if (!hour) return std::nullopt;
  int minute = 0;
  if (r.accept(':') || is_digit(r.peek())) {
    const auto m = r.number(2);
    if (!m) return std::nullopt;
    minute = *m;
  }
  if (!r.done() || *hour > 15 || minute > 59) return std::nullopt;
  const std::int64_t offset = (*hour * std::int64_t{60} + minute) * 60 * micros_per_second;
  return sign == '+' ? offset : -offset;
}

struct unit {
  std::string_view name;
  std::int32_t months;
  std::int32_t days;
  std::int64_t micros;
};
constexpr std::array units{
    unit{"microsecond", 0, 0, 1},
    unit{"us", 0, 0, 1},
    unit{"millisecond", 0, 0, 1000},
    unit{"ms", 0, 0, 1000},
    unit{"second", 0, 0, micros_per_second},
    unit{"sec", 0, 0, micros_per_second},
    unit{"s", 0, 0, micros_per_second},
    unit{"minute", 0, 0, 60 * micros_per_second},
    unit{"min", 0, 0, 60 * micros_per_second},
    unit{"m", 0, 0, 60 * micros_per_second},
    unit{"hour", 0, 0, 3600 * micros_per_second},
    unit{"hr", 0, 0, 3600 * micros_per_second},
    unit{"h", 0, 0, 3600 * micros_per_second},
    unit{"day", 0, 1, 0},
    unit{"d", 0, 1, 0},
    unit{"week", 0, 7, 0},
    unit{"w", 0, 7, 0},
    unit{"month", 1, 0, 0},
    unit{"mon", 1, 0, 0},
    unit{"quarter", 3, 0, 0},
    unit{"year", 12, 0, 0},
    unit{"y", 12, 0, 0},
    unit{"decade", 120, 0, 0},
    unit{"century", 1200, 0, 0},
    unit{"centurie", 1200, 0, 0},
    unit{"millennium", 12000, 0, 0},
    unit{"millennia", 12000, 0, 0},
};

const unit* unit_named(std::string_view name) {
  for (const auto& u : units)
    if (u.name == name) return &u;
  if (name.size() > 1 && name.back() == 's')
    for (const auto& u : units)
      if (u.name == name.substr(0, name.size() - 1)) return &u;
  return nullptr;
}

// s += amount / 10^6 of a unit, fractions going to the next smaller part (a month: 30 days).
bool add(span& s, int128 millionths, const unit& u) {
  constexpr int128 million = 1'000'000;
  const int128 months = millionths * u.months, days = millionths * u.days;
  const int128 whole_months = months / million, rest_days = months % million * 30 + days;
  const int128 whole_days = rest_days / million;
  const int128 micros = rest_days % million * (micros_per_day / million) + millionths * u.micros / million;
  const int128 m = s.months + whole_months, d = s.days + whole_days, us = s.micros + micros;
  auto fits32 = [](int128 v) {
    return v >= std::numeric_limits<std::int32_t>::min() && v <= std::numeric_limits<std::int32_t>::max();
  };
  if (!fits32(m) || !fits32(d) || us < std::numeric_limits<std::int64_t>::min() ||
      us > std::numeric_limits<std::int64_t>::max())
    return false;
  s = {static_cast<std::int32_t>(m), static_cast<std::int32_t>(d), static_cast<std::int64_t>(us)};
  return true;
}

void append_part(std::string& out, std::int64_t v, const char* name) {
  if (!v) return;
  if (!out.empty()) out += ' ';
  out += std::to_string(v);
  out += ' ';
  out += name;
  if (v != 1 && v != -1) out += 's';
}

}  // namespace

civil civil_of(std::int64_t days) {
  // Eras of 400 years, counted from the first of March of year 0.
  const std::int64_t z = days + 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const std::int64_t doe = z - era * 146'097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const auto day = static_cast<std::int32_t>(doy - (153 * mp + 2) / 5 + 1);
  const auto month = static_cast<std::int32_t>(mp < 10 ? mp + 3 : mp - 9);
  return {static_cast<std::int32_t>(yoe + era * 400 + (month <= 2)), month, day};
}

std::int64_t days_of(const civil& c) {
  const std::int64_t y = c.year - (c.month <= 2);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (c.month > 2 ? c.month - 3 : c.month + 9) + 2) / 5 + c.day - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + doe - 719'468;
}

int days_in_month(std::int32_t year, std::int32_t month) {
  static constexpr int days[]{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && leap);
}

void append_date(std::string& out, std::int32_t days) {
  const civil c = civil_of(days);
  char text[32];
  const int year = c.year > 0 ? c.year : 1 - c.year;
  std::snprintf(text, sizeof text, "%04d-%02d-%02d%s", year, static_cast<int>(c.month), static_cast<int>(c.day),
                c.year > 0 ? "" : " (BC)");
  out += text;
}

namespace {
void append_time(std::string& out, std::int64_t micros) {
  char text[32];
  const std::int64_t s = micros / micros_per_second;
  std::snprintf(text, sizeof text, "%02lld:%02d:%02d", static_cast<long long>(s / 3600), static_cast<int>(s / 60 % 60),
                static_cast<int>(s % 60));
  out += text;
  if (const int f = static_cast<int>(micros % micros_per_second)) {
    const int n = std::snprintf(text, sizeof text, ".%06d", f);
    std::string_view digits{text, static_cast<std::size_t>(n)};
    while (digits.back() == '0') digits.remove_suffix(1);
    out += digits;
  }
}
}  // namespace

void append_timestamp(std::string& out, std::int64_t micros) {
  std::string date;
  append_date(date, static_cast<std::int32_t>(day_of(micros)));
  const bool bc = date.ends_with(" (BC)");
  out += bc ? date.substr(0, date.size() - 5) : date;
  out += ' ';
  append_time(out, time_of(micros));
  if (bc) out += " (BC)";
}

void append_interval(std::string& out, const span& s) {
  std::string text;
  append_part(text, s.months / 12, "year");
  append_part(text, s.months % 12, "month");
  append_part(text, s.days, "day");
  if (s.micros || text.empty()) {
    if (!text.empty()) text += ' ';
    if (s.micros < 0) text += '-';
    // The smallest int64 has no counterpart: one microsecond less is as good as anything.
    append_time(text, s.micros == std::numeric_limits<std::int64_t>::min() ? std::numeric_limits<std::int64_t>::max()
                                                                           : std::abs(s.micros));
  }
  out += text;
}

std::optional<std::int32_t> parse_date(std::string_view text) {
  reader r{stripped(text)};
  const auto days = date_part(r);
  if (!days) return std::nullopt;
  if (!r.done()) return parse_timestamp(text) ? std::optional{static_cast<std::int32_t>(*days)} : std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  reader r{stripped(text)};
  const auto days = date_part(r);
  if (!days || *days > 106'751'990) return std::nullopt;
  if (r.done()) return *days * micros_per_day;
  if (!r.accept('T') && !r.accept('t') && !is_space(r.peek())) return std::nullopt;
  r.blanks();
  const auto time = time_part(r, 24, 2);
  if (!time) return std::nullopt;
  const auto zone = zone_part(r);
  if (!zone) return std::nullopt;
  return *days * micros_per_day + *time - *zone;
}

std::optional<span> parse_interval(std::string_view text) {
  reader r{stripped(text)};
  span out{0, 0, 0};
  bool any = false;
  for (;;) {
    r.blanks();
    if (r.done()) break;
    if (any && (r.text.substr(r.at) == "ago" || r.text.substr(r.at) == "AGO")) {
      out = {-out.months, -out.days, -out.micros};
      return out;
    }
    const bool negative = r.peek() == '-';
    if (negative || r.peek() == '+') ++r.at;
    const std::size_t begin = r.at;
    while (is_digit(r.peek())) ++r.at;
    if (begin == r.at) return std::nullopt;
    if (r.peek() == ':') {  // a time: hours may be more than a day has
      r.at = begin;
      const auto time = time_part(r, 999'999, 6);
      if (!time) return std::nullopt;
      out.micros += negative ? -*time : *time;
      any = true;
      continue;
    }
    if (r.accept('.'))
      while (is_digit(r.peek())) ++r.at;
    auto millionths = parse_scaled(r.text.substr(begin, r.at - begin), 6);
    if (!millionths) return std::nullopt;
    r.blanks();
    std::string name;
    while (!r.done() && ((r.peek() | 32) >= 'a' && (r.peek() | 32) <= 'z'))
      name += static_cast<char>(r.text[r.at++] | 32);
    if (name.empty() && !any && r.done()) name = "second";
    const unit* u = unit_named(name);
    if (!u || *millionths > power_of_ten(25) || !add(out, negative ? -*millionths : *millionths, *u))
      return std::nullopt;
    any = true;
  }
  if (!any) return std::nullopt;
  return out;
}

std::optional<span> interval_of(std::int64_t amount, std::string_view name) {
  const unit* u = unit_named(name);
  span out{0, 0, 0};
  if (!u || !add(out, static_cast<int128>(amount) * 1'000'000, *u)) return std::nullopt;
  return out;
}

}  // namespace weir::expression
