#pragma once
// What stands behind weir_builder and weir_column: output columns that a plugin writes straight into pool buffers, and
// how they become a batch with the facts of the rows that gave rise to them.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "model/batch.hpp"
#include "model/bits.hpp"

namespace weir::model {

enum class check_level : std::uint8_t {
  cheap,  ///< what the host itself relies on: lengths, offsets, nulls in columns without null, parents in range
  full,   ///< also UTF-8, decimal digits, and each selected row: for debug hosts and the contract checker
};

/// The columns that builders of one output port write. Immutable, made once for a port. [any] thread.
class builder_layout {
 public:
  /// All columns of the schema.
  static std::shared_ptr<const builder_layout> make(schema_ref schema);
  /// Extend mode: the columns i with passes[i] < 0. passes: as in bind_output, one for each column of the schema.
  static std::shared_ptr<const builder_layout> make_beside(schema_ref schema, std::span<const std::int32_t> passes);

  struct node {
    const field* what = nullptr;    // inside the schema
    std::uint32_t first_child = 0;  // index of a node; children are neighbours
    std::uint32_t child_count = 0;
    std::uint32_t width = 0;  // of a value; 0: bits, offsets, struct
    bool element = false;     // a list's child
  };
  const schema_ref& schema() const noexcept { return schema_; }
  /// Top-level nodes first (column_count() of them), then the children, level by level.
  const std::vector<node>& nodes() const noexcept { return nodes_; }
  std::uint32_t column_count() const noexcept { return column_count_; }
  /// Made by make_beside.
  bool beside() const noexcept { return beside_; }
  const std::vector<std::int32_t>& passes() const noexcept { return passes_; }

 private:
  friend struct layout_maker;
  schema_ref schema_;
  std::vector<node> nodes_;
  std::uint32_t column_count_ = 0;
  std::vector<std::int32_t> passes_;
  bool beside_ = false;
};
using builder_layout_ref = std::shared_ptr<const builder_layout>;

struct builder_options {
  bool tracing = false;  ///< trace_id and source_id are there
  bool source = false;   ///< offset is there
  check_level checks = check_level::cheap;
};

/// One builder, used again and again: open, write, then finish or discard. One thread at a time. Its address stays.
class batch_builder {
 public:
  explicit batch_builder(builder_layout_ref layout, builder_options options = {});
  ~batch_builder();
  batch_builder(const batch_builder&) = delete;
  batch_builder& operator=(const batch_builder&) = delete;

  /// For `rows` rows (>= 0; room for more may be there). Null: no memory. The layout must not be in extend mode.
  weir_builder* open(std::int64_t rows);
  /// In extend mode: length and capacity are parent's. Null: no memory.
  weir_builder* open_beside(const batch& parent);
  bool is_open() const noexcept { return open_; }
  weir_builder* view() noexcept { return &view_; }
  const weir_builder* view() const noexcept { return &view_; }
  /// The builder behind a view that open gave.
  static batch_builder* of(weir_builder* view) noexcept { return static_cast<batch_builder*>(view->owner); }
  const builder_layout& layout() const noexcept { return *layout_; }

  /// The slots of weir_host. WEIR_OK, WEIR_E_MEMORY, or WEIR_E_CONTRACT (a negative number, a column that cannot grow
  /// so).
  weir_code grow(std::int64_t rows);
  static weir_code grow_column(weir_column* c, std::int64_t elements);
  static weir_code grow_data(weir_column* c, std::int64_t bytes);
  static weir_code column_validity(weir_column* c);
  /// Of a row that may have been something else before. False: no memory.
  static bool set_null(weir_column& c, std::int64_t row, bool null) {
    if (!c.validity) {
      if (!null) return true;
      if (column_validity(&c) != WEIR_OK) return false;
    }
    set_bit(c.validity, row, !null);
    return true;
  }

  /// Rows 0 .. view()->length-1 as a batch (emit). flags: WEIR_EMIT_... parent: the batch that process() was given, or
  /// null (a source, a timer). fallback_time: of rows that have neither a time nor a parent; WEIR_TIME_MIN: the newest
  /// row of parent, or none. In extend mode the passed columns are shared and rows that do not count in parent do not
  /// count here. The builder is closed after it, also after an error (blame: the plugin, with the name of the column).
  base::result<batch_ref> finish(std::uint32_t flags, const batch* parent, std::int64_t fallback_time = WEIR_TIME_MIN);
  /// Extend mode, emit_rows: the same with these rows of parent; rows.rows null: all that count in parent.
  base::result<batch_ref> finish_beside(std::uint32_t flags, const batch& parent, selection rows);
  /// Closes it; what was written is gone.
  void discard() noexcept;

 private:
  struct column_state;
  struct writer;
  struct finisher;
  weir_builder* open_rows(std::int64_t rows);

  weir_builder view_{};
  builder_layout_ref layout_;
  builder_options options_;
  std::vector<weir_column> columns_;  // by node
  std::vector<column_state> states_;  // by node
  std::vector<column_ref> finished_;  // scratch of finish
  buffer_ref event_time_, parent_, change_, trace_id_, source_id_, offset_;
  std::int64_t capacity_ = 0;
  std::int64_t fixed_length_ = -1;  // in extend mode, while open
  bool open_ = false;
};

/// emit_rows without a builder: all columns are passed through. Empty passes: column i is column i.
base::result<batch_ref> emit_passed(const batch& parent, const schema_ref& schema, std::span<const std::int32_t> passes,
                                    selection rows, check_level checks = check_level::cheap);

/// The builders of one output port of one subtask, reused; most calls need one. One thread.
class builder_stock {
 public:
  builder_stock(builder_layout_ref layout, builder_options options = {});
  ~builder_stock();
  /// A closed builder; open it. It stays the stock's.
  batch_builder& take();
  /// Whether the builder was taken from here and not given back.
  bool holds(const batch_builder& b) const noexcept;
  /// After finish or discard.
  void give_back(batch_builder& b);
  /// What the call that is over has left open. Returns how many there were.
  int discard_open();

 private:
  builder_layout_ref layout_;
  builder_options options_;
  std::vector<std::unique_ptr<batch_builder>> free_;
  std::vector<std::unique_ptr<batch_builder>> taken_;
};

}  // namespace weir::model
