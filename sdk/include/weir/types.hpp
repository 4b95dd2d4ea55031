// weir/types.hpp: the values of columns that C++ has no word for: times, dates, decimals, bytes.
#ifndef WEIR_TYPES_HPP
#define WEIR_TYPES_HPP

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weir/abi.h"

namespace weir {

using duration = std::chrono::microseconds;
using time = std::chrono::sys_time<std::chrono::microseconds>;  // microseconds UTC since 1970-01-01
using date = std::chrono::sys_days;

inline constexpr time no_time{duration{WEIR_TIME_MIN}};  // the record has no event time; the watermark has not begun
inline constexpr time end_of_time{duration{WEIR_TIME_MAX}};  // the watermark at the end of all input

__extension__ typedef __int128 int128;

// Exact decimal number: unscaled / 10^Scale, with at most Precision digits.
template <int Precision, int Scale = 0>
struct decimal {
  static_assert(Precision >= 1 && Precision <= 38, "a decimal has 1 to 38 digits");
  int128 unscaled = 0;
  friend bool operator==(const decimal&, const decimal&) = default;
  friend auto operator<=>(const decimal& a, const decimal& b) { return a.unscaled <=> b.unscaled; }
};

// Bytes that are no text. `bytes` owns them, `bytes_view` points into the batch and lives until process returns.
struct bytes_view {
  const char* data = nullptr;
  std::size_t size = 0;
  constexpr bytes_view() = default;
  constexpr bytes_view(const char* d, std::size_t n) : data{d}, size{n} {}
  constexpr explicit bytes_view(std::string_view text) : data{text.data()}, size{text.size()} {}
  [[nodiscard]] constexpr std::string_view text() const { return {data, size}; }
  friend bool operator==(const bytes_view& a, const bytes_view& b) { return a.text() == b.text(); }
};
struct bytes {
  std::string value;
  friend bool operator==(const bytes&, const bytes&) = default;
};

// What happened to the row that a record stands for.
enum class change_kind : std::uint8_t {
  insert = WEIR_INSERT,
  update_before = WEIR_UPDATE_BEFORE,
  update_after = WEIR_UPDATE_AFTER,
  erase = WEIR_DELETE
};

enum class log_level : std::uint8_t {
  debug = WEIR_LOG_DEBUG,
  info = WEIR_LOG_INFO,
  warn = WEIR_LOG_WARN,   // recovered, nothing lost
  error = WEIR_LOG_ERROR  // somebody must act
};

namespace detail {
constexpr weir_view view(std::string_view text) { return {text.data(), text.size()}; }
constexpr std::string_view chars(weir_view v) { return v.size ? std::string_view{v.data, v.size} : std::string_view{}; }
constexpr std::int64_t micros(time t) { return t.time_since_epoch().count(); }
constexpr time at(std::int64_t us) { return time{duration{us}}; }
inline bool bit(const void* bits, std::int64_t i) {
  return (static_cast<const std::uint8_t*>(bits)[i >> 3] >> (i & 7)) & 1;
}
inline void set_bit(void* bits, std::int64_t i, bool on) {
  auto& byte = static_cast<std::uint8_t*>(bits)[i >> 3];
  const auto mask = static_cast<std::uint8_t>(1u << (i & 7));
  byte = static_cast<std::uint8_t>(on ? byte | mask : byte & ~mask);
}
}  // namespace detail
}  // namespace weir
#endif  // WEIR_TYPES_HPP
