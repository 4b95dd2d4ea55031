#pragma once
// JSON's numbers where they stand in a text that has readable bytes behind it. False: not such a number, or one that
// needs more care.
#include <charconv>
#include <cstdint>

namespace json {

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
/// What may stand behind a number, true, false or null.
inline bool ends_token(char c) { return c == ',' || c == '}' || c == ']' || is_space(c); }

namespace number_detail {
inline bool digit(char c, unsigned& d) {
  d = static_cast<unsigned char>(c) - unsigned{'0'};
  return d < 10;
}
}  // namespace number_detail

/// Up to 18 digits.
inline bool parse_whole(const char* p, std::int64_t& out) {
  const bool minus = *p == '-';
  p += minus;
  const char* first = p;
  std::uint64_t n = 0;
  for (unsigned d = 0; number_detail::digit(*p, d); ++p) {
    if (p - first == 18) return false;
    n = n * 10 + d;
  }
  if (p == first || (*first == '0' && p - first > 1) || !ends_token(*p)) return false;
  out = minus ? -static_cast<std::int64_t>(n) : static_cast<std::int64_t>(n);
  return true;
}

/// The end of the number at `p`, null when there is none. `digits` and `behind` (the point) count, `mantissa` holds all
/// digits when there are at most 19; `exponent` says whether one follows.
inline const char* number_end(const char* p, std::uint64_t& mantissa, int& digits, int& behind, bool& exponent) {
  using number_detail::digit;
  unsigned d = 0;
  p += *p == '-';
  const char* first = p;
  for (; digit(*p, d); ++p) mantissa = mantissa * 10 + d;
  digits = static_cast<int>(p - first);
  if (digits == 0 || (*first == '0' && digits > 1)) return nullptr;
  if (*p == '.') {
    const char* point = ++p;
    for (; digit(*p, d); ++p) mantissa = mantissa * 10 + d;
    behind = static_cast<int>(p - point);
    if (behind == 0) return nullptr;
    digits += behind;
  }
  if (*p == 'e' || *p == 'E') {
    exponent = true;
    ++p;
    if (*p == '-' || *p == '+') ++p;
    if (!digit(*p, d)) return nullptr;
    while (digit(*p, d)) ++p;
  }
  return ends_token(*p) ? p : nullptr;
}

/// The nearest double. Digits and a power of ten that a double holds exactly need one division; all others the long
/// way.
inline bool parse_real(const char* p, double& out) {
  static constexpr double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  std::uint64_t mantissa = 0;
  int digits = 0, behind = 0;
  bool exponent = false;
  const char* end = number_end(p, mantissa, digits, behind, exponent);
  if (!end) return false;
  if (digits <= 19 && mantissa <= std::uint64_t{1} << 53 && !exponent) {
    const double d = static_cast<double>(static_cast<std::int64_t>(mantissa)) / tens[behind];
    out = *p == '-' ? -d : d;
    return true;
  }
  return std::from_chars(p, end, out).ec == std::errc{};
}

}  // namespace json
