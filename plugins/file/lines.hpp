// Where lines end. The scan looks at 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#  include <emmintrin.h>
#endif

namespace file {

struct line_ends {
  std::int64_t count = 0;   // lines found
  std::size_t scanned = 0;  // bytes looked at: behind the last line found when `most` were found, else all
  std::size_t end = 0;      // behind the last line found
};

// Finds the ends of complete lines in data[from, size): writes for each the place behind its newline to ends. Stops after `most`.
inline line_ends find_lines(const char* data, std::size_t from, std::size_t size, std::int32_t* ends,
                            std::int64_t most) {
  line_ends found;
  std::size_t at = from;
  const auto note = [&](std::size_t newline) {
    found.end = newline + 1;
    ends[found.count] = static_cast<std::int32_t>(found.end);
    return ++found.count == most;
  };
  if (most <= 0) return found;
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  for (; at + 64 <= size; at += 64) {
    std::uint64_t bits = 0;
    for (unsigned part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + at + 16 * part));
      bits |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline))))
              << (16 * part);
    }
    for (; bits != 0; bits &= bits - 1)
      if (note(at + static_cast<unsigned>(__builtin_ctzll(bits)))) {
        found.scanned = found.end;
        return found;
      }
  }
#endif
  while (at < size) {
    const void* const hit = std::memchr(data + at, '\n', size - at);
    if (!hit) break;
    at = static_cast<std::size_t>(static_cast<const char*>(hit) - data) + 1;
    if (note(at - 1)) {
      found.scanned = found.end;
      return found;
    }
  }
  found.scanned = size;
  return found;
}

}  // namespace file
