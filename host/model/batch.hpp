#pragma once
// A batch: columns, the host's facts about each row, and which rows count. Immutable, counted, cheap to derive from:
// another selection of the same columns is one small object and one atomic addition.
#include <cstdint>
#include <span>

#include "model/column.hpp"
#include "model/facts.hpp"
#include "model/type.hpp"
#include "weir/abi.h"

namespace weir::model {

class batch;
using batch_ref = ref<const batch>;

/// Which rows of a batch count: `count` ascending physical rows (uint32) in `rows`; rows null: all of them (count is
/// ignored).
struct selection {
  buffer_ref rows;
  std::int64_t count = 0;
};

/// Rows a batch can have.
inline constexpr std::int64_t batch_rows_max = INT32_MAX;

class batch {
 public:
  /// What process() is given, on port 0; its owner is this batch. Lives as long as the batch.
  const weir_batch& view() const noexcept { return view_; }
  /// A copy of the view for another input port.
  weir_batch view_at(std::uint32_t port) const noexcept {
    weir_batch v = view_;
    v.port = port;
    return v;
  }
  /// The batch behind a view (or a copy of one).
  static const batch* of(const weir_batch* view) noexcept { return static_cast<const batch*>(view->owner); }

  const schema_ref& schema() const noexcept { return schema_ ? schema_ : base_->schema(); }
  std::int64_t length() const noexcept { return view_.length; }        ///< physical rows
  std::int64_t row_count() const noexcept { return view_.row_count; }  ///< rows that count
  const std::uint32_t* rows() const noexcept { return view_.rows; }    ///< null: all
  bool dense() const noexcept { return view_.rows == nullptr; }
  /// The physical index of the i-th row that counts.
  std::uint32_t row(std::int64_t i) const noexcept {
    return view_.rows ? view_.rows[i] : static_cast<std::uint32_t>(i);
  }
  std::size_t column_count() const noexcept { return view_.column_count; }
  const column& column_at(std::size_t i) const noexcept { return *column::of(view_.columns[i]); }
  column_ref share_column(std::size_t i) const noexcept { return column_ref::share(column::of(view_.columns[i])); }
  const model::facts& facts() const noexcept { return *facts_; }
  model::selection selection() const noexcept { return {selection_, view_.row_count}; }

  /// For queues: this batch's part of the memory of its columns and facts (by rows that count), so that the parts of
  /// one partitioned batch add up to the whole.
  std::int64_t bytes() const noexcept { return bytes_; }
  /// All memory that it keeps alive.
  std::int64_t held_bytes() const noexcept { return held_bytes_; }

  void add_ref() const noexcept { refs_.add(); }
  void release() const noexcept {
    if (refs_.drop()) destroy(const_cast<batch*>(this));
  }

 private:
  friend struct batch_maker;
  batch() = default;
  static void destroy(batch*) noexcept;

  weir_batch view_{};
  ref_count refs_;
  std::uint32_t size_ = 0;               // bytes of this object with its own column pointers, which lie behind it
  const model::facts* facts_ = nullptr;  // own_facts_ or the base's
  ref<const batch> base_;                // whose columns (and perhaps facts) these are; null: own
  schema_ref schema_;                    // null: the base's
  model::facts own_facts_;
  buffer_ref selection_;
  std::int64_t columns_bytes_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t held_bytes_ = 0;
};

/// A batch of these columns (moved from), all `length` long.
batch_ref make_batch(schema_ref schema, std::span<column_ref> columns, std::int64_t length, facts f = {},
                     selection s = {});
/// The same columns and facts, other rows.
batch_ref select_rows(const batch& from, selection s);
/// The same columns and facts, these physical rows (ascending).
batch_ref select_rows(const batch& from, std::span<const std::uint32_t> rows);
/// The same columns, other rows and other facts.
batch_ref select_rows(const batch& from, selection s, facts f);
/// The same columns and rows, other facts.
batch_ref with_facts(const batch& from, facts f);
/// The same batch with key hashes (uint64 for each physical row); null takes them away.
batch_ref with_key_hash(const batch& from, buffer_ref key_hash);
/// Same columns under another schema of the same types (renamed).
batch_ref with_schema(const batch& from, schema_ref schema);
/// Columns passed through from `parent` where passes[i] >= 0, and in order the `beside` columns (moved from) where it
/// is -1.
batch_ref pass_through(const batch& parent, schema_ref schema, std::span<const std::int32_t> passes,
                       std::span<column_ref> beside, facts f, selection s);

/// Gives the batch's columns to somebody who speaks Arrow, as a struct array; the batch must be dense (compact it
/// first). The release callback drops the references.
void export_batch(const batch_ref& from, ArrowArray* out);

}  // namespace weir::model
