#pragma once
// Keys as bytes: those of a batch's rows and those of a table are the same bytes when their values are equal.
//
//   one text column      its characters, not copied
//   one other column     8 bytes of a whole number, time or date; the bytes of any other value
//   several columns      one behind the other, a text behind its size
//
// A key with a null in it equals nothing, as in SQL.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lookup/cells.hpp"
#include "weir/batch.hpp"

namespace lookup {

/// Why columns of these types can not be compared; empty: they can.
std::string compare_problem(const weir::field& input, const weir::field& table);
/// Why this column can not be part of a key; empty: it can.
std::string key_problem(const weir::field& f);

/// A hash of a key. Different keys of 8 bytes have different hashes.
std::uint64_t hash_of(std::string_view key);
/// Whether keys of these columns are always 8 bytes long, so that equal hashes mean equal keys.
bool hash_is_key(const std::vector<weir::field>& columns);

/// Appends a key, or nothing and false when one of the columns is null in that slot.
bool append_key(std::string& to, const std::vector<const cells*>& columns, std::uint32_t slot);

/// Takes the part of column i, the next one, off a key of these columns.
std::string_view take_part(std::string_view& key, const std::vector<weir::field>& columns, std::size_t i);

/// The keys of a batch's rows to process, by the place of the row among them.
class batch_keys {
 public:
  /// columns: of the input port, in the order of the key.
  void bind(const weir::schema& port, std::vector<std::size_t> columns);
  /// Views live until the next call and as long as the batch.
  void load(const weir::batch_view& batch);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  /// data() is null: a column of the key is null.
  [[nodiscard]] std::string_view operator[](std::size_t k) const { return keys_[k]; }
  [[nodiscard]] const std::vector<std::string_view>& all() const { return keys_; }
  [[nodiscard]] const std::vector<std::uint64_t>& hashes() const { return hashes_; }
  [[nodiscard]] const std::vector<weir::field>& fields() const { return fields_; }
  [[nodiscard]] const std::vector<std::size_t>& columns() const { return columns_; }

 private:
  void load_text(const weir::batch_view& batch);
  void load_numbers(const weir::batch_view& batch);
  void load_several(const weir::batch_view& batch);

  std::vector<std::size_t> columns_;
  std::vector<weir::field> fields_;
  std::vector<std::string_view> keys_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::int64_t> numbers_;
  std::string room_;
  std::vector<std::size_t> ends_;
};

}  // namespace lookup
