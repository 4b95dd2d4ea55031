#pragma once
// UTF-8 as far as printing safely needs it.
#include <cstddef>
#include <string_view>

namespace weir::base {

/// Length of the well-formed UTF-8 sequence at the front of `s` (not empty) and its code point; 0 when it is malformed.
inline std::size_t decode_utf8(std::string_view s, char32_t& code) noexcept {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  auto tail = [&](std::size_t i) { return i < s.size() && (at(i) & 0xC0) == 0x80; };
  const unsigned char b = at(0);
  if (b < 0x80) return code = b, 1;
  if (b >= 0xC2 && b <= 0xDF && tail(1)) return code = char32_t(b & 0x1F) << 6 | (at(1) & 0x3F), 2;
  if (b >= 0xE0 && b <= 0xEF && tail(1) && tail(2)) {
    code = char32_t(b & 0x0F) << 12 | char32_t(at(1) & 0x3F) << 6 | (at(2) & 0x3F);
    return code >= 0x800 && (code < 0xD800 || code > 0xDFFF) ? 3 : 0;
  }
  if (b >= 0xF0 && b <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    code = char32_t(b & 0x07) << 18 | char32_t(at(1) & 0x3F) << 12 | char32_t(at(2) & 0x3F) << 6 | (at(3) & 0x3F);
    return code >= 0x10000 && code <= 0x10FFFF ? 4 : 0;
  }
  return 0;
}

/// Code points that move the cursor, end a line or reorder what a reader sees: controls, line separators, bidi marks.
inline bool moves_the_eye(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x200E && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

inline bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    char32_t c = 0;
    const std::size_t n = decode_utf8(text, c);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

}  // namespace weir::base
