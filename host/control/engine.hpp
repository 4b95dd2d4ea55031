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
#include "control/shadow_record.hpp"
#include "control/state_trial.hpp"
#include "control/why_no_output.hpp"
#include "job/savepoint_wish.hpp"
#include "plan/plan.hpp"
#include "supervisor/definition.hpp"
#include "supervisor/history.hpp"
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

/// A change of the running pipeline: from what it is to another definition, at one cut.
struct change_request {
  supervisor::definition next;               ///< number 0: it is new, and is written when it has been accepted
  plan::plan_ptr plan;                       ///< of it
  std::string what;                          ///< "swap", "apply", "rollback", "promote"
  std::string by;                            ///< who asked
  std::optional<std::int64_t> probation_us;  ///< in place of [swap] probation; 0: until the next checkpoint
  bool rebuild = false;                      ///< at a cut, also when it could be hot
  std::uint64_t looked_at = 0;               ///< the definition that ran when it was judged; 0: it was not
  std::string kept_plugin;                   ///< of a swap that brings one: where weir keeps it
  config::canary canary;                     ///< with shares: the new version takes over bit by bit
};

struct change_outlook {
  plan::difference between;
  state_question state;            ///< with no operators: nothing to ask
  std::optional<base::error> why;  ///< it is refused: state would be lost
};

/// One run of one pipeline, whose plan may change meanwhile.
class engine : public metric_source {
 public:
  /// [control] Starts everything; the error of a plugin's create, of a broker that is away ...
  virtual base::result<void> start() = 0;
  /// [any] Sources stop, everything read is processed, sinks flush.
  virtual void drain() = 0;
  /// [any] As fast as it can be done in order; rows in flight are dropped.
  virtual void stop() = 0;
  /// [any]
  virtual void savepoint(job::savepoint_wish what) = 0;
  /// [any] What holds output back. Takes a second: it looks twice.
  virtual silence why_no_output() = 0;
  /// [control] After wait() of a run that ended in order: a savepoint of where it ended.
  virtual base::result<void> savepoint_of_end(const std::string& directory) = 0;
  /// [any] The plan that runs now, and what it is made from.
  virtual plan::plan_ptr plan_now() = 0;
  virtual supervisor::definition definition_now() = 0;
  /// [any] What lies between the running plan and another one, and what has to be asked about state before it may be.
  /// The error in it: state would be lost.
  virtual base::result<change_outlook> look_ahead(const plan::plan& next) = 0;
  /// [any] Changes the running pipeline; one change at a time. Returns when the new version serves, or with `wait` when its
  /// probation is over. The record says what became of it: a version that was taken back is no error of this call. An error:
  /// it was refused, the pipeline runs as before.
  virtual base::result<supervisor::change_record> change(change_request what, bool wait) = 0;
  /// [any] Takes the change back whose probation is not over; an error when there is none.
  virtual base::result<supervisor::change_record> take_back(const std::string& by) = 0;
  /// [any] Another version of one operator beside the one that serves, as the plan says; its output is compared. One at a
  /// time. Returns when its cut has passed: shadow_now(). An error: it was refused.
  virtual base::result<std::string> shadow(const shadow_wish& asked, plan::plan_ptr with) = 0;
  /// [any] The newest shadow, one JSON object (shadow_record.hpp); an error: there was none.
  virtual base::result<std::string> shadow_now() = 0;
  /// [any] What the shadow was made from that is at work; nullopt: none is.
  virtual std::optional<shadow_wish> shadow_wish_now() = 0;
  /// [any] what: as in shadow_record.hpp. An error: none is at work.
  virtual base::result<std::string> end_shadow(const std::string& what, const std::string& why) = 0;
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
  /// With `place`: where definitions and history are, which definition the plan is of, and how to get the plan of another.
  std::string state_directory;
  supervisor::definition definition;
  std::function<base::result<plan::plan_ptr>(const supervisor::definition&)> plan_of;
};
std::unique_ptr<engine> make_engine(plan::plan_ptr what, base::env& env, engine_options how);

}  // namespace weir::control
