// Reads single values and whole columns out of Arrow arrays.
#pragma once

#include "column.hpp"
#include "weir/arrow.h"

namespace weir::expression {

inline bool bit(const std::uint8_t* bits, std::int64_t i) { return (bits[i >> 3] >> (i & 7)) & 1; }

// True when entry i of the array is not null.
inline bool present(const ArrowArray& a, std::int64_t i) {
  if (a.null_count == 0 || a.n_buffers == 0 || !a.buffers[0]) return true;
  return bit(static_cast<const std::uint8_t*>(a.buffers[0]), i + a.offset);
}

// A bitmap as bytes 0 and 1, from `offset` on.
inline void unpack_bits(const std::uint8_t* bits, std::int64_t offset, std::int64_t count, std::uint8_t* out) {
  if (offset % 8 == 0) {
    bits += offset / 8;
    std::int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
      // Eight bits spread over eight bytes: each byte gets a copy, keeps its own bit, and turns it into 0 or 1.
      const std::uint64_t x = bits[i >> 3] * 0x0101010101010101ull & 0x8040201008040201ull;
      const std::uint64_t y = ((x + 0x7f7f7f7f7f7f7f7full) >> 7) & 0x0101010101010101ull;
      // The highest byte would carry out; it is small enough not to: each byte holds one bit at most, and 0x80 + 0x7f =
      // 0xff.
      std::memcpy(out + i, &y, 8);
    }
    for (; i < count; ++i) out[i] = bit(bits, i);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) out[i] = bit(bits, i + offset);
}

// Value i of an array whose kind has the vector type T (bool: byte, text: text_ref, decimal: int128). width: fixed
// binary.
template <class T>
inline T value_at(const ArrowArray& a, kind k, int width, std::int64_t i) {
  i += a.offset;
  if constexpr (std::is_same_v<T, text_ref>) {
    if (width) return {static_cast<const char*>(a.buffers[1]) + i * width, static_cast<std::uint64_t>(width)};
    const auto* offsets = static_cast<const std::int32_t*>(a.buffers[1]);
    return {static_cast<const char*>(a.buffers[2]) + offsets[i],
            static_cast<std::uint64_t>(offsets[i + 1] - offsets[i])};
  } else {
    if constexpr (std::is_same_v<T, std::uint8_t>) {
      if (k == kind::boolean) return bit(static_cast<const std::uint8_t*>(a.buffers[1]), i);
    }
    (void)k;
    T v;
    std::memcpy(&v, static_cast<const char*>(a.buffers[1]) + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    return v;
  }
}

}  // namespace weir::expression
