#pragma once
// The parts of batch_builder that writing (batch_builder.cpp) and finishing (builder_finish.cpp) share. Of this room
// only.
#include "model/batch_builder.hpp"

namespace weir::model {

/// Beside each weir_column: who owns its memory.
struct batch_builder::column_state {
  batch_builder* builder = nullptr;
  std::uint32_t node = 0;
  buffer_ref values, validity, data;
  /// Bytes of text or elements for a row, in 1/16, of the batches before: how much room to make at first.
  std::int64_t per_row_16 = 0;
};

}  // namespace weir::model
