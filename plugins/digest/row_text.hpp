// The canonical text of rows, and their digest. A row's text is its fields with "|" between them:
//   integers decimal; bool true / false; floats the shortest text that reads back as the same value; utf8 as it is;
//   timestamps microseconds since 1970, dates days since 1970, as integers; decimals with all digits of their scale;
//   binary lower-case hex; lists [a,b], records {a,b}; null is nothing.
#pragma once

#include <weir/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <weir/schema.hpp>

#include "digest/fnv.hpp"
#include "digest/numbers.hpp"

namespace digest {

// Appends the canonical text of one value. The slow and general way; what row_text does not do itself it leaves to this.
void append_value(std::string& to, const weir::field& type, const ArrowArray& column, std::int64_t row);

// One for each subtask. Keeps its buffers.
class row_text {
 public:
  // columns: the ones that a row's text consists of, in this order.
  row_text(const weir::schema& input, const std::vector<std::uint32_t>& columns);

  // Wrapping sum of FNV-1a-64 of the text of the rows of a batch.
  std::uint64_t sum(const weir_batch&);
  // The same text, for people and tests.
  std::string text(const weir_batch&, std::uint32_t row) const;

  // For tests and measurements: what to use instead of the best for this processor.
  void use(const number_writer& numbers, sum_fnv_fn fnv) {
    numbers_ = &numbers;
    fnv_ = fnv;
  }

 private:
  // How the cells of one column of the block in work are copied to the rows' text.
  enum class way : std::uint8_t { short_number, long_number, number, unsigned_number, text, rendered };
  struct column {
    weir::field type;
    std::uint32_t index = 0;  // in the batch
    way how = way::number;
    const std::uint8_t* validity = nullptr;  // by physical row
    const std::int64_t* values = nullptr;    // by row of the block
    const std::int32_t* offsets = nullptr;   // text: by physical row; rendered: by row of the block
    const char* data = nullptr;
    std::uint64_t prefix = 0;  // long_number: what stands before the eight digits
    std::uint32_t prefix_size = 0;
    short_texts texts;
    alignas(32) std::array<std::int64_t, block_rows + 8> gathered;
    std::vector<std::int32_t> rendered_ends;
    std::string rendered;
  };

  std::uint64_t sum_block(const weir_batch&, std::int64_t from, std::size_t count);
  // Decides how, prepares the cells; adds to `bound` how many bytes they may need.
  void prepare(column&, const ArrowArray&, std::size_t count, std::size_t& bound);
  void prepare_numbers(column&, const void* raw, std::size_t count);
  void render(column&, const ArrowArray&, std::size_t count);
  char* write(const column&, std::size_t i, char* to) const;

  std::vector<column> columns_;
  std::array<std::uint32_t, block_rows> rows_{};  // physical rows of the block
  bool dense_ = true;                             // rows_ counts up by one
  std::array<std::uint32_t, block_rows + 1> ends_{};
  std::vector<char> buffer_;
  const number_writer* numbers_ = &best_numbers();
  sum_fnv_fn fnv_ = best_sum_fnv();
};

}  // namespace digest
