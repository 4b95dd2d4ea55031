// Dates, timestamps and intervals as text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "column.hpp"

namespace weir::expression {

constexpr std::int64_t micros_per_second = 1'000'000;
constexpr std::int64_t micros_per_day = 86'400 * micros_per_second;

// A day of the proleptic Gregorian calendar.
struct civil {
  std::int32_t year;
  std::int32_t month;  // 1 .. 12
  std::int32_t day;    // 1 .. 31
};
civil civil_of(std::int64_t days);
std::int64_t days_of(const civil& c);
int days_in_month(std::int32_t year, std::int32_t month);

// Days since 1970 of a timestamp, and the microseconds since the beginning of that day (never negative).
inline std::int64_t day_of(std::int64_t micros) {
  const std::int64_t d = micros / micros_per_day;
  return d - (micros % micros_per_day < 0);
}
inline std::int64_t time_of(std::int64_t micros) { return micros - day_of(micros) * micros_per_day; }

void append_date(std::string& out, std::int32_t days);
void append_timestamp(std::string& out, std::int64_t micros);
void append_interval(std::string& out, const span& s);

// "2024-02-03", also with / between; a time behind it is left out.
std::optional<std::int32_t> parse_date(std::string_view text);
// "2024-02-03 10:00[:01[.123456]][Z|+02[:00]| UTC]", with a blank or T between, or a date alone.
std::optional<std::int64_t> parse_timestamp(std::string_view text);
// "1 day 2 hours", "90 minutes", "1 month 10:11:12.5"
std::optional<span> parse_interval(std::string_view text);

// An amount of a unit ("minute", "days") as an interval; nothing: no such unit, or too large.
std::optional<span> interval_of(std::int64_t amount, std::string_view unit);

}  // namespace weir::expression
