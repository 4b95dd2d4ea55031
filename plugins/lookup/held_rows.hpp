#pragma once
// Rows that wait for their table: kept as bytes, given back in the order they came.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/batch_operator.hpp"
#include "weir/packed.hpp"

namespace lookup {

/// A row: [key there? key size key][event time][change kind][trace id, source][columns, packed].
class held_rows {
 public:
  void bind(std::vector<weir::field> columns) { fields_ = std::move(columns); }
  void hold(const weir::batch_view& batch, std::uint32_t row, std::string_view key);
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::string_view bytes(std::size_t i) const { return rows_[i]; }
  /// What bytes() was, of this subtask or of an earlier one.
  void add(std::string_view bytes) { rows_.emplace_back(bytes); }
  void clear() { rows_.clear(); }

  /// data() is null: the key has a null in it.
  [[nodiscard]] std::string_view key(std::size_t i) const;
  /// Appends the columns of a row to the first columns of a builder, and what belongs to it as row number `at`.
  void write(std::size_t i, weir::batch_builder& to, std::int64_t at) const;

 private:
  std::vector<weir::field> fields_;
  std::vector<std::string> rows_;
};

}  // namespace lookup
