#pragma once
// Columns whose type is only known at run time: rows copied from one to another, compared, and kept.
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "shared/state.hpp"
#include "weir/batch.hpp"
#include "weir/column_writer.hpp"

namespace weir::shared {

/// Types whose values are bytes side by side: all but lists and records.
inline bool is_flat(const weir::field& f) { return f.kind != weir::type::list && f.kind != weir::type::record; }
inline bool is_text(const weir::field& f) { return f.kind == weir::type::utf8 || f.kind == weir::type::binary; }

/// The bytes of a flat value that is not null; `bit` is where a bool is put.
inline std::string_view bytes_of(const weir::column_view& c, std::int64_t row, char& bit) {
  const weir::field& f = c.of();
  if (is_text(f)) return c.text(row);
  if (f.kind == weir::type::boolean) {
    bit = static_cast<char>(c.boolean(row));
    return {&bit, 1};
  }
  const std::uint32_t width = width_of(f);
  return {c.values<char>() + row * width, width};
}

/// Appends a flat value, as bytes_of gives it.
inline void append_bytes(weir::column_writer& to, std::string_view bytes) {
  if (is_text(to.of()))
    to.append(bytes);
  else if (to.of().kind == weir::type::boolean)
    to.append_bool(bytes[0] != 0);
  else
    to.append_fixed(bytes.data());
}

namespace columns_detail {
template <class T>
void copy_fixed(const weir::column_view& from, const std::uint32_t* rows, std::int64_t count, weir::column_writer& to) {
  const std::int64_t size = to.size();
  to.reserve(size + count);
  const T* const values = from.values<T>();
  T* const out = to.values<T>() + size;
  for (std::int64_t k = 0; k < count; ++k) out[k] = values[rows[k]];
  to.set_size(size + count);
}
struct sixteen {
  char bytes[16];
};
}  // namespace columns_detail

/// Appends some rows of a flat column.
inline void copy_rows(const weir::column_view& from, const std::uint32_t* rows, std::int64_t count,
                      weir::column_writer& to) {
  using namespace columns_detail;
  const bool bits = from.of().kind == weir::type::boolean;
  if (!from.has_nulls() && !bits && !to.validity()) switch (width_of(from.of())) {
      case 1:
        return copy_fixed<std::uint8_t>(from, rows, count, to);
      case 2:
        return copy_fixed<std::uint16_t>(from, rows, count, to);
      case 4:
        return copy_fixed<std::uint32_t>(from, rows, count, to);
      case 8:
        return copy_fixed<std::uint64_t>(from, rows, count, to);
      case 16:
        return copy_fixed<sixteen>(from, rows, count, to);
      default:
        break;
    }
  char bit = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    if (from.null(rows[k]))
      to.append_null();
    else
      append_bytes(to, bytes_of(from, rows[k], bit));
  }
}

inline bool equal_values(const weir::column_view& a, std::int64_t i, const weir::column_view& b, std::int64_t k) {
  if (a.null(i) || b.null(k)) return a.null(i) && b.null(k);
  char x = 0, y = 0;
  return bytes_of(a, i, x) == bytes_of(b, k, y);
}

/// A flat column that grows: what is kept of batches that go away. Its address stays while it is looked at by view().
class column_store {
 public:
  explicit column_store(weir::field f) : field_{std::move(f)}, width_{width_of(field_)} { clear(); }
  void clear() {
    size_ = 0;
    values_.clear();
    data_.clear();
    validity_.clear();
    nulls_ = 0;
    if (is_text(field_)) put_offset();
  }
  void append(const weir::column_view& from, std::int64_t row) {
    const bool null = from.null(row);
    char bit = 0;
    const std::string_view bytes = null ? std::string_view{} : bytes_of(from, row, bit);
    if (static_cast<std::size_t>(size_ / 8) >= validity_.size()) validity_.push_back(0);
    if (!null) weir::detail::set_bit(validity_.data(), size_, true);
    nulls_ += null;
    if (is_text(field_)) {
      data_.insert(data_.end(), bytes.begin(), bytes.end());
      put_offset();
    } else if (field_.kind == weir::type::boolean) {
      if (static_cast<std::size_t>(size_ / 8) >= values_.size()) values_.push_back(0);
      if (!null) weir::detail::set_bit(values_.data(), size_, bit != 0);
    } else {
      const std::size_t at = values_.size();
      values_.resize(at + width_);
      if (!null) std::memcpy(values_.data() + at, bytes.data(), width_);
    }
    ++size_;
  }
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// Lives until the next append.
  [[nodiscard]] weir::column_view view() {
    buffers_[0] = nulls_ ? validity_.data() : nullptr;
    buffers_[1] = values_.data();
    buffers_[2] = data_.data();
    array_.length = size_;
    array_.null_count = nulls_;
    array_.n_buffers = is_text(field_) ? 3 : 2;
    array_.buffers = buffers_;
    return {field_, array_};
  }

 private:
  void put_offset() {
    const auto end = static_cast<std::int32_t>(data_.size());
    const std::size_t at = values_.size();
    values_.resize(at + sizeof end);
    std::memcpy(values_.data() + at, &end, sizeof end);
  }

  weir::field field_;
  std::uint32_t width_;
  std::int64_t size_ = 0, nulls_ = 0;
  std::vector<char> values_, data_;
  std::vector<std::uint8_t> validity_;
  ArrowArray array_{};
  const void* buffers_[3]{};
};

}  // namespace weir::shared
