// Where the rows of a hand-written query end: row count and the wrapping sum of the FNV-1a-64 of each row's text.
#pragma once

#include "events.hpp"

namespace limit {

inline constexpr u64 fnv_start = 0xcbf29ce484222325ull, fnv_prime = 0x100000001b3ull;

ALWAYS_INLINE u64 fnv(const char* text, u32 size) {
  u64 x = fnv_start;
  for (u32 i = 0; i < size; ++i) x = (x ^ static_cast<unsigned char>(text[i])) * fnv_prime;
  return x;
}

enum class sink_kind {
  cheap,  // rows and the sum of their numbers: no text is made
  fnv,    // one row after the other
  fnvx    // eight rows side by side
};

template <sink_kind Kind>
class sink {
 public:
  u64 rows = 0, sum = 0;

  // One row of numbers.
  template <class... Number>
  ALWAYS_INLINE void row(u64 first, Number... rest) {
    if constexpr (Kind == sink_kind::cheap) {
      ++rows;
      sum += (first + ... + rest);
    } else {
      char* at = put(begin(), first);
      ((*at++ = '|', at = put(at, static_cast<u64>(rest))), ...);
      end(at);
    }
  }
  // Numbers and a time at their end; events share their time with their neighbours, so its text is kept.
  ALWAYS_INLINE void row_at(u64 a, u64 b, u64 c, u64 ts) {
    if constexpr (Kind == sink_kind::cheap) {
      row(a, b, c, ts);
    } else {
      char* at = put(begin(), a);
      *at++ = '|';
      at = put(at, b);
      *at++ = '|';
      at = put(at, c);
      *at++ = '|';
      if (ts != ts_) put(ts_text_, ts_ = ts);
      std::memcpy(at, ts_text_, 13);
      end(at + 13);
    }
  }
  // A row that `write(to)` makes, which returns its end; `number` stands for it in the cheap sink.
  template <class Write>
  ALWAYS_INLINE void text(u64 number, Write&& write) {
    if constexpr (Kind == sink_kind::cheap)
      row(number);
    else
      end(write(begin()));
  }
  void finish() {
    for (int i = 0; i < held_; ++i) sum += fnv(texts_[i], sizes_[i]);
    held_ = 0;
  }

 private:
  ALWAYS_INLINE char* begin() { return texts_[held_]; }
  ALWAYS_INLINE void end(const char* to) {
    ++rows;
    const auto size = static_cast<u32>(to - texts_[held_]);
    if constexpr (Kind == sink_kind::fnv) {
      sum += fnv(texts_[0], size);
    } else {
      sizes_[held_] = size;
      if (++held_ == 8) hash_eight();
    }
  }
  void hash_eight() {
    u32 common = sizes_[0];
    for (const u32 s : sizes_) common = s < common ? s : common;
    u64 x[8];
    for (u64& v : x) v = fnv_start;
    for (u32 i = 0; i < common; ++i)
#pragma GCC unroll 8
      for (int k = 0; k < 8; ++k) x[k] = (x[k] ^ static_cast<unsigned char>(texts_[k][i])) * fnv_prime;
    for (int k = 0; k < 8; ++k) {
      for (u32 i = common; i < sizes_[k]; ++i) x[k] = (x[k] ^ static_cast<unsigned char>(texts_[k][i])) * fnv_prime;
      sum += x[k];
    }
    held_ = 0;
  }

  char texts_[8][128];
  u32 sizes_[8] = {};
  int held_ = 0;
  u64 ts_ = 0;
  char ts_text_[16];
};

}  // namespace limit
