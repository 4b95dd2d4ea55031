// Decimal text of integers without a loop or a division: eight digits at once in one 64-bit word. For code that writes millions of
// numbers a second; little-endian machines only, like everything that writes Arrow columns in place.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

static_assert(std::endian::native == std::endian::little, "digits.hpp packs text into little-endian words");

namespace weir::shared {

// The eight decimal digits of v < 10^8, one a byte as 0..9, the first digit in the lowest byte, zero padded.
inline std::uint64_t eight_digits(std::uint32_t v) {
  const std::uint64_t high = v / 10000u;
  const std::uint64_t fours = high | (static_cast<std::uint64_t>(v - high * 10000u) << 32);
  const std::uint64_t hundreds = ((fours * 10486u) >> 20) & 0x0000007f0000007full;  // x / 100 for x < 10^4
  const std::uint64_t twos = (fours << 16) - hundreds * ((100u << 16) - 1u);
  const std::uint64_t tens = ((twos * 103u) >> 10) & 0x000f000f000f000full;  // x / 10 for x < 100
  return (twos << 8) - tens * ((10u << 8) - 1u);
}

inline constexpr std::uint64_t ascii_zeros = 0x3030303030303030ull;

// Writes v < 10^8 without leading zeros; returns its end. Always stores 8 bytes: keep that many free.
inline char* put_below_1e8(char* to, std::uint32_t v) {
  const std::uint64_t digits = eight_digits(v);
  const int skip = std::countr_zero(digits | (1ull << 56)) & ~7;  // bits of leading zeros, never the last digit
  const std::uint64_t text = (digits | ascii_zeros) >> skip;
  std::memcpy(to, &text, 8);
  return to + (8 - skip / 8);
}

// Writes v in eight digits, zero padded; returns its end.
inline char* put_eight(char* to, std::uint32_t v) {
  const std::uint64_t text = eight_digits(v) | ascii_zeros;
  std::memcpy(to, &text, 8);
  return to + 8;
}

// Room that put_u64 and put_i64 may write to, whatever the length of the text.
inline constexpr int number_room = 28;

// Writes v; returns its end. Keep number_room bytes free.
inline char* put_u64(char* to, std::uint64_t v) {
  constexpr std::uint64_t e8 = 100'000'000;
  if (v < e8) return put_below_1e8(to, static_cast<std::uint32_t>(v));
  const std::uint64_t high = v / e8;
  const auto low = static_cast<std::uint32_t>(v - high * e8);
  if (high < e8) return put_eight(put_below_1e8(to, static_cast<std::uint32_t>(high)), low);
  const std::uint64_t top = high / e8;
  to = put_below_1e8(to, static_cast<std::uint32_t>(top));
  return put_eight(put_eight(to, static_cast<std::uint32_t>(high - top * e8)), low);
}

inline char* put_i64(char* to, std::int64_t v) {
  auto magnitude = static_cast<std::uint64_t>(v);
  if (v < 0) {
    *to++ = '-';
    magnitude = 0 - magnitude;
  }
  return put_u64(to, magnitude);
}

}  // namespace weir::shared
