// The keys of one window while it is put together from its panes.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/aggregate/aggregator.hpp"
#include "shared/columns.hpp"

namespace window {

// A hash table from keys to accumulators that lives as long as one firing; its memory stays for the next one.
class groups {
 public:
  // Key columns by type; value_size: bytes of an accumulator.
  void bind(const std::vector<weir::field>& keys, std::uint32_t value_size);
  void clear();
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(hashes_.size()); }

  // The group of each key, in the order of rows; those that are new are numbered from the size before on. hashes: by
  // physical row; null: made from the columns.
  void find_or_add(const std::vector<weir::column_view>& keys, const std::uint64_t* hashes, const std::uint32_t* rows,
                   std::int64_t count, std::uint32_t* out);
  // The accumulator of a group; lives until the next find_or_add.
  weir_slot* slot(std::uint32_t group) { return reinterpret_cast<weir_slot*>(slots_.data() + group * words_); }
  // The key columns, one row for each group; lives until the next find_or_add.
  std::vector<weir::column_view> keys();

 private:
  void grow();
  void find_or_add_words(const weir::column_view& key, const std::uint32_t* rows, std::int64_t count,
                         std::uint32_t* out);
  weir::column_view word_keys();
  bool same(std::uint32_t group, const std::vector<weir::column_view>& keys, std::uint32_t row);

  std::vector<weir::shared::column_store> columns_;
  std::vector<std::uint64_t> hashes_, slots_;
  std::vector<std::uint32_t> index_;  // group + 1; 0: free
  std::size_t words_ = 1;
  // A single key column of 8 bytes: its values side by side, without a hash of bytes and a comparison of columns.
  bool one_word_ = false;
  weir::field word_field_;
  std::vector<std::uint64_t> words_of_keys_;
  std::uint32_t null_group_ = UINT32_MAX;  // it is in no index
  std::vector<std::uint8_t> validity_;
  ArrowArray word_array_{};
  const void* word_buffers_[2]{};
};

}  // namespace window
