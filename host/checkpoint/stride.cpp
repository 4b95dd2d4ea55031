#include "checkpoint/stride.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#ifdef __SSSE3__
#  include <tmmintrin.h>
#endif

namespace weir::checkpoint::stride {
namespace {

constexpr std::size_t shortest = 8, longest = 255;

std::uint64_t load(const char* at) noexcept {
  std::uint64_t v;
  std::memcpy(&v, at, sizeof v);
  return v;
}

/// A bit for each byte that is not zero, the lowest for the first.
unsigned mask_of(std::uint64_t v) noexcept {
#ifdef __SSSE3__
  const __m128i x = _mm_cvtsi64_si128(static_cast<long long>(v));
  return ~static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_setzero_si128()))) & 0xffu;
#else
  constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7fu;
  const std::uint64_t top = (((v & low) + low) | v) & ~low;  // the top bit of each byte that is not zero
  return static_cast<unsigned>((top >> 7) * 0x0102040810204080u >> 56);
#endif
}

#ifdef __SSSE3__
/// For each mask: which bytes to take, one after the other (to pack), and where each byte comes from (to unpack).
struct tables {
  alignas(16) std::array<std::array<std::uint8_t, 8>, 256> pack{}, unpack{};
};
constexpr tables made = [] {
  tables t;
  for (unsigned mask = 0; mask < 256; ++mask) {
    std::uint8_t n = 0;
    for (std::uint8_t i = 0; i < 8; ++i) {
      t.unpack[mask][i] = 0x80;
      if ((mask >> i & 1) == 0) continue;
      t.pack[mask][n] = i;
      t.unpack[mask][i] = n++;
    }
    for (; n < 8; ++n) t.pack[mask][n] = 0x80;
  }
  return t;
}();
std::uint64_t shuffled(std::uint64_t v, const std::array<std::uint8_t, 8>& how) noexcept {
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_shuffle_epi8(
      _mm_cvtsi64_si128(static_cast<long long>(v)), _mm_loadl_epi64(reinterpret_cast<const __m128i*>(how.data())))));
}
std::uint64_t packed(std::uint64_t v, unsigned mask) noexcept { return shuffled(v, made.pack[mask]); }
std::uint64_t unpacked(std::uint64_t v, unsigned mask) noexcept { return shuffled(v, made.unpack[mask]); }
#else
std::uint64_t packed(std::uint64_t v, unsigned mask) noexcept {
  std::uint64_t out = 0;
  for (int at = 0; mask != 0; mask &= mask - 1, at += 8) out |= (v >> (std::countr_zero(mask) * 8) & 0xff) << at;
  return out;
}
std::uint64_t unpacked(std::uint64_t v, unsigned mask) noexcept {
  std::uint64_t out = 0;
  for (; mask != 0; mask &= mask - 1, v >>= 8) out |= (v & 0xff) << (std::countr_zero(mask) * 8);
  return out;
}
#endif

}  // namespace

std::size_t find(std::string_view raw) noexcept {
  constexpr std::size_t sample = 1024;
  if (raw.size() < sample + 2 * longest) return 0;
  // From the middle: the head of a block is no record.
  const char* const from = raw.data() + (raw.size() - sample - longest) / 2 + longest;
  std::size_t best = 0, least = sample;
  for (std::size_t s = shortest; s <= longest; ++s) {
    std::size_t differ = 0;
    for (std::size_t i = 0; i < sample && differ < least; i += 8)
      differ += static_cast<std::size_t>(std::popcount(mask_of(load(from + i) ^ load(from + i - s))));
    if (differ < least) least = differ, best = s;
  }
  // Where next to nothing differs, long matches say it shorter than a bit for each byte.
  return least >= sample / 32 && (least + sample / 8) * 5 <= sample * 3 ? best : 0;
}

std::size_t compress(std::string_view raw, std::size_t stride, char* into) noexcept {
  char* out = into;
  *out++ = static_cast<char>(stride);
  std::memcpy(out, raw.data(), stride);
  out += stride;
  const char* in = raw.data() + stride;
  const char* const end = raw.data() + raw.size();
  for (; end - in >= 8; in += 8) {
    const std::uint64_t v = load(in) ^ load(in - stride);
    const unsigned mask = mask_of(v);
    const std::uint64_t bytes = packed(v, mask);
    *out = static_cast<char>(mask);
    std::memcpy(out + 1, &bytes, sizeof bytes);
    out += 1 + std::popcount(mask);
  }
  if (in == end) return static_cast<std::size_t>(out - into);
  char* const mask = out++;
  *mask = 0;
  for (int i = 0; in < end; ++in, ++i) {
    const char v = static_cast<char>(*in ^ *(in - stride));
    if (v == 0) continue;
    *mask = static_cast<char>(*mask | 1 << i);
    *out++ = v;
  }
  return static_cast<std::size_t>(out - into);
}

bool decompress(std::string_view stored, char* into, std::size_t raw) noexcept {
  if (stored.empty()) return false;
  const std::size_t stride = static_cast<unsigned char>(stored[0]);
  if (stride < 1 || stride > raw || stored.size() < 1 + stride) return false;
  std::memcpy(into, stored.data() + 1, stride);
  const char* in = stored.data() + 1 + stride;
  const char* const in_end = stored.data() + stored.size();
  char* out = into + stride;
  char* const end = into + raw;
  // Eight at a time, where what is read and what is written lies inside, and nothing that is needed is written by the same step.
  if (stride >= 8) {
    for (; end - out >= 8 && in_end - in >= 9; out += 8) {
      const auto mask = static_cast<unsigned char>(*in);
      const std::uint64_t v = unpacked(load(in + 1), mask) ^ load(out - stride);
      std::memcpy(out, &v, sizeof v);
      in += 1 + std::popcount(mask);
    }
  }
  while (out < end) {
    if (in == in_end) return false;
    const auto mask = static_cast<unsigned char>(*in++);
    for (int i = 0; i < 8; ++i) {
      const bool there = (mask >> i & 1) != 0;
      if (out == end) {
        if (there) return false;
        continue;
      }
      if (there && in == in_end) return false;
      *out = static_cast<char>((there ? *in++ : 0) ^ *(out - stride));
      ++out;
    }
  }
  return in == in_end;
}

}  // namespace weir::checkpoint::stride
