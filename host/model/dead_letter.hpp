#pragma once
// Dead letters: records that could not be processed, with the reason and where they came from. Every source and
// operator has a port of this schema.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/batch_builder.hpp"

namespace weir::model {

/// at: timestamp, pipeline: utf8, operator: utf8, subtask: int32, plugin: utf8, version: utf8, code: int32, reason:
/// utf8, original: binary, split: utf8?, offset: int64?, event_time: timestamp?, trace_id: utf8?, source_id: utf8?
const schema_ref& dead_letter_schema();

/// Who could not process it; the same for all letters of a subtask.
struct dead_letter_place {
  std::string pipeline;
  std::string operator_id;
  std::int32_t subtask = 0;
  std::string plugin;
  std::string version;
};

/// One letter. Views are copied before add returns.
struct dead_letter {
  std::int64_t at = 0;  ///< processing time, microseconds
  weir_code code = WEIR_E_DATA;
  std::string_view reason;
  std::string_view original;
  std::optional<std::string_view> split;
  std::optional<std::int64_t> offset;
  std::optional<std::int64_t> event_time;
  const std::uint8_t* trace_id = nullptr;  ///< 16 bytes; null or all zero: none
  std::uint32_t source_number = 0;         ///< goes on as the fact source_id, when there is a trace_id
  std::optional<std::string_view> source_id;
};

/// A row's offset, split number, event time and trace, as far as they are known.
struct row_origin {
  std::uint32_t split = no_split;
  std::optional<std::int64_t> offset;
  std::optional<std::int64_t> event_time;
  const std::uint8_t* trace_id = nullptr;  ///< lives as long as the batch; null: none
  std::optional<std::uint32_t> source_number;
};
row_origin origin_of(const weir_batch& from, std::uint32_t row) noexcept;

/// Collects letters into batches. The letter's event time (else `at`) and its trace go on as facts. One thread.
class dead_letter_builder {
 public:
  explicit dead_letter_builder(dead_letter_place place);
  /// False: no memory for it (nothing was added).
  bool add(const dead_letter& letter);
  std::int64_t rows() const noexcept { return rows_; }
  /// What was collected; null: nothing.
  batch_ref take();

 private:
  bool put_text(std::uint32_t column, std::string_view text);
  dead_letter_place place_;
  batch_builder builder_;
  std::int64_t rows_ = 0;
  bool traced_ = false;
};

}  // namespace weir::model
