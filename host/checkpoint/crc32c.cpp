#include "checkpoint/crc32c.hpp"

#include <cstring>
#ifdef __SSE4_2__
#  include <nmmintrin.h>
#else
#  include <array>
#endif

namespace weir::checkpoint {

#ifdef __SSE4_2__

std::uint32_t crc32c(std::uint32_t so_far, std::string_view bytes) noexcept {
  std::uint64_t crc = ~so_far;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; p += 8, n -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto small = static_cast<std::uint32_t>(crc);
  for (; n; ++p, --n) small = _mm_crc32_u8(small, static_cast<unsigned char>(*p));
  return ~small;
}

#else

namespace {
constexpr auto table = [] {
  std::array<std::uint32_t, 256> t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (c & 1 ? 0x82f63b78u : 0u);
    t[i] = c;
  }
  return t;
}();
}  // namespace

std::uint32_t crc32c(std::uint32_t so_far, std::string_view bytes) noexcept {
  std::uint32_t crc = ~so_far;
  for (const char b : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(b)) & 0xff];
  return ~crc;
}

#endif

}  // namespace weir::checkpoint
