#pragma once
// UTF-8 by the table of well-formed byte sequences of the Unicode standard (chapter 3, table 3-7). [any] thread.
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::shared {

/// Bytes of the character at `at` (< t.size()); 0: there is none.
inline std::size_t utf8_size(std::string_view t, std::size_t at) {
  auto next = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at + i < t.size() && static_cast<unsigned char>(t[at + i]) >= low &&
           static_cast<unsigned char>(t[at + i]) <= high;
  };
  const unsigned c = static_cast<unsigned char>(t[at]);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return next(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) return next(1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF) && next(2) ? 3 : 0;
  if (c >= 0xF0 && c <= 0xF4)
    return next(1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF) && next(2) && next(3) ? 4 : 0;
  return 0;
}

inline bool is_utf8(std::string_view t) {
  std::size_t i = 0;
  while (i < t.size()) {
    if (t.size() - i >= 8) {  // eight plain characters at a time
      std::uint64_t word = 0;
      std::memcpy(&word, t.data() + i, 8);
      if (!(word & 0x8080808080808080ull)) {
        i += 8;
        continue;
      }
    }
    const std::size_t size = utf8_size(t, i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}

}  // namespace weir::shared
