#pragma once
// One immutable column of a batch: an ArrowArray that keeps the promises of abi.h (offset 0, bitmap exactly when there
// are nulls, 64 readable bytes behind each buffer), and who owns its memory: pool buffers, or an array that a plugin
// made.
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "model/buffer_pool.hpp"
#include "weir/arrow.h"

namespace weir::model {

class column;
using column_ref = ref<const column>;

/// An ArrowArray that a plugin made and moved to the host. Released exactly once, by the last column that points into
/// it; holds the plugin's image loaded until then.
class foreign_array {
 public:
  /// Moves *from (its release becomes null).
  static ref<const foreign_array> take(ArrowArray* from, std::shared_ptr<void> image);
  const ArrowArray& array() const noexcept { return array_; }
  void add_ref() const noexcept { refs_.add(); }
  void release() const noexcept;

 private:
  foreign_array(const ArrowArray& array, std::shared_ptr<void> image) : array_(array), image_(std::move(image)) {}
  ref_count refs_;
  ArrowArray array_;
  std::shared_ptr<void> image_;
};

/// Counted; immutable once made; [any] thread. The batch view points at array(), which lives as long as the column.
class column {
  struct head {
    ArrowArray array;
  };
  struct nested {
    std::vector<column_ref> children;
    std::vector<ArrowArray*> arrays;
  };

 public:
  /// One buffer of a column: its bytes and what keeps them alive (null: the foreign array, or static memory).
  struct part {
    const void* data = nullptr;
    buffer_ref owner;
  };
  /// Makes a column. `parts` are its buffers in Arrow's order (validity first; dropped when null_count is 0), moved
  /// from. `children` are moved from. `bytes`: memory beside pool buffers and children (foreign memory).
  static column_ref make(std::int64_t length, std::int64_t null_count, std::span<part> parts,
                         std::span<column_ref> children = {}, ref<const foreign_array> foreign = {},
                         std::int64_t bytes = 0);

  /// The short way for the columns that most batches have: one buffer of values of a fixed width, no nulls.
  static column_ref make_values(std::int64_t length, buffer_ref&& values);

  const ArrowArray* array() const noexcept { return &head_.array; }
  /// The column whose array() it is.
  static const column* of(const ArrowArray* array) noexcept { return reinterpret_cast<const column*>(array); }

  std::int64_t length() const noexcept { return head_.array.length; }
  std::int64_t null_count() const noexcept { return head_.array.null_count; }
  const std::uint8_t* validity() const noexcept { return static_cast<const std::uint8_t*>(buffers_[0]); }
  template <class T>
  const T* values() const noexcept {
    return static_cast<const T*>(buffers_[1]);
  }
  const char* data() const noexcept { return static_cast<const char*>(buffers_[2]); }
  const column& child(std::size_t i) const noexcept { return *of(head_.array.children[i]); }
  std::span<const column_ref> children() const noexcept;
  /// The pool buffer behind a part (0: validity, 1: values or offsets, 2: data); null: foreign or static memory.
  const buffer_ref& owner(std::size_t i) const noexcept { return owners_[i]; }
  /// Memory that it keeps alive, children included.
  std::int64_t bytes() const noexcept { return bytes_; }
  /// It points into an array that a plugin made.
  bool is_foreign() const noexcept { return static_cast<bool>(foreign_); }

  void add_ref() const noexcept { refs_.add(); }
  void release() const noexcept {
    if (refs_.drop()) destroy(const_cast<column*>(this));
  }

 private:
  column() = default;
  static void destroy(column*) noexcept;

  head head_;  // first: array() and the column have one address
  ref_count refs_;
  const void* buffers_[3] = {};
  buffer_ref owners_[3];
  ref<const foreign_array> foreign_;
  std::int64_t bytes_ = 0;
  std::unique_ptr<nested> nested_;  // list, struct
};

/// Gives the column to somebody who speaks Arrow: *out holds a reference and its release callback drops it. [any]
/// thread.
void export_column(const column_ref& from, ArrowArray* out);

inline std::span<const column_ref> column::children() const noexcept {
  return nested_ ? std::span<const column_ref>(nested_->children) : std::span<const column_ref>();
}

}  // namespace weir::model
