#pragma once
// Time stamps and dates as RFC 3339 writes them, to and from microseconds and days since 1970. Proleptic Gregorian calendar;
// days by Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms". [any] thread, no allocation.
#include <cstdint>
#include <string_view>

namespace weir::shared {

constexpr std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

struct civil {
  std::int64_t year;
  unsigned month, day;
};
constexpr civil civil_from_days(std::int64_t z) {
  z += 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const auto doe = static_cast<unsigned>(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned m = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (m <= 2), m, doy - (153 * mp + 2) / 5 + 1};
}

namespace time_text_detail {

constexpr bool two(const char* p, unsigned& out) {
  const unsigned a = static_cast<unsigned char>(p[0]) - '0', b = static_cast<unsigned char>(p[1]) - '0';
  out = a * 10 + b;
  return a < 10 && b < 10;
}
constexpr unsigned month_days(std::int64_t y, unsigned m) {
  constexpr unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : days[m - 1];
}
inline char* put2(char* p, unsigned v) {
  p[0] = static_cast<char>('0' + v / 10);
  p[1] = static_cast<char>('0' + v % 10);
  return p + 2;
}

}  // namespace time_text_detail

/// "2026-11-26". Years 0000 to 9999.
constexpr bool parse_date(std::string_view t, std::int64_t& days) {
  using namespace time_text_detail;
  unsigned century = 0, year = 0, m = 0, d = 0;
  if (t.size() != 10 || t[4] != '-' || t[7] != '-') return false;
  if (!two(t.data(), century) || !two(t.data() + 2, year) || !two(t.data() + 5, m) || !two(t.data() + 8, d))
    return false;
  const std::int64_t y = century * 100 + year;
  if (m < 1 || m > 12 || d < 1 || d > month_days(y, m)) return false;
  days = days_from_civil(y, m, d);
  return true;
}

/// "2026-11-26T08:09:10.123456Z", a space for the T, any number of fraction digits (what is finer than a microsecond is cut
/// off), "+01:00" for the Z. A time without a zone is UTC.
constexpr bool parse_timestamp(std::string_view t, std::int64_t& us) {
  using namespace time_text_detail;
  std::int64_t days = 0;
  if (t.size() < 19 || !parse_date(t.substr(0, 10), days)) return false;
  if (t[10] != 'T' && t[10] != 't' && t[10] != ' ') return false;
  unsigned h = 0, m = 0, s = 0;
  if (!two(t.data() + 11, h) || t[13] != ':' || !two(t.data() + 14, m) || t[16] != ':' || !two(t.data() + 17, s))
    return false;
  if (h > 23 || m > 59 || s > 60) return false;
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (at < t.size() && t[at] == '.') {
    std::int64_t unit = 100'000;
    const std::size_t first = ++at;
    for (; at < t.size() && t[at] >= '0' && t[at] <= '9'; ++at, unit /= 10) fraction += (t[at] - '0') * unit;
    if (at == first) return false;
  }
  std::int64_t zone = 0;
  if (at < t.size() && (t[at] == 'Z' || t[at] == 'z')) {
    ++at;
  } else if (at < t.size() && (t[at] == '+' || t[at] == '-')) {
    unsigned zh = 0, zm = 0;
    if (t.size() < at + 6 || !two(t.data() + at + 1, zh) || t[at + 3] != ':' || !two(t.data() + at + 4, zm) ||
        zh > 23 || zm > 59)
      return false;
    zone = (zh * 60 + zm) * (t[at] == '-' ? -60 : 60);
    at += 6;
  }
  if (at != t.size()) return false;
  us = ((days * 86400 + h * 3600 + m * 60 + s) - zone) * 1'000'000 + fraction;
  return true;
}

/// Writes "2026-11-26" (10 characters; years outside of 0000..9999 are not expected) and returns the end.
inline char* print_date(char* p, std::int64_t days) {
  using namespace time_text_detail;
  const civil c = civil_from_days(days);
  p = put2(put2(p, static_cast<unsigned>(c.year / 100 % 100)), static_cast<unsigned>(c.year % 100));
  *p++ = '-';
  p = put2(p, c.month);
  *p++ = '-';
  return put2(p, c.day);
}

/// Writes "2026-11-26T08:09:10.123456Z" (27 characters) and returns the end.
inline char* print_timestamp(char* p, std::int64_t us) {
  using namespace time_text_detail;
  std::int64_t seconds = us / 1'000'000, fraction = us % 1'000'000;
  if (fraction < 0) fraction += 1'000'000, --seconds;
  std::int64_t days = seconds / 86400, rest = seconds % 86400;
  if (rest < 0) rest += 86400, --days;
  p = print_date(p, days);
  *p++ = 'T';
  p = put2(p, static_cast<unsigned>(rest / 3600));
  *p++ = ':';
  p = put2(p, static_cast<unsigned>(rest / 60 % 60));
  *p++ = ':';
  p = put2(p, static_cast<unsigned>(rest % 60));
  *p++ = '.';
  p = put2(p, static_cast<unsigned>(fraction / 10'000));
  p = put2(p, static_cast<unsigned>(fraction / 100 % 100));
  p = put2(p, static_cast<unsigned>(fraction % 100));
  *p++ = 'Z';
  return p;
}

}  // namespace weir::shared
