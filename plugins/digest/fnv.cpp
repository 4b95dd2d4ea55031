#include "digest/fnv.hpp"

#include <algorithm>
#include <array>

namespace digest {

std::uint64_t sum_fnv_lockstep(const char* data, const std::uint32_t* ends, std::size_t count) {
  constexpr std::size_t lanes = 8;
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    std::array<const unsigned char*, lanes> text;
    std::array<std::uint64_t, lanes> hash;
    std::uint32_t shortest = UINT32_MAX;
    for (std::size_t k = 0; k < lanes; ++k) {
      text[k] = reinterpret_cast<const unsigned char*>(data) + ends[i + k];
      hash[k] = fnv_offset;
      shortest = std::min(shortest, ends[i + k + 1] - ends[i + k]);
    }
    for (std::uint32_t at = 0; at < shortest; ++at)
#pragma GCC unroll 8
      for (std::size_t k = 0; k < lanes; ++k) hash[k] = (hash[k] ^ text[k][at]) * fnv_prime;
    for (std::size_t k = 0; k < lanes; ++k) {
      for (std::uint32_t at = shortest; at < ends[i + k + 1] - ends[i + k]; ++at)
        hash[k] = (hash[k] ^ text[k][at]) * fnv_prime;
      sum += hash[k];
    }
  }
  for (; i < count; ++i) sum += fnv1a(data + ends[i], ends[i + 1] - ends[i]);
  return sum;
}

}  // namespace digest
