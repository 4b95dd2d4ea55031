// Decimal text of many integers at once, each in one 64-bit word: the first half of writing rows of numbers fast. The second half
// (row_text.cpp) only copies the words behind each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "digest/fnv.hpp"

namespace digest {

inline constexpr std::size_t block_rows = 128;  // rows that are written and hashed together
inline constexpr std::int64_t short_limit = 100'000'000;

// Text of block_rows numbers: size[i] bytes (the lowest first) of text[i].
struct short_texts {
  alignas(32) std::uint64_t text[block_rows];
  alignas(32) std::uint32_t size[block_rows];
};

struct number_range {
  std::int64_t least, most;
};

// How to do it on this processor. `count` is at most block_rows; up to 8 values behind the last one are read.
struct number_writer {
  number_range (*range)(const std::int64_t* values, std::size_t count);
  // Values in [0, 10^8), without leading zeros.
  void (*short_numbers)(const std::int64_t* values, std::size_t count, short_texts& out);
  // value - base in [0, 10^8), always eight digits; `size` is left alone.
  void (*eight_digits)(const std::int64_t* values, std::int64_t base, std::size_t count, short_texts& out);
};

extern const number_writer portable_numbers;
extern const number_writer avx2_numbers;  // only if has_avx2()
inline const number_writer& best_numbers() { return has_avx2() ? avx2_numbers : portable_numbers; }

}  // namespace digest
