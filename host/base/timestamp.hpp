#pragma once
// RFC 3339 time stamps <-> microseconds since 1970-01-01T00:00:00Z. Used on data: no allocation, no locale, about 20
// nanoseconds a call. Years 0001 to 9999; the calendar is the proleptic Gregorian one; a leap second (:60) reads as
// :59.999999.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::base {

inline constexpr std::int64_t min_timestamp_us = -62135596800000000;  ///< 0001-01-01T00:00:00Z
inline constexpr std::int64_t max_timestamp_us = 253402300799999999;  ///< 9999-12-31T23:59:59.999999Z

/// "2024-02-29T12:34:56.789Z", "2024-02-29 12:34:56+02:00", or without an offset (then UTC), or a date alone
/// (midnight). Digits past the microsecond are cut off. Nullopt when it is anything else. [any] thread.
std::optional<std::int64_t> parse_timestamp_us(std::string_view text) noexcept;

/// Characters that print_timestamp_us writes.
inline constexpr std::size_t timestamp_chars = 27;
/// Writes "2024-02-29T12:34:56.789000Z" (27 characters, no NUL) to `out`. Out of range values are clamped.
void print_timestamp_us(std::int64_t us, char* out) noexcept;
std::string print_timestamp_us(std::int64_t us);

/// Days since 1970-01-01 of a civil date, and back; valid for years 1 to 9999.
std::int32_t days_from_civil(std::int32_t year, unsigned month, unsigned day) noexcept;
void civil_from_days(std::int32_t days, std::int32_t& year, unsigned& month, unsigned& day) noexcept;

}  // namespace weir::base
