// FNV-1a as a sum. One step is x' = (x ^ b) * P. The xor touches only the low byte L of x, so with d = (L ^ b) - L it is
// x' = (x + d) * P, and n steps are x_n = P^n * (x_0 + sum of d_k * P^-k) (P is odd, so it has an inverse modulo 2^64). The low
// bytes form a chain of their own that needs 8-bit arithmetic only: L' = (L ^ b) * (P mod 256). So 16 rows go side by side in
// 16-bit lanes: the chain costs three instructions a position, and the sum is a dot product with constants (P^-k as four signed
// 16-bit limbs), which pmaddwd does for two positions and eight rows at a time. A byte 0 has d = 0: shorter rows are padded with it.
#include "digest/fnv.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#  include <immintrin.h>

namespace digest {
namespace {

// Positions that are summed before the hash is put together: 255 * 2^15 * 128 stays below 2^31.
constexpr std::uint32_t chunk = 128;
constexpr std::size_t lanes = 16;

constexpr std::uint64_t inverse(std::uint64_t odd) {
  std::uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}
static_assert(inverse(fnv_prime) * fnv_prime == 1);

struct tables {
  // limbs[pair][j]: limb j of P^-(2 * pair) in the low, of P^-(2 * pair + 1) in the high half, ready for pmaddwd.
  alignas(16) std::uint32_t limbs[chunk / 2][4] = {};
  std::uint64_t powers[chunk + 1] = {};
};

constexpr tables make_tables() {
  tables t;
  t.powers[0] = 1;
  for (std::uint32_t i = 1; i <= chunk; ++i) t.powers[i] = t.powers[i - 1] * fnv_prime;
  std::uint64_t power = 1;
  for (std::uint32_t k = 0; k < chunk; ++k) {
    std::uint64_t rest = power;
    for (unsigned j = 0; j < 4; ++j) {
      const auto limb = static_cast<std::int16_t>(static_cast<std::uint16_t>(rest));
      t.limbs[k / 2][j] |= static_cast<std::uint32_t>(static_cast<std::uint16_t>(limb)) << (k % 2 * 16);
      rest = (rest - static_cast<std::uint64_t>(static_cast<std::int64_t>(limb))) >> 16;
    }
    power *= inverse(fnv_prime);
  }
  return t;
}
constexpr tables table = make_tables();

// This file is compiled like all others and only these functions use AVX2: nothing of the standard library is called in them, or
// an inline function of it, compiled for AVX2, could become the one copy that the whole plugin uses.
#  define WEIR_AVX2 __attribute__((target("avx2"))) inline

struct group {
  const char* text[lanes];
  std::uint32_t size[lanes];
  std::uint32_t shortest, longest;
};

// Sums of the four limbs, 32 bits a row: a = rows 0-3 and 8-11, b = rows 4-7 and 12-15.
struct sums {
  __m256i a[4], b[4];
};

// 16 bytes of each row, transposed: column[p] holds positions 2p and 2p + 1 of rows 0-7 (low half) and 8-15 (high half).
// With `Masked`, what is behind a row's end becomes 0; left = bytes left of rows 0-7 in both ... of rows 8-15 in the high half.
template <bool Masked>
WEIR_AVX2 void load_columns(const group& g, std::uint32_t at, __m256i left, __m256i* column) {
  __m256i r[8], s[8], t[8];
  for (int i = 0; i < 8; ++i) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(g.text[i] + at));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(g.text[i + 8] + at));
    r[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    if constexpr (Masked) {
      const __m256i place =
          _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
      const __m256i mine = _mm256_shuffle_epi8(left, _mm256_set1_epi8(static_cast<char>(i)));
      r[i] = _mm256_and_si256(r[i], _mm256_cmpgt_epi8(mine, place));
    }
  }
  for (int i = 0; i < 4; ++i) {
    s[2 * i] = _mm256_unpacklo_epi8(r[i], r[i + 4]);  // rows i, i+4
    s[2 * i + 1] = _mm256_unpackhi_epi8(r[i], r[i + 4]);
  }
  for (int half = 0; half < 2; ++half)
    for (int i = 0; i < 2; ++i) {
      const __m256i x = s[2 * i + half], y = s[2 * (i + 2) + half];  // rows i, i+4 and i+2, i+6
      t[4 * half + 2 * i] = _mm256_unpacklo_epi8(x, y);
      t[4 * half + 2 * i + 1] = _mm256_unpackhi_epi8(x, y);
    }
  for (int q = 0; q < 4; ++q) {
    const int base = 4 * (q / 2) + q % 2;
    column[2 * q] = _mm256_unpacklo_epi8(t[base], t[base + 2]);
    column[2 * q + 1] = _mm256_unpackhi_epi8(t[base], t[base + 2]);
  }
}

// Takes two positions of all rows.
WEIR_AVX2 void take_pair(__m256i column, const std::uint32_t* limb, __m256i& low_byte, sums& to) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i prime = _mm256_set1_epi16(static_cast<std::int16_t>(fnv_prime & 255));
  const __m256i mixed0 = _mm256_xor_si256(low_byte, _mm256_unpacklo_epi8(column, zero));
  const __m256i d0 = _mm256_sub_epi16(mixed0, low_byte);
  low_byte = _mm256_mullo_epi16(mixed0, prime);  // what is above the low byte is never read: it cancels in d
  const __m256i mixed1 = _mm256_xor_si256(low_byte, _mm256_unpackhi_epi8(column, zero));
  const __m256i d1 = _mm256_sub_epi16(mixed1, low_byte);
  low_byte = _mm256_mullo_epi16(mixed1, prime);
  const __m256i a = _mm256_unpacklo_epi16(d0, d1), b = _mm256_unpackhi_epi16(d0, d1);
#  pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m256i l = _mm256_set1_epi32(static_cast<int>(limb[j]));
    to.a[j] = _mm256_add_epi32(to.a[j], _mm256_madd_epi16(a, l));
    to.b[j] = _mm256_add_epi32(to.b[j], _mm256_madd_epi16(b, l));
  }
}

// The four limbs' sums of four rows as 64-bit numbers.
WEIR_AVX2 __m256i join(__m128i l0, __m128i l1, __m128i l2, __m128i l3) {
  const __m256i low = _mm256_add_epi64(_mm256_cvtepi32_epi64(l0), _mm256_slli_epi64(_mm256_cvtepi32_epi64(l1), 16));
  const __m256i high = _mm256_add_epi64(_mm256_slli_epi64(_mm256_cvtepi32_epi64(l2), 32),
                                        _mm256_slli_epi64(_mm256_cvtepi32_epi64(l3), 48));
  return _mm256_add_epi64(low, high);
}

// Hashes positions [from, from + chunk) of the rows on: hash[i] goes from P^from's side to the end of the chunk.
WEIR_AVX2 void hash_chunk(const group& g, std::uint32_t from, std::uint64_t* hash) {
  alignas(32) std::uint16_t start[lanes];
  for (std::size_t i = 0; i < lanes; ++i) start[i] = static_cast<std::uint16_t>(hash[i] & 255);
  __m256i low_byte = _mm256_load_si256(reinterpret_cast<const __m256i*>(start));
  const __m256i zero = _mm256_setzero_si256();
  sums to = {{zero, zero, zero, zero}, {zero, zero, zero, zero}};
  const std::uint32_t end = g.longest < from + chunk ? g.longest : from + chunk;
  __m256i column[8];
  std::uint32_t at = from;
  for (; at + 16 <= end && at + 16 <= g.shortest; at += 16) {
    load_columns<false>(g, at, zero, column);
    const auto* const limb = table.limbs[(at - from) / 2];
#  pragma GCC unroll 8
    for (int p = 0; p < 8; ++p) take_pair(column[p], limb + 4 * p, low_byte, to);
  }
  for (; at < end; at += 16) {
    // Bytes left of each row, at most 127, as bytes: rows 0-7 in the low half, 8-15 in the high half.
    const __m256i here = _mm256_set1_epi32(static_cast<int>(at)), most = _mm256_set1_epi32(127);
    const __m256i* const size = reinterpret_cast<const __m256i*>(g.size);
    __m256i x = _mm256_sub_epi32(_mm256_loadu_si256(size), here),
            y = _mm256_sub_epi32(_mm256_loadu_si256(size + 1), here);
    x = _mm256_min_epi32(_mm256_max_epi32(x, zero), most);
    y = _mm256_min_epi32(_mm256_max_epi32(y, zero), most);
    const __m256i low =
        _mm256_permute4x64_epi64(_mm256_packus_epi32(x, x), 0x08);  // rows 0-7, 16 bits, in the low half
    const __m256i high = _mm256_permute4x64_epi64(_mm256_packus_epi32(y, y), 0x08);  // rows 8-15
    const __m256i both = _mm256_permute2x128_si256(low, high, 0x20);
    load_columns<true>(g, at, _mm256_packus_epi16(both, both), column);
    const auto* limb = table.limbs[(at - from) / 2];
    const std::uint32_t pairs = end - at < 16 ? (end - at + 1) / 2 : 8;
    for (std::uint32_t p = 0; p < pairs; ++p, limb += 4) take_pair(column[p], limb, low_byte, to);
  }
  alignas(32) std::uint64_t sum[lanes];
  for (int i = 0; i < 4; ++i) {
    const __m256i* const part = i % 2 == 0 ? to.a : to.b;
    __m256i four;
    if (i < 2)
      four = join(_mm256_castsi256_si128(part[0]), _mm256_castsi256_si128(part[1]), _mm256_castsi256_si128(part[2]),
                  _mm256_castsi256_si128(part[3]));
    else
      four = join(_mm256_extracti128_si256(part[0], 1), _mm256_extracti128_si256(part[1], 1),
                  _mm256_extracti128_si256(part[2], 1), _mm256_extracti128_si256(part[3], 1));
    _mm256_store_si256(reinterpret_cast<__m256i*>(sum + 4 * i), four);
  }
  for (std::size_t i = 0; i < lanes; ++i) {
    const std::uint32_t left = g.size[i] > from ? g.size[i] - from : 0;
    hash[i] = (hash[i] + sum[i]) * table.powers[left < chunk ? left : chunk];
  }
}

}  // namespace

__attribute__((target("avx2"))) std::uint64_t sum_fnv_avx2(const char* data, const std::uint32_t* ends,
                                                           std::size_t count) {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    group g;
    g.shortest = UINT32_MAX;
    g.longest = 0;
    std::uint64_t hash[lanes];
    for (std::size_t k = 0; k < lanes; ++k) {
      const std::uint32_t size = ends[i + k + 1] - ends[i + k];
      g.text[k] = data + ends[i + k];
      g.size[k] = size;
      g.shortest = size < g.shortest ? size : g.shortest;
      g.longest = size > g.longest ? size : g.longest;
      hash[k] = fnv_offset;
    }
    for (std::uint32_t from = 0; from < g.longest; from += chunk) hash_chunk(g, from, hash);
    for (std::size_t k = 0; k < lanes; ++k) sum += hash[k];
  }
  return sum + sum_fnv_lockstep(data, ends + i, count - i);
}

}  // namespace digest

#else

namespace digest {
std::uint64_t sum_fnv_avx2(const char* data, const std::uint32_t* ends, std::size_t count) {
  return sum_fnv_lockstep(data, ends, count);
}
}  // namespace digest

#endif
