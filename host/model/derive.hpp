#pragma once
// Facts of new rows from the rows that gave rise to them, as abi.h says at WEIR_EMIT_TIMES. Of this room only.
#include "base/result.hpp"
#include "model/batch.hpp"

namespace weir::model {

struct derivation {
  std::uint32_t flags = 0;                 ///< WEIR_EMIT_...
  std::int64_t length = 0;                 ///< rows that were written
  buffer_ref event_time;                   ///< with WEIR_EMIT_TIMES; nobody else holds it
  buffer_ref change;                       ///< with WEIR_EMIT_CHANGES
  const std::uint32_t* parents = nullptr;  ///< with WEIR_EMIT_PARENTS
  const batch* parent = nullptr;           ///< null: there is none
  std::int64_t fallback_time = WEIR_TIME_MIN;
  const std::uint32_t* rows = nullptr;  ///< only these rows were written; null: all
  std::int64_t row_count = 0;
};

/// The facts without key hash. Errors blame the plugin.
base::result<facts> derive_facts(derivation from);

}  // namespace weir::model
