// An open-addressing table with keys other than 0, linear probing, huge pages. What a hand-written loop would use.
#pragma once

#include <sys/mman.h>

#include <cstdlib>

#include "events.hpp"

namespace limit {

// Key: operator==, spread() and empty(); Value: trivial.
template <class Key, class Value>
class table {
 public:
  struct slot {
    Key key;
    Value value;
  };
  explicit table(u64 capacity = 1024) { make(capacity); }
  ~table() { std::free(slots_); }
  table(const table&) = delete;
  table& operator=(const table&) = delete;

  ALWAYS_INLINE void prefetch(Key key) const { __builtin_prefetch(slots_ + place(key), 1); }
  ALWAYS_INLINE Value* find(Key key) {
    for (u64 i = place(key);; i = (i + 1) & mask_) {
      if (slots_[i].key == key) return &slots_[i].value;
      if (slots_[i].key.empty()) return nullptr;
    }
  }
  // The value of a key, all zero when it is new.
  ALWAYS_INLINE Value& at(Key key) {
    for (u64 i = place(key);; i = (i + 1) & mask_) {
      if (slots_[i].key == key) return slots_[i].value;
      if (slots_[i].key.empty()) return insert(i, key);
    }
  }
  void erase(Key key) {
    u64 hole = place(key);
    while (!(slots_[hole].key == key)) {
      if (slots_[hole].key.empty()) return;
      hole = (hole + 1) & mask_;
    }
    for (u64 i = (hole + 1) & mask_; !slots_[i].key.empty(); i = (i + 1) & mask_)
      if (((i - place(slots_[i].key)) & mask_) >= ((i - hole) & mask_)) {
        slots_[hole] = slots_[i];
        hole = i;
      }
    std::memset(static_cast<void*>(slots_ + hole), 0, sizeof(slot));
    --used_;
  }
  void clear() {
    std::memset(static_cast<void*>(slots_), 0, (mask_ + 1) * sizeof(slot));
    used_ = 0;
  }
  template <class F>
  void for_each(F&& f) const {
    for (u64 i = 0; i <= mask_; ++i)
      if (!slots_[i].key.empty()) f(slots_[i].key, slots_[i].value);
  }

 private:
  ALWAYS_INLINE u64 place(Key key) const { return key.spread() >> shift_; }
  Value& insert(u64 i, Key key) {
    if (used_ * 8 >= (mask_ + 1) * 5) {
      grow();
      return at(key);
    }
    ++used_;
    slots_[i].key = key;
    return slots_[i].value;
  }
  void grow() {
    slot* const old = slots_;
    const u64 count = mask_ + 1;
    make(count * 2);
    used_ = 0;
    for (u64 i = 0; i < count; ++i)
      if (!old[i].key.empty()) at(old[i].key) = old[i].value;
    std::free(old);
  }
  void make(u64 capacity) {
    constexpr u64 huge = 1u << 21;
    mask_ = capacity - 1;
    shift_ = 64 - __builtin_ctzll(capacity);
    const u64 bytes = (capacity * sizeof(slot) + huge - 1) / huge * huge;
    if (capacity * sizeof(slot) >= huge) {
      slots_ = static_cast<slot*>(std::aligned_alloc(huge, bytes));
      madvise(static_cast<void*>(slots_), bytes, MADV_HUGEPAGE);
    } else {
      slots_ = static_cast<slot*>(std::malloc(capacity * sizeof(slot)));
    }
    std::memset(static_cast<void*>(slots_), 0, capacity * sizeof(slot));
  }

  slot* slots_ = nullptr;
  u64 mask_ = 0, used_ = 0;
  int shift_ = 0;
};

struct id_key {
  u64 id;
  bool operator==(const id_key&) const = default;
  ALWAYS_INLINE bool empty() const { return id == 0; }
  ALWAYS_INLINE u64 spread() const { return id * 0x9E3779B97F4A7C15ull; }
};
struct pair_key {
  u64 a, b;
  bool operator==(const pair_key&) const = default;
  ALWAYS_INLINE bool empty() const { return a == 0; }
  ALWAYS_INLINE u64 spread() const { return (a * 0xBF58476D1CE4E5B9ull ^ b) * 0x9E3779B97F4A7C15ull; }
};

}  // namespace limit
