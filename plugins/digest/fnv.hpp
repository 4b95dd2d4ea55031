// FNV-1a-64 of many short texts at once. The hash takes one byte after the other, each step a multiplication that waits for the last
// one; so the rows of a batch are hashed side by side, which keeps the multiplier busy, and with AVX2 the steps of one row are turned
// into a sum whose terms do not wait for each other (see fnv_avx2.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace digest {

bool has_avx2();  // of this processor

inline constexpr std::uint64_t fnv_offset = 0xcbf29ce484222325ull;
inline constexpr std::uint64_t fnv_prime = 0x100000001b3ull;

// Bytes behind the last text that may be read, whatever they are: this many and as many as the longest text has.
inline constexpr std::size_t fnv_padding = 64;

// The plain definition, one text.
inline std::uint64_t fnv1a(const char* text, std::size_t size) {
  std::uint64_t hash = fnv_offset;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<unsigned char>(text[i])) * fnv_prime;
  return hash;
}

// Wrapping sum of the hashes of `count` texts; text i is data[ends[i] .. ends[i + 1]).
using sum_fnv_fn = std::uint64_t (*)(const char* data, const std::uint32_t* ends, std::size_t count);

std::uint64_t sum_fnv_lockstep(const char* data, const std::uint32_t* ends, std::size_t count);  // any processor
std::uint64_t sum_fnv_avx2(const char* data, const std::uint32_t* ends, std::size_t count);      // only if has_avx2()

// The fastest one of this processor.
inline sum_fnv_fn best_sum_fnv() { return has_avx2() ? sum_fnv_avx2 : sum_fnv_lockstep; }

}  // namespace digest
