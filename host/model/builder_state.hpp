#pragma once
// The parts of batch_builder that writing (batch_builder.cpp) and finishing (builder_finish.cpp) share. Of this room
// only.
#include "model/batch_builder.hpp"

namespace weir::model {

/// Beside each weir_column: who owns its memory. What the plugin can write in a weir_column is never believed.
struct batch_builder::column_state {
  batch_builder* builder = nullptr;
  std::uint32_t node = 0;
  bool has_validity = false;  // since it was opened; the buffer may be an older one
  buffer_ref values, validity, data;
  std::int64_t capacity = 0;  // as in the weir_column
  std::int64_t data_capacity = 0;
  /// Bytes of text or elements for a row, in 1/16, of the batches before: how much room to make at first.
  std::int64_t per_row_16 = 0;
  /// Bytes or elements of the largest of them, fading: one large row must not make every later batch as large.
  std::int64_t used_lately = 0;
};

}  // namespace weir::model
