#pragma once
// Decimals as text, exactly: digits, a point, perhaps an exponent. [any] thread, no allocation.
#include <cstdint>
#include <string_view>

#include "weir/types.hpp"

namespace weir::shared {

enum class decimal_error { none, syntax, range, digits };

/// "-12.30", "1e3". digits: more digits behind the point than the scale keeps (zeros do not count); range: more than the
/// precision holds.
inline decimal_error parse_decimal(std::string_view t, int precision, int scale, weir::int128& out) {
  std::size_t at = 0;
  const bool minus = at < t.size() && t[at] == '-';
  if (at < t.size() && (t[at] == '-' || t[at] == '+')) ++at;
  // Leading zeros away; then at most 38 digits can matter, and an exponent moves the point.
  weir::int128 value = 0;
  int digits = 0, behind = 0;
  bool any = false, point = false, lost = false;
  int held_zeros = 0;
  auto push = [&](int d) {
    if (value == 0 && d == 0) return true;
    if (++digits > 38) return false;
    value = value * 10 + d;
    return true;
  };
  for (; at < t.size(); ++at) {
    if (t[at] == '.' && !point) {
      point = true;
      continue;
    }
    if (t[at] < '0' || t[at] > '9') break;
    any = true;
    const int d = t[at] - '0';
    if (point && d == 0) {  // zeros at the end of a fraction need no room
      ++held_zeros;
      continue;
    }
    for (; held_zeros > 0; --held_zeros, ++behind)
      if (!push(0)) return decimal_error::range;
    if (!push(d)) {
      if (!point) return decimal_error::range;
      lost = true;
    }
    if (point) ++behind;
  }
  if (!any) return decimal_error::syntax;
  int exponent = 0;
  if (at < t.size() && (t[at] == 'e' || t[at] == 'E')) {
    ++at;
    const bool down = at < t.size() && t[at] == '-';
    if (at < t.size() && (t[at] == '-' || t[at] == '+')) ++at;
    const std::size_t first = at;
    for (; at < t.size() && t[at] >= '0' && t[at] <= '9'; ++at)
      if (exponent < 10'000) exponent = exponent * 10 + (t[at] - '0');
    if (at == first) return decimal_error::syntax;
    if (down) exponent = -exponent;
  }
  if (at != t.size()) return decimal_error::syntax;
  if (lost) return decimal_error::digits;
  out = 0;
  if (value == 0) return decimal_error::none;
  int shift = scale - behind + exponent;
  for (; shift < 0; ++shift) {
    if (value % 10 != 0) return decimal_error::digits;
    value /= 10;
    --digits;
  }
  if (digits + shift > precision) return decimal_error::range;
  for (; shift > 0; --shift) value *= 10;
  out = minus ? -value : value;
  return decimal_error::none;
}

/// Writes it (at most 41 characters) and returns the end.
inline char* print_decimal(char* p, weir::int128 value, int scale) {
  if (value < 0) *p++ = '-';
  __extension__ using wide = unsigned __int128;
  wide rest = value < 0 ? -static_cast<wide>(value) : static_cast<wide>(value);
  char digits[40];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0 || count <= scale);
  while (count > 0) {
    if (count == scale) *p++ = '.';
    *p++ = digits[--count];
  }
  return p;
}

}  // namespace weir::shared
