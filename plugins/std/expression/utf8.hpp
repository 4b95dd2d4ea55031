// Characters of UTF-8 text. Positions count code points.
#pragma once

#include <cstdint>
#include <string_view>

#include "column.hpp"

namespace weir::expression {

inline bool continues_character(char c) { return (c & 0xc0) == 0x80; }

inline bool is_ascii(std::string_view t) {
  std::uint64_t any = 0;
  std::size_t i = 0;
  for (; i + 8 <= t.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, t.data() + i, 8);
    any |= word;
  }
  for (; i < t.size(); ++i) any |= static_cast<std::uint64_t>(static_cast<unsigned char>(t[i]));
  return (any & 0x8080808080808080ull) == 0;
}

inline std::int64_t character_count(std::string_view t) {
  std::int64_t n = 0;
  for (char c : t) n += !continues_character(c);
  return n;
}

// Byte offset of character number `n` (from 0); the size when there are fewer.
inline std::size_t offset_of(std::string_view t, std::int64_t n) {
  std::size_t i = 0;
  while (i < t.size() && n > 0) {
    ++i;
    while (i < t.size() && continues_character(t[i])) ++i;
    --n;
  }
  return i;
}

// The characters [begin, end) of a text.
inline text_ref characters(text_ref t, std::int64_t begin, std::int64_t end) {
  if (begin >= end) return {t.data, 0};
  const std::string_view v = t.view();
  const std::size_t from = offset_of(v, begin);
  const std::size_t size = offset_of(v.substr(from), end - begin);
  return {t.data + from, size};
}

}  // namespace weir::expression
