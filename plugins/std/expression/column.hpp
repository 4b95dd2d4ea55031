// Vectors of values while an expression is evaluated: one entry for each physical row of the batch, as plain arrays.
//   bool: one byte, 0 or 1.  decimal, hugeint: int128.  text, binary: text_ref.  interval: span.  Others: as in Arrow.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "type.hpp"

namespace weir::expression {

// A piece of text: points into the batch, into the program (literals) or into the frame's arena. Lives as long as the
// batch.
struct text_ref {
  const char* data;
  std::uint64_t size;
  std::string_view view() const { return {data, size}; }
};

// INTERVAL: the three parts are kept apart, because a month has no fixed length.
struct span {
  std::int32_t months;
  std::int32_t days;
  std::int64_t micros;
};

// The rows to work on: `count` ascending physical row numbers, or all rows 0 .. count-1 when index is null.
struct row_set {
  const std::uint32_t* index;
  std::int64_t count;
};

// A vector: values by physical row. Entries of rows outside the row set, and values where valid is 0, may be anything.
struct column {
  const void* values{nullptr};
  const std::uint8_t* valid{nullptr};  // one byte a row, 0 or 1; null: no nulls

  template <class T>
  const T* as() const {
    return static_cast<const T*>(values);
  }
  bool is_valid(std::int64_t row) const { return !valid || valid[row]; }
};

// Memory that is reused from batch to batch. Grows by doubling, is zero when new, and has 64 spare bytes at its end.
class buffer {
 public:
  void* reserve(std::size_t bytes) {
    if (bytes > size_) grow(bytes);
    return data_.get();
  }

 private:
  struct release {
    void operator()(void* p) const { std::free(p); }
  };
  void grow(std::size_t bytes) {
    std::size_t size = size_ ? size_ : 256;
    while (size < bytes) size *= 2;
    void* fresh = std::aligned_alloc(64, size + 64);
    if (!fresh) throw std::bad_alloc{};
    std::memset(fresh, 0, size + 64);
    data_.reset(fresh);
    size_ = size;
  }
  std::unique_ptr<void, release> data_;
  std::size_t size_{0};
};

// Bytes of texts that functions make. reset() forgets all of them and keeps the memory.
class arena {
 public:
  char* take(std::size_t bytes) {
    if (used_ + bytes >= end_) return take_chunk(bytes);
    char* p = chunks_[at_].get() + used_;
    used_ += bytes;
    return p;
  }
  text_ref copy(std::string_view text) {
    char* p = take(text.size());
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    return {p, text.size()};
  }
  void reset() {
    at_ = 0;
    used_ = 0;
    end_ = sizes_.empty() ? 0 : sizes_[0];
  }

 private:
  static constexpr std::size_t chunk_bytes = 65536;
  char* take_chunk(std::size_t bytes) {
    // The next chunk that is large enough; smaller ones on the way are left out until reset().
    std::size_t next = chunks_.empty() ? 0 : at_ + 1;
    while (next < chunks_.size() && sizes_[next] < bytes) ++next;
    if (next == chunks_.size()) {
      const std::size_t size = bytes > chunk_bytes ? bytes : chunk_bytes;
      chunks_.push_back(std::make_unique<char[]>(size));
      sizes_.push_back(size);
    }
    at_ = next;
    used_ = bytes;
    end_ = sizes_[next];
    return chunks_[next].get();
  }
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::size_t> sizes_;
  std::size_t at_{0}, used_{0}, end_{0};
};

}  // namespace weir::expression
