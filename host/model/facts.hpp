#pragma once
// What the host knows about each row beside its columns. Arrays are indexed by physical row, have at least as many
// entries as the batch has rows, and are shared between batches.
#include <cstdint>

#include "model/buffer_pool.hpp"
#include "weir/abi.h"

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
  buffer_ref splits;  ///< uint32 split of each row, where rows of several are together; then `split` is no_split
  /// In deterministic pipelines: the rows take their turn at this event time when theirs is older. WEIR_TIME_MIN: at theirs.
  std::int64_t turn_us = WEIR_TIME_MIN;

  /// Of a physical row; no_split: not known.
  std::uint32_t split_of(std::int64_t row) const noexcept { return splits ? splits->as<std::uint32_t>()[row] : split; }
  /// Of a physical row, in its split; -1: not known.
  std::int64_t offset_of(std::int64_t row) const noexcept {
    if (offset) return offset->as<std::int64_t>()[row];
    return first_offset < 0 ? -1 : first_offset + row;
  }
  std::int64_t bytes() const noexcept {
    std::int64_t sum = 0;
    for (const buffer_ref* b : {&event_time, &key_hash, &change, &trace_id, &source_id, &offset, &splits})
      if (*b) sum += static_cast<std::int64_t>((*b)->footprint());
    return sum;
  }
};

}  // namespace weir::model
