#pragma once
// What the host knows about each row beside its columns. Arrays are indexed by physical row, have at least as many
// entries as the batch has rows, and are shared between batches.
#include <cstdint>

#include "model/buffer_pool.hpp"

namespace weir::model {

inline constexpr std::uint32_t no_split = UINT32_MAX;

struct facts {
  buffer_ref event_time;           ///< int64 microseconds; WEIR_TIME_MIN: this row has none. Null: no row has one
  buffer_ref key_hash;             ///< uint64; null: not keyed
  buffer_ref change;               ///< uint8 WEIR_INSERT ...; null: all inserts
  buffer_ref trace_id;             ///< 16 bytes a row; null: tracing is off
  buffer_ref source_id;            ///< uint32 source number; null: tracing is off
  buffer_ref offset;               ///< int64 position in the split; null: see first_offset
  std::int64_t first_offset = -1;  ///< without offset: position of physical row 0; -1: not known
  std::uint32_t split = no_split;

  std::int64_t bytes() const noexcept {
    std::int64_t sum = 0;
    for (const buffer_ref* b : {&event_time, &key_hash, &change, &trace_id, &source_id, &offset})
      if (*b) sum += static_cast<std::int64_t>((*b)->footprint());
    return sum;
  }
};

}  // namespace weir::model
