// Weeks and days of the year. Days are counted from 1970-01-01.
#pragma once

#include <cstdint>

#include "time_text.hpp"

namespace weir::expression {

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }
inline civil date_of(std::int64_t micros) { return civil_of(day_of(micros)); }
// Monday is 0.
inline std::int64_t weekday(std::int64_t days) {
  const std::int64_t w = (days + 3) % 7;
  return w < 0 ? w + 7 : w;
}
// ISO 8601: the week belongs to the year that has its Thursday.
inline std::int64_t iso_year(std::int64_t days) { return civil_of(days - weekday(days) + 3).year; }
inline std::int64_t iso_week(std::int64_t days) {
  const std::int64_t thursday = days - weekday(days) + 3;
  return (thursday - days_of({civil_of(thursday).year, 1, 1})) / 7 + 1;
}
inline std::int64_t day_of_year(std::int64_t days) { return days - days_of({civil_of(days).year, 1, 1}) + 1; }

}  // namespace weir::expression
