#pragma once
// What `weir run` needs from whatever executes a plan. make_engine (engine.cpp) gives the one of host/job.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/env.hpp"
#include "checkpoint/cut_writer.hpp"
#include "control/metrics.hpp"
#include "control/why_no_output.hpp"
#include "plan/plan.hpp"
#include "supervisor/state_directory.hpp"
#include "weir/abi.h"

namespace weir::control {

enum class run_end : std::uint8_t {
  finished,  ///< the input ended
  drained,   ///< told to drain: the sources stopped, everything read was processed
  stopped,   ///< told to stop at once: rows in flight were dropped
  failed,
};

struct sink_result {
  std::uint64_t rows = 0;  ///< that came into it
  /// Figures it reports (weir.report), added over its subtasks; "rows" replaces the count above.
  std::map<std::string, std::uint64_t> figures;
};

struct run_result {
  run_end how = run_end::finished;
  std::optional<base::error> why;  ///< of a failed run
  std::uint64_t records_in = 0;    ///< records that the sources read
  std::uint64_t records_out = 0;   ///< rows that the sinks took
  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t skipped = 0;   ///< of the dead letters, those that nothing kept
  std::uint64_t restarts = 0;  ///< of the run, before this worker
  double wall_seconds = 0, cpu_seconds = 0;
  std::uint64_t rss_bytes = 0;                             ///< the most it was
  std::vector<std::pair<std::string, sink_result>> sinks;  ///< by node id, in the order of the file
};

/// One run of one plan.
class engine : public metric_source {
 public:
  /// [control] Starts everything; the error of a plugin's create, of a broker that is away ...
  virtual base::result<void> start() = 0;
  /// [any] Sources stop, everything read is processed, sinks flush.
  virtual void drain() = 0;
  /// [any] As fast as it can be done in order; rows in flight are dropped.
  virtual void stop() = 0;
  /// [any] A savepoint into this directory; `done` is called once, perhaps on another thread.
  virtual void savepoint(std::string directory, std::function<void(base::result<checkpoint::cut_info>)> done) = 0;
  /// [any] What holds output back. Takes a second: it looks twice.
  virtual silence why_no_output() = 0;
  /// [control] After wait() of a run that ended in order: a savepoint of where it ended.
  virtual base::result<void> savepoint_of_end(const std::string& directory) = 0;
  /// [control] Returns when the run is over; all threads are gone then.
  virtual run_result wait() = 0;
};

/// The table that plugins are bound and run with. Lives for ever.
const weir_host& engine_host_table();
struct engine_options {
  std::optional<supervisor::worker_place> place;  ///< where cuts are kept, and where to begin; nullopt: no checkpoints
  bool allow_dropped_state = false;               ///< state that no operator takes over is given up
  std::map<std::string, std::set<std::uint64_t>> suspected;  ///< as job::options
  /// Of this run alone, emptied at its begin and removed at its end: state that does not fit into memory.
  std::string working_directory;
};
std::unique_ptr<engine> make_engine(plan::plan_ptr what, base::env& env, engine_options how = {});

}  // namespace weir::control
