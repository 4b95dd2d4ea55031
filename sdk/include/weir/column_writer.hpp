// weir/column_writer.hpp: writes one output column whose type is only known at run time. Values go straight into the
// host's memory; a host call happens only when a buffer is full.
#ifndef WEIR_COLUMN_WRITER_HPP
#define WEIR_COLUMN_WRITER_HPP

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "weir/detail/writer.hpp"
#include "weir/schema.hpp"

namespace weir {

// [task] Lives as long as its builder. Rows are appended in order; all columns of a builder must end with the same
// size. The value's C++ type must be the column's own: append(std::int32_t{7}) for int32, microseconds as int64 for
// timestamp, days as int32 for date, weir::int128 for decimal.
class column_writer {
 public:
  column_writer(detail::writing w, weir_builder* builder, weir_column* column, const field& f)
      : column_writer{w, builder, nullptr, column, f} {}

  [[nodiscard]] const field& of() const { return *field_; }
  [[nodiscard]] std::int64_t size() const { return size_; }

  // Fixed-width values.
  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_same_v<T, int128>) void append(T v) {
    if constexpr (std::is_same_v<T, bool>) {
      append_bool(v);
    } else {
      const auto row = next();
      static_cast<T*>(column_->values)[row] = v;
    }
  }
  void append_bool(bool v) {
    const auto row = next();
    detail::set_bit(column_->values, row, v);
  }
  // utf8, binary.
  void append(std::string_view v) {
    const auto row = next();
    detail::write_characters(w_, *column_, row, v);
  }
  void append(const char* v) { append(std::string_view{v}); }
  // fixed_binary: exactly `width` bytes.
  void append_fixed(const void* v) {
    const auto row = next();
    std::memcpy(static_cast<char*>(column_->values) + row * column_->width, v, column_->width);
  }
  void append_null() {
    if (!column_->validity) w_.need_validity(*column_);
    const auto row = next();
    detail::set_bit(column_->validity, row, false);
    blank(row);
  }
  // A row whose value nobody reads (not selected).
  void append_blank() { blank(next()); }
  // Blanks until `size` rows are there.
  void skip_to(std::int64_t size) {
    if (holds_values()) {
      while (size_ < size) append_blank();
    } else if (size > size_) {
      reserve(size);
      size_ = size;
    }
  }

  // list: append the elements to item(), then end the list.
  [[nodiscard]] column_writer& item() { return children_[0]; }
  void end_list() {
    const auto row = next();
    detail::offsets(*column_)[row + 1] = static_cast<std::int32_t>(children_[0].size());
  }
  // record: append one value to each field, then end the record.
  [[nodiscard]] column_writer& operator[](std::size_t i) { return children_[i]; }
  void end_record() { next(); }

  // utf8, binary: room for a text of at most `size` bytes, to be written in place; commit says how many there are.
  [[nodiscard]] char* text_room(std::int64_t size) {
    if (size_ >= column_->capacity) [[unlikely]]
      grow(size_ + 1);
    const std::int64_t begin = detail::offsets(*column_)[size_];
    if (begin + size > column_->data_capacity) [[unlikely]]
      w_.grow_data(*column_, begin + size);
    return column_->data + begin;
  }
  void commit_text(std::int64_t size) {
    const auto row = next();
    auto* at = detail::offsets(*column_) + row;
    at[1] = at[0] + static_cast<std::int32_t>(size);
  }

  // For bulk writes: room for `rows` rows in all, the values to write into, and how many there are then.
  void reserve(std::int64_t rows) {
    if (rows > column_->capacity) grow(rows);
  }
  template <class T>
  [[nodiscard]] T* values() {
    return static_cast<T*>(column_->values);
  }
  [[nodiscard]] std::uint8_t* validity() { return column_->validity; }
  void need_validity() {
    if (!column_->validity) w_.need_validity(*column_);
  }
  void set_size(std::int64_t rows) { size_ = rows; }
  [[nodiscard]] weir_column& raw() { return *column_; }

  // Takes back what is behind the first `rows` rows, and what was put into a list or record that has not ended.
  void truncate(std::int64_t rows) {
    if (rows > size_) rows = size_;
    size_ = rows;
    if (field_->kind == type::list) children_[0].truncate(rows == 0 ? 0 : detail::offsets(*column_)[rows]);
    if (field_->kind == type::record)
      for (auto& child : children_) child.truncate(rows);
  }

 private:
  column_writer(detail::writing w, weir_builder* builder, weir_column* grows_by, weir_column* column, const field& f)
      : w_{w}, builder_{builder}, grows_by_{grows_by}, column_{column}, field_{&f} {
    children_.reserve(f.children.size());
    for (std::size_t i = 0; i < f.children.size(); ++i) {
      auto* child = column->children + i;
      children_.push_back(column_writer{w, builder, f.kind == type::list ? child : grows_by, child, f.children[i]});
    }
  }
  // The row to write; counts it. Its validity bit is set.
  std::int64_t next() {
    if (size_ >= column_->capacity) [[unlikely]]
      grow(size_ + 1);
    if (column_->validity) detail::set_bit(column_->validity, size_, true);
    return size_++;
  }
  // Columns of the builder grow together; the elements of a list by themselves.
  [[gnu::cold, gnu::noinline]] void grow(std::int64_t needed) {
    if (grows_by_) return w_.grow_elements(*grows_by_, needed);
    const std::int64_t rows = needed < 8 ? 16 : needed * 2;
    detail::host_says(w_.host->grow(w_.context, builder_, rows));
  }
  [[nodiscard]] bool holds_values() const {
    return field_->kind == type::utf8 || field_->kind == type::binary || field_->kind == type::list ||
           field_->kind == type::record;
  }
  void blank(std::int64_t row) {
    if (field_->kind == type::record) {
      for (auto& child : children_) child.append_blank();
    } else if (holds_values()) {
      detail::offsets(*column_)[row + 1] = detail::offsets(*column_)[row];
    }
  }

  detail::writing w_;
  weir_builder* builder_;
  weir_column* grows_by_;  // inside a list: the list's child column; null: the builder
  weir_column* column_;
  const field* field_;
  std::int64_t size_ = 0;
  std::vector<column_writer> children_;
};
}  // namespace weir
#endif  // WEIR_COLUMN_WRITER_HPP
