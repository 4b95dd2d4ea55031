// weir/test/memory.hpp: batches and builders in plain malloc memory, each buffer just as long as promised, so that an
// address sanitizer sees a write behind its end and a use after its time. Fresh memory holds rubbish, freed memory is
// overwritten.
#ifndef WEIR_TEST_MEMORY_HPP
#define WEIR_TEST_MEMORY_HPP

#include <memory>
#include <utility>
#include <vector>

#include "weir/abi.h"
#include "weir/schema.hpp"

namespace weir::test {

// Bytes of one value of a fixed-width type; 0: bool, offsets, record.
std::uint32_t width_of(const field& f);

// Memory that is overwritten before it is freed.
class block {
 public:
  block() = default;
  explicit block(std::size_t size, int fill = 0xA5);
  block(block&& o) noexcept : data_{std::exchange(o.data_, nullptr)}, size_{std::exchange(o.size_, 0)} {}
  block& operator=(block&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~block();
  // Keeps the first bytes, at another address.
  void resize(std::size_t size);
  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

// A column of a batch that owns its buffers. Its address stays.
class owned_column {
 public:
  owned_column() = default;
  owned_column(const owned_column&) = delete;
  owned_column& operator=(const owned_column&) = delete;
  [[nodiscard]] const ArrowArray& array() const { return array_; }

  // A copy of the first `rows` rows of an array, which begins at offset 0. padding: bytes behind each buffer that may
  // be read. release, with `about` as its private data: what a plugin would call that releases what is not its own.
  static std::unique_ptr<owned_column> copy(const field& f, const ArrowArray& from, std::int64_t rows,
                                            std::size_t padding, void (*release)(ArrowArray*) = nullptr,
                                            void* about = nullptr);
  // What was written into a builder's column.
  static std::unique_ptr<owned_column> freeze(const field& f, const weir_column& c, std::int64_t rows);
  // Some rows of an array.
  static std::unique_ptr<owned_column> gather(const field& f, const ArrowArray& from,
                                              const std::vector<std::uint32_t>& rows);

 private:
  ArrowArray array_{};
  std::vector<block> blocks_;
  std::vector<const void*> buffers_;
  std::vector<std::unique_ptr<owned_column>> children_;
  std::vector<ArrowArray*> pointers_;
};

// A batch that owns its columns and facts.
struct owned_batch {
  schema columns_of;
  std::vector<std::shared_ptr<owned_column>> columns;
  std::int64_t length = 0;
  std::vector<std::uint32_t> rows;  // selected rows; with all = true: all of them
  bool all = true;
  std::vector<std::uint32_t> key;        // the key columns
  std::vector<std::uint64_t> key_hash;   // empty: no key
  std::vector<std::int64_t> event_time;  // empty: none
  std::vector<std::uint8_t> change;      // empty: all inserts
  std::vector<std::uint8_t> trace_id;    // empty: off
  std::vector<std::uint32_t> source_id;
  std::vector<std::int64_t> offset;
  std::uint32_t split = UINT32_MAX;
  std::uint32_t port = 0;
  std::vector<const ArrowArray*> pointers;

  [[nodiscard]] std::int64_t row_count() const { return all ? length : static_cast<std::int64_t>(rows.size()); }
  // The view of it. Lives until this batch changes.
  [[nodiscard]] weir_batch raw();
};

// A builder in memory that is exactly as long as it says. The plugin writes through raw().
class owned_builder {
 public:
  // written: the columns to write, in order.
  owned_builder(std::vector<field> written, std::int64_t rows, bool tracing);
  owned_builder(const owned_builder&) = delete;
  owned_builder& operator=(const owned_builder&) = delete;
  ~owned_builder();

  [[nodiscard]] weir_builder& raw() { return raw_; }
  [[nodiscard]] const std::vector<field>& fields() const { return fields_; }

  void grow(std::int64_t rows);
  // A list's child, with the fields inside it.
  static void grow_column(weir_column& c, std::int64_t elements);
  static void grow_data(weir_column& c, std::int64_t bytes);
  static void validity(weir_column& c);

 private:
  void facts(std::int64_t rows);

  std::vector<field> fields_;
  bool tracing_;
  std::vector<weir_column> columns_;
  weir_builder raw_{};
  block time_, parent_, change_, offset_, trace_, source_;
};
}  // namespace weir::test
#endif  // WEIR_TEST_MEMORY_HPP
