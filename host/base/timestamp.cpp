#include "base/timestamp.hpp"

#include <algorithm>

namespace weir::base {
namespace {

constexpr std::int64_t us_per_day = 86'400'000'000;

// Two digits as a number, or something above 99 when one is no digit.
inline unsigned two(const char* p) noexcept {
  const unsigned a = static_cast<unsigned char>(p[0]) - unsigned{'0'},
                 b = static_cast<unsigned char>(p[1]) - unsigned{'0'};
  return (a > 9 || b > 9) ? 1000 : a * 10 + b;
}

constexpr unsigned days_in_month[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

inline bool leap(std::int32_t y) noexcept { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

}  // namespace

// Both by counting days from 0000-03-01, so that the leap day is the last of a year; 400-year eras of 146,097 days.
std::int32_t days_from_civil(std::int32_t year, unsigned month, unsigned day) noexcept {
  year -= month <= 2;
  const std::int32_t era = (year >= 0 ? year : year - 399) / 400;
  const unsigned year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<std::int32_t>(day_of_era) - 719468;
}

void civil_from_days(std::int32_t days, std::int32_t& year, unsigned& month, unsigned& day) noexcept {
  days += 719468;
  const std::int32_t era = (days >= 0 ? days : days - 146096) / 146097;
  const unsigned day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted = (5 * day_of_year + 2) / 153;
  day = day_of_year - (153 * shifted + 2) / 5 + 1;
  month = shifted < 10 ? shifted + 3 : shifted - 9;
  year = static_cast<std::int32_t>(year_of_era) + era * 400 + (month <= 2);
}

std::optional<std::int64_t> parse_timestamp_us(std::string_view text) noexcept {
  if (text.size() < 10) return std::nullopt;
  const char* p = text.data();
  const char* const end = p + text.size();
  const unsigned century = two(p), rest = two(p + 2), month = two(p + 5), day = two(p + 8);
  if (century > 99 || rest > 99 || p[4] != '-' || p[7] != '-') return std::nullopt;
  const auto year = static_cast<std::int32_t>(century * 100 + rest);
  if (year < 1 || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > days_in_month[month] + (month == 2 && leap(year))) return std::nullopt;
  std::int64_t us = days_from_civil(year, month, day) * us_per_day;
  p += 10;
  if (p == end) return us;

  if ((*p != 'T' && *p != 't' && *p != ' ') || end - p < 9) return std::nullopt;
  const unsigned hour = two(p + 1), minute = two(p + 4);
  unsigned second = two(p + 7);
  if (hour > 23 || minute > 59 || second > 60 || p[3] != ':' || p[6] != ':') return std::nullopt;
  p += 9;
  std::int64_t fraction = 0;
  if (p != end && *p == '.') {
    ++p;
    const char* const first = p;
    std::int64_t unit = 100'000;
    for (; p != end && static_cast<unsigned char>(*p - '0') <= 9; ++p, unit /= 10) fraction += (*p - '0') * unit;
    if (p == first) return std::nullopt;
  }
  if (second == 60) second = 59, fraction = 999'999;
  us += (std::int64_t{hour} * 3600 + minute * 60 + second) * 1'000'000 + fraction;
  if (p == end) return us;

  if (*p == 'Z' || *p == 'z') {
    ++p;
  } else if ((*p == '+' || *p == '-') && end - p == 6 && p[3] == ':') {
    const unsigned offset_hour = two(p + 1), offset_minute = two(p + 4);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    const std::int64_t offset = (std::int64_t{offset_hour} * 60 + offset_minute) * 60'000'000;
    us += *p == '+' ? -offset : offset;
    p += 6;
  }
  if (p != end || us < min_timestamp_us || us > max_timestamp_us) return std::nullopt;
  return us;
}

void print_timestamp_us(std::int64_t us, char* out) noexcept {
  us = std::clamp(us, min_timestamp_us, max_timestamp_us);
  std::int64_t days = us / us_per_day;
  std::int64_t rest = us % us_per_day;
  if (rest < 0) rest += us_per_day, --days;
  std::int32_t year;
  unsigned month, day;
  civil_from_days(static_cast<std::int32_t>(days), year, month, day);
  auto put = [&](std::int64_t n, int digits) {
    for (int i = digits - 1; i >= 0; --i, n /= 10) out[i] = static_cast<char>('0' + n % 10);
    out += digits;
  };
  const std::int64_t seconds = rest / 1'000'000;
  put(year, 4), *out++ = '-', put(month, 2), *out++ = '-', put(day, 2), *out++ = 'T';
  put(seconds / 3600, 2), *out++ = ':', put(seconds / 60 % 60, 2), *out++ = ':', put(seconds % 60, 2);
  *out++ = '.', put(rest % 1'000'000, 6), *out++ = 'Z';
}

std::string print_timestamp_us(std::int64_t us) {
  std::string text(timestamp_chars, '\0');
  print_timestamp_us(us, text.data());
  return text;
}

}  // namespace weir::base
