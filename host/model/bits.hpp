#pragma once
// Bitmaps as Arrow lays them out: bit i is bit i % 8 of byte i / 8. Sources may be read 8 bytes at a time behind their
// end (all buffers of batches have that room).
#include <bit>
#include <cstdint>
#include <cstring>

namespace weir::model {

inline bool bit_at(const std::uint8_t* bits, std::int64_t i) noexcept { return (bits[i >> 3] >> (i & 7)) & 1; }
inline void set_bit(std::uint8_t* bits, std::int64_t i, bool on) noexcept {
  const auto mask = static_cast<std::uint8_t>(1u << (i & 7));
  bits[i >> 3] = static_cast<std::uint8_t>(on ? bits[i >> 3] | mask : bits[i >> 3] & ~mask);
}
inline constexpr std::int64_t bit_bytes(std::int64_t bits) noexcept { return (bits + 7) / 8; }

/// Number of ones among the first n bits.
inline std::int64_t count_ones(const std::uint8_t* bits, std::int64_t n) noexcept {
  std::int64_t ones = 0;
  std::int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    std::uint64_t word;
    std::memcpy(&word, bits + i / 8, 8);
    ones += std::popcount(word);
  }
  for (; i < n; i += 8) {
    const std::int64_t left = n - i;
    const auto mask = left >= 8 ? 0xffu : (1u << left) - 1;
    ones += std::popcount(bits[i / 8] & mask);
  }
  return ones;
}

/// Appends bits; writes whole bytes as it goes. Call finish() at the end.
class bit_writer {
 public:
  explicit bit_writer(std::uint8_t* to) noexcept : to_(to) {}
  void push(unsigned bit) noexcept {
    byte_ |= bit << filled_;
    if (++filled_ == 8) next();
  }
  /// n equal bits.
  void fill(bool on, std::int64_t n) noexcept {
    for (; n > 0 && filled_ != 0; --n) push(on);
    if (n <= 0) return;
    const std::int64_t bytes = n / 8;
    std::memset(to_, on ? 0xff : 0, static_cast<std::size_t>(bytes));
    to_ += bytes;
    for (n -= bytes * 8; n > 0; --n) push(on);
  }
  /// Bits begin .. begin + n - 1 of a bitmap.
  void copy(const std::uint8_t* bits, std::int64_t begin, std::int64_t n) noexcept {
    if (filled_ == 0 && begin % 8 == 0) {
      const std::int64_t bytes = n / 8;
      std::memcpy(to_, bits + begin / 8, static_cast<std::size_t>(bytes));
      to_ += bytes;
      begin += bytes * 8;
      n -= bytes * 8;
    }
    for (; n > 0; --n) push(bit_at(bits, begin++));
  }
  void gather(const std::uint8_t* bits, const std::uint32_t* rows, std::int64_t n) noexcept {
    for (; n > 0 && filled_ != 0; --n) push(bit_at(bits, *rows++));
    for (; n >= 8; n -= 8, rows += 8) {
      unsigned byte = 0;
      for (int k = 0; k < 8; ++k) byte |= static_cast<unsigned>(bit_at(bits, rows[k])) << k;
      *to_++ = static_cast<std::uint8_t>(byte);
    }
    for (; n > 0; --n) push(bit_at(bits, *rows++));
  }
  void finish() noexcept {
    if (filled_ != 0) next();
  }

 private:
  void next() noexcept {
    *to_++ = static_cast<std::uint8_t>(byte_);
    byte_ = 0;
    filled_ = 0;
  }
  std::uint8_t* to_;
  unsigned byte_ = 0;
  int filled_ = 0;
};

}  // namespace weir::model
