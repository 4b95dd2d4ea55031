// Like fnv_avx2.cpp this file is compiled like all others, and only these functions use AVX2: they call nothing of the standard
// library, whose inline functions, compiled for AVX2, could become the one copy that the whole plugin uses.
#include "digest/numbers.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#  include <immintrin.h>

namespace digest {

bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2");
}

namespace {
#  define WEIR_AVX2 __attribute__((target("avx2")))

// Four numbers below 10^8 in 64-bit lanes to eight digits each, as bytes 0..9, the first digit in the lowest byte.
WEIR_AVX2 inline __m256i digits_of(__m256i v) {
  const __m256i high = _mm256_srli_epi64(_mm256_mul_epu32(v, _mm256_set1_epi64x(0xd1b71759)), 45);  // v / 10^4
  const __m256i low = _mm256_sub_epi64(v, _mm256_mul_epu32(high, _mm256_set1_epi64x(10000)));
  const __m256i fours = _mm256_or_si256(high, _mm256_slli_epi64(low, 32));
  const __m256i hundreds = _mm256_srli_epi16(_mm256_mulhi_epu16(fours, _mm256_set1_epi16(5243)), 3);  // / 100
  const __m256i rest = _mm256_sub_epi16(fours, _mm256_mullo_epi16(hundreds, _mm256_set1_epi16(100)));
  const __m256i twos = _mm256_or_si256(hundreds, _mm256_slli_epi32(rest, 16));
  const __m256i tens = _mm256_mulhi_epu16(twos, _mm256_set1_epi16(6554));  // / 10
  const __m256i ones = _mm256_sub_epi16(twos, _mm256_mullo_epi16(tens, _mm256_set1_epi16(10)));
  return _mm256_or_si256(tens, _mm256_slli_epi16(ones, 8));
}

WEIR_AVX2 inline __m256i load4(const std::int64_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
WEIR_AVX2 inline void store4(std::uint64_t* to, __m256i v) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), v); }

WEIR_AVX2 number_range range(const std::int64_t* values, std::size_t count) {
  number_range r{values[0], values[0]};
  std::size_t i = 0;
  if (count >= 4) {
    __m256i least = load4(values), most = least;
    for (i = 4; i + 4 <= count; i += 4) {
      const __m256i v = load4(values + i);
      least = _mm256_blendv_epi8(least, v, _mm256_cmpgt_epi64(least, v));
      most = _mm256_blendv_epi8(most, v, _mm256_cmpgt_epi64(v, most));
    }
    alignas(32) std::int64_t low[4], high[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(low), least);
    _mm256_store_si256(reinterpret_cast<__m256i*>(high), most);
    for (int k = 0; k < 4; ++k) {
      r.least = low[k] < r.least ? low[k] : r.least;
      r.most = high[k] > r.most ? high[k] : r.most;
    }
  }
  for (; i < count; ++i) {
    r.least = values[i] < r.least ? values[i] : r.least;
    r.most = values[i] > r.most ? values[i] : r.most;
  }
  return r;
}

WEIR_AVX2 void short_numbers(const std::int64_t* values, std::size_t count, short_texts& out) {
  const __m256i zeros = _mm256_set1_epi8('0');
  const __m256i halves = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  for (std::size_t i = 0; i < count; i += 8) {
    const __m256i a = load4(values + i), b = load4(values + i + 4);
    const __m256i v =
        _mm256_blend_epi32(_mm256_permutevar8x32_epi32(a, halves), _mm256_permutevar8x32_epi32(b, halves), 0xf0);
    // 1 + how many of 9, 99, ... are less than the number: comparisons give -1 each.
    __m256i size = _mm256_set1_epi32(-1);
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(9)));
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(99)));
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(999)));
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(9999)));
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(99999)));
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(999999)));
    size = _mm256_add_epi32(size, _mm256_cmpgt_epi32(v, _mm256_set1_epi32(9999999)));
    const __m256i skip = _mm256_slli_epi32(_mm256_add_epi32(size, _mm256_set1_epi32(8)), 3);  // bits of leading zeros
    _mm256_store_si256(reinterpret_cast<__m256i*>(out.size + i), _mm256_sub_epi32(_mm256_setzero_si256(), size));
    const __m256i skip_a = _mm256_cvtepu32_epi64(_mm256_castsi256_si128(skip));
    const __m256i skip_b = _mm256_cvtepu32_epi64(_mm256_extracti128_si256(skip, 1));
    store4(out.text + i, _mm256_srlv_epi64(_mm256_or_si256(digits_of(a), zeros), skip_a));
    store4(out.text + i + 4, _mm256_srlv_epi64(_mm256_or_si256(digits_of(b), zeros), skip_b));
  }
}

WEIR_AVX2 void eight_digits(const std::int64_t* values, std::int64_t base, std::size_t count, short_texts& out) {
  const __m256i zeros = _mm256_set1_epi8('0'), from = _mm256_set1_epi64x(base);
  for (std::size_t i = 0; i < count; i += 4)
    store4(out.text + i, _mm256_or_si256(digits_of(_mm256_sub_epi64(load4(values + i), from)), zeros));
}

}  // namespace

const number_writer avx2_numbers{range, short_numbers, eight_digits};

}  // namespace digest

#else

namespace digest {
bool has_avx2() { return false; }
const number_writer avx2_numbers = portable_numbers;
}  // namespace digest

#endif
