#pragma once
#include <cstdint>

namespace weir::job {

/// When cuts are made; the names of [checkpoint].
struct cut_rules {
  std::int64_t interval_us = 10'000'000;
  std::int64_t timeout_us = 600'000'000;
  std::int64_t min_pause_us = 0;
  std::uint32_t tolerable_failures = 0;
  std::int64_t aligned_timeout_us = 0;  ///< above it barriers overtake queued batches
  bool exactly_once =
      true;  ///< false: no channel waits for the others' barriers; after a restore records may come twice
  bool incremental = true;  ///< false: each cut holds all of the state
};

struct cut_figures {
  std::uint64_t completed = 0, failed = 0;
  std::uint64_t last_cut = 0;             ///< the newest complete one; 0: none
  std::int64_t last_duration_us = 0;      ///< from its begin until it was durable
  std::int64_t last_pause_us = 0;         ///< the longest that a subtask stood still for it
  std::uint64_t last_bytes = 0;           ///< newly written
  std::int64_t last_complete_at_us = -1;  ///< wall clock; the restored cut before there is another; -1: none
  std::int64_t in_work_since_us = -1;     ///< wall clock; -1: no cut is under way
};

}  // namespace weir::job
