#include "base/timestamp.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace weir::base {
namespace {

constexpr std::int64_t us_per_day = 86'400'000'000;
constexpr std::int32_t epoch_day = 719163;  // 1970-01-01, counted from 0001-01-01 as day 1

constexpr std::uint8_t days_in_month[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr std::uint16_t days_before_month[13] = {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

constexpr bool is_leap(unsigned y) noexcept { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

// Eight characters at a time, the first in the lowest byte.

std::uint64_t load(const char* p) noexcept {
  std::uint64_t x;
  std::memcpy(&x, p, sizeof x);
  if constexpr (std::endian::native == std::endian::big) x = __builtin_bswap64(x);
  return x;
}

/// True when every byte of `digits` (0xFF each) is a decimal digit in x, and all other bytes are as in `marks`.
constexpr bool matches(std::uint64_t x, std::uint64_t digits, std::uint64_t marks) noexcept {
  const std::uint64_t d = x & digits;
  const std::uint64_t high = 0xF0F0F0F0F0F0F0F0 & digits, three = 0x3030303030303030 & digits;
  // The high half of a digit is 3, also after adding 6: only '0' to '9' do that. Bytes that carry are caught by the
  // first.
  const std::uint64_t wrong = ((d & high) ^ three) | (((d + (0x0606060606060606 & digits)) & high) ^ three);
  return (wrong | ((x & ~digits) ^ marks)) == 0;
}

constexpr unsigned digit(std::uint64_t x, int at) noexcept { return static_cast<unsigned>(x >> (at * 8)) & 15; }
constexpr unsigned two(std::uint64_t x, int at) noexcept { return digit(x, at) * 10 + digit(x, at + 1); }
constexpr bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') <= 9; }

/// Eight digits as a number, by adding neighbours, then pairs, then fours.
constexpr std::uint32_t eight(std::uint64_t x) noexcept {
  x &= 0x0F0F0F0F0F0F0F0F;
  x = (x * 10 + (x >> 8)) & 0x00FF00FF00FF00FF;
  x = (x * 100 + (x >> 16)) & 0x0000FFFF0000FFFF;
  return static_cast<std::uint32_t>((x & 0xFFFF) * 10000 + (x >> 32));
}

/// Days since 1970-01-01 of "YYYY-MM-DD", or nullopt.
std::optional<std::int32_t> parse_date(const char* p) noexcept {
  const std::uint64_t x = load(p);
  if (!matches(x, 0x00FFFF00FFFFFFFF, 0x2D00002D00000000) || !is_digit(p[8]) || !is_digit(p[9])) return std::nullopt;
  const unsigned year = two(x, 0) * 100 + two(x, 2), month = two(x, 5);
  const auto day = static_cast<unsigned>((p[8] - '0') * 10 + (p[9] - '0'));
  if (year < 1 || month < 1 || month > 12 || day < 1) return std::nullopt;
  const bool leap = is_leap(year);
  if (day > days_in_month[month] + unsigned{month == 2 && leap}) return std::nullopt;
  const unsigned before = year - 1;
  return static_cast<std::int32_t>(before * 365 + before / 4 - before / 100 + before / 400 + days_before_month[month] +
                                   unsigned{month > 2 && leap} + day) -
         epoch_day;
}

/// The microseconds of "123" or "123456789"; `p` moves behind the digits. Nullopt when there is none.
std::optional<std::uint32_t> parse_fraction(const char*& p, const char* end) noexcept {
  if (end - p >= 8 && !is_digit(p[6])) {  // six digits, by far the commonest
    const std::uint64_t x = load(p);
    if (matches(x & 0x0000FFFFFFFFFFFF, 0x0000FFFFFFFFFFFF, 0)) return p += 6, eight(x << 16);
  }
  const char* const first = p;
  std::uint32_t us = 0;
  for (std::uint32_t unit = 100'000; p != end && is_digit(*p); ++p, unit /= 10)
    us += static_cast<std::uint32_t>(*p - '0') * unit;
  if (p == first) return std::nullopt;
  return us;
}

constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[i * 2] = static_cast<char>('0' + i / 10);
    pairs[i * 2 + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

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
  const auto days = parse_date(p);
  if (!days) return std::nullopt;
  std::int64_t us = *days * us_per_day;
  p += 10;
  if (p == end) return us;

  if ((*p != 'T' && *p != 't' && *p != ' ') || end - p < 9) return std::nullopt;
  const std::uint64_t x = load(p + 1);  // "HH:MM:SS"
  if (!matches(x, 0xFFFF00FFFF00FFFF, 0x00003A00003A0000)) return std::nullopt;
  const unsigned hour = two(x, 0), minute = two(x, 3);
  unsigned second = two(x, 6);
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  p += 9;
  std::uint32_t fraction = 0;
  if (p != end && *p == '.') {
    const auto digits = parse_fraction(++p, end);
    if (!digits) return std::nullopt;
    fraction = *digits;
  }
  if (second == 60) second = 59, fraction = 999'999;
  us += std::int64_t{hour * 3600 + minute * 60 + second} * 1'000'000 + fraction;
  if (p == end) return us;

  if (*p == 'Z' || *p == 'z') {
    ++p;
  } else if ((*p == '+' || *p == '-') && end - p == 6 && p[3] == ':' && is_digit(p[1]) && is_digit(p[2]) &&
             is_digit(p[4]) && is_digit(p[5])) {
    const int hours = (p[1] - '0') * 10 + (p[2] - '0'), minutes = (p[4] - '0') * 10 + (p[5] - '0');
    if (hours > 23 || minutes > 59) return std::nullopt;
    const std::int64_t offset = (std::int64_t{hours} * 60 + minutes) * 60'000'000;
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
  const auto seconds = static_cast<std::uint32_t>(rest / 1'000'000),
             micros = static_cast<std::uint32_t>(rest % 1'000'000);
  std::memcpy(out, "0000-00-00T00:00:00.000000Z", timestamp_chars);
  auto put = [&](std::size_t at, std::uint32_t n) { std::memcpy(out + at, &digit_pairs[n * 2], 2); };
  const auto y = static_cast<std::uint32_t>(year);
  put(0, y / 100), put(2, y % 100), put(5, month), put(8, day);
  put(11, seconds / 3600), put(14, seconds / 60 % 60), put(17, seconds % 60);
  put(20, micros / 10000), put(22, micros / 100 % 100), put(24, micros % 100);
}

std::string print_timestamp_us(std::int64_t us) {
  std::string text(timestamp_chars, '\0');
  print_timestamp_us(us, text.data());
  return text;
}

}  // namespace weir::base
