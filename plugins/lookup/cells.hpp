#pragma once
// One column of a lookup table: values by slot, put there from text, from a batch or from a database's answer, and
// gathered for the rows of a batch.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "shared/columns.hpp"
#include "weir/batch.hpp"
#include "weir/column_writer.hpp"

namespace lookup {

/// Of a row that has no entry in the table, and of one that is not to be sent at all.
inline constexpr std::uint32_t no_slot = UINT32_MAX;
inline constexpr std::uint32_t failed_slot = UINT32_MAX - 1;
inline bool has_entry(std::uint32_t slot) { return slot < failed_slot; }

/// Flat types only. The append functions write to the slot that at() has chosen; they have the names of a
/// weir::column_writer's, so that what reads text into one (shared/value_text.hpp) reads it into the other.
class cells {
 public:
  explicit cells(weir::field f);
  [[nodiscard]] const weir::field& of() const { return field_; }

  void at(std::uint32_t slot) {
    if (slot >= present_.size()) grow(slot);
    slot_ = slot;
  }
  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_same_v<T, weir::int128>) void append(T v) {
    std::memcpy(place(), &v, sizeof v);
  }
  void append_bool(bool v) { *place() = static_cast<char>(v); }
  void append(std::string_view v) {
    present_[slot_] = 1;
    bytes_ += static_cast<std::int64_t>(v.size()) - static_cast<std::int64_t>(texts_[slot_].size());
    texts_[slot_].assign(v);
  }
  void append_fixed(const void* v) { std::memcpy(place(), v, width_); }
  void append_null();
  /// A value of a batch's column of the same type.
  void copy(const weir::column_view& from, std::int64_t row);
  /// A value of another column of the same type.
  void copy(const cells& from, std::uint32_t slot);

  [[nodiscard]] bool null(std::uint32_t slot) const { return present_[slot] == 0; }
  /// The value's bytes, in the machine's order.
  [[nodiscard]] std::string_view bytes(std::uint32_t slot) const {
    if (text_) return texts_[slot];
    return {fixed_.data() + std::size_t{slot} * width_, width_};
  }
  /// Appends a value to what a cut keeps, and reads it back into the slot that at() has chosen. False: it is cut off.
  void save(std::string& to, std::uint32_t slot) const;
  bool restore(std::string_view& from);

  /// Appends the values of `rows` slots to an output column; rows without an entry are null, or, with `blank`,
  /// anything.
  void gather(const std::uint32_t* slots, std::int64_t rows, bool blank, weir::column_writer& to) const;
  /// Appends one value; no entry: null.
  void gather_one(std::uint32_t slot, weir::column_writer& to) const { gather_each(&slot, 1, false, to); }
  /// Bytes of all texts; what has a fixed width takes width() a slot.
  [[nodiscard]] std::int64_t text_bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t width() const { return text_ ? sizeof(std::string) : width_; }

 private:
  void grow(std::uint32_t slot);
  char* place() {
    present_[slot_] = 1;
    return fixed_.data() + std::size_t{slot_} * width_;
  }
  template <class T>
  void gather_fixed(const std::uint32_t* slots, std::int64_t rows, bool blank, weir::column_writer& to) const;
  void gather_each(const std::uint32_t* slots, std::int64_t rows, bool blank, weir::column_writer& to) const;

  weir::field field_;
  bool text_;
  std::uint32_t width_;
  std::uint32_t slot_ = 0;
  bool nulls_ = false;  // some slot has been null since the beginning
  std::int64_t bytes_ = 0;
  std::vector<std::uint8_t> present_;  // 1: there is a value
  std::vector<char> fixed_;
  std::vector<std::string> texts_;
};

}  // namespace lookup
