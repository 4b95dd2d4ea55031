#pragma once
// What the engine counts, as plain numbers at one moment, and its Prometheus text. The engine implements metric_source;
// the metrics server and the end-of-run summary read it. Counters only grow while the process lives.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir::control {

/// One subtask of one node. Sources count what they read as records_out.
struct subtask_metrics {
  std::string operator_id;
  std::string plugin;  ///< "risk@1.2.0"
  std::uint32_t subtask = 0;

  std::uint64_t records_in = 0, records_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t batches_in = 0, batches_out = 0;
  /// The first node of a chain: the thread's times and the queues in front of it are told here, on the other nodes of
  /// the chain the numbers below are left out.
  bool head = true;
  /// Wall time of the thread by what it did.
  std::uint64_t busy_ns = 0, idle_ns = 0, backpressured_ns = 0;
  /// Batches and bytes that went into and came out of the queues in front of the subtask: depth = pushed - popped. Two
  /// counters, so that a short burst between two scrapes is seen.
  std::uint64_t pushed_batches = 0, popped_batches = 0;
  std::uint64_t pushed_bytes = 0, popped_bytes = 0;

  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;                 ///< rows that could not be processed, whatever on_error did with them
  std::uint64_t skipped = 0;                      ///< of dead_letters, those that nothing kept: on_error = "skip"
  std::optional<std::int64_t> watermark_us;       ///< absent: not begun, or at the end of all input
  std::optional<std::int64_t> event_time_lag_us;  ///< now - newest event time that went out
  std::optional<std::uint64_t> pending_records;   ///< sources: not read yet
  /// Keyed state; absent: it has none. bytes: in memory. entries: all, those on disk too.
  std::optional<std::uint64_t> state_bytes, state_entries, state_entries_on_disk, state_entries_converting;
};

/// Checkpoints and savepoints of a pipeline that takes them.
struct cut_metrics {
  std::uint64_t completed = 0, failed = 0;  ///< of this process
  /// Of the last complete one of this process; absent: there is none yet.
  std::optional<std::int64_t> last_duration_us;
  std::optional<std::int64_t> last_pause_us;
  std::optional<std::uint64_t> last_bytes;  ///< newly written
  std::optional<std::int64_t> age_us;       ///< of the last complete one, or of the one that was restored
  std::optional<std::int64_t> in_work_us;   ///< how long the one in work has taken so far
};

/// A version beside the one that serves.
/// A new version that serves a share of the keys of an operator.
struct canary_metrics {
  std::string operator_id;
  std::string plugin;  ///< "risk@1.3.0"
  double percent = 0;
  std::uint64_t step = 0, steps = 0;  ///< from 1
  struct version {
    std::uint64_t records_in = 0, records_out = 0, errors = 0;
  };
  version old, now;  ///< since the canary began
};

struct shadow_metrics {
  std::string operator_id;
  std::string plugin;                                              ///< of the shadow
  std::string state;                                               ///< as in shadow_record.hpp
  std::uint64_t equal = 0, different = 0, missing = 0, extra = 0;  ///< rows
};

struct metric_snapshot {
  std::string pipeline;
  std::vector<subtask_metrics> subtasks;
  std::optional<cut_metrics> cuts;       ///< absent: it takes none
  std::optional<shadow_metrics> shadow;  ///< the newest one, over or not
  std::optional<canary_metrics> canary;  ///< while it serves a share
  std::uint64_t rss_bytes = 0;
  std::uint64_t cpu_ns = 0;        ///< of the process
  std::int64_t started_at_us = 0;  ///< wall clock
};

/// Implemented by the engine. [any] thread, concurrently with the tasks; never blocks on them.
class metric_source {
 public:
  virtual ~metric_source() = default;
  virtual metric_snapshot snapshot() = 0;
  /// All subtasks run and none has failed; else why not, for people.
  virtual std::optional<std::string> not_ready_because() = 0;
};

/// The exposition format, version 0.0.4. Labels: pipeline, operator, subtask, plugin; never data.
std::string prometheus_text(const metric_snapshot& of);

}  // namespace weir::control
