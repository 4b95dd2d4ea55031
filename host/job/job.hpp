#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "base/result.hpp"
#include "checkpoint/storage.hpp"
#include "job/cut_rules.hpp"
#include "job/savepoint_wish.hpp"
#include "plan/plan.hpp"
#include "task/canary_report.hpp"
#include "task/shadow_report.hpp"

namespace weir::job {

/// Memory for keyed state, and where it goes beyond.
struct state_memory {
  std::uint64_t bytes = 0;  ///< of all stores together; 0: no limit
  /// Of the real file system, of this run alone: what does not fit goes below it. Empty: it must fit.
  std::string directory;
};

struct options {
  std::uint64_t queue_bytes = 4 << 20;  ///< of one channel between two subtasks
  std::uint32_t batch_rows = 1024;      ///< rows of a batch that sources make at most

  cut_rules cuts;
  /// Where cuts go; outlives the job. Null: no checkpoints, sinks commit once, at the end.
  checkpoint::storage* storage = nullptr;
  /// The cut to go on from; nullopt: begin afresh.
  std::optional<checkpoint::snapshot> restore;
  /// What sinks prepared for `restore` is visible: the job before has ended in order.
  bool restored_is_committed = false;
  /// State in it that no operator of the plan has any more is given up; otherwise it is an error.
  bool allow_dropped_state = false;
  state_memory memory;
  /// Asked before a cut becomes valid: whether this process still may write. Null: always. [any]
  std::function<base::result<void>()> still_mine;
  /// Written into every cut.
  std::map<std::string, std::string> facts;
  /// So long after the start no cut is made, but for the last one.
  std::int64_t hold_cuts_us = 0;
  /// A cut is complete. Called on a thread of the job; must not wait for it.
  std::function<void(const checkpoint::cut_info&)> completed;
  /// Operators that have ended the worker before, by id, with the records that did it (op::suspicion).
  std::map<std::string, std::set<std::uint64_t>> suspected;
};

/// One node in one subtask at this moment. Counters only grow.
struct subtask_figures {
  std::uint32_t node = 0;  ///< index into plan::nodes
  std::uint32_t subtask = 0;
  std::uint64_t records_in = 0, batches_in = 0, bytes_in = 0;
  std::uint64_t records_out = 0, batches_out = 0, bytes_out = 0;
  std::uint64_t late = 0, dead_letters = 0, skipped = 0;
  std::int64_t watermark_us = INT64_MIN;
  std::int64_t newest_event_us = INT64_MIN;
  /// Of the thread; only on the head of a chain, 0 on the others.
  std::int64_t busy_ns = 0, idle_ns = 0, backpressured_ns = 0;
  std::int64_t working_ns = 0;  ///< in steps, waits inside of plugins too
  /// Of the queues in front of the subtask, on heads.
  std::uint64_t pushed_batches = 0, popped_batches = 0, pushed_bytes = 0, popped_bytes = 0;
  std::int64_t pending_records = -1;  ///< sources; -1: not known
  /// On heads: what the watermark waits for: "trades/3" (a split), "enrich/1" (a subtask in front); empty: nothing holds it.
  std::string held_by;
  /// Of the split that holds a source: its own watermark, what it still has to read (-1: not known), how long it has had
  /// nothing to read (-1: it has something).
  std::int64_t held_watermark_us = INT64_MIN, held_pending = -1, held_quiet_us = -1;
  std::string newest_split;                  ///< of a source: the split that is furthest; empty: none has a watermark
  std::int64_t newest_split_us = INT64_MIN;  ///< and its watermark
  bool paused = false;                       ///< a source that waits for slower ones of its align_group
  bool full = false;                         ///< on heads: a queue in front of it takes no more
  /// Keyed state in memory; seen by others up to a second late.
  std::uint64_t state_bytes = 0, state_entries = 0, state_entries_on_disk = 0, state_entries_converting = 0;
};

/// What a run has come to.
struct totals {
  std::uint64_t records_in = 0;   ///< handed over by sources, their own dead letters included
  std::uint64_t records_out = 0;  ///< given to sinks, but for those that only take dead letters
  std::uint64_t late = 0;
  std::uint64_t dead_letters = 0;  ///< kept, or skipped because on_error says so
  /// Figures of sinks by id: "rows" always, and what the sink itself reports.
  std::map<std::string, std::map<std::string, std::uint64_t>> sinks;
};

/// Other versions of nodes, while the pipeline runs.
struct exchange_request {
  plan::plan_ptr plan;                       ///< of the same shape: only what `nodes` do differs, their state does not
  std::vector<std::uint32_t> nodes;          ///< indexes that mean the same in both plans
  std::map<std::string, std::string> facts;  ///< of every cut behind this one
  std::int64_t hold_cuts_us = 0;             ///< so long no cut follows
};
struct exchanged {
  std::uint64_t cut = 0;      ///< with which the new versions began
  std::int64_t pause_us = 0;  ///< the most that a subtask stood still for
};
/// Another version of one node beside the one that serves, compared with it.
struct shadow_request {
  plan::plan_ptr plan;  ///< of the same shape: only what `node` does differs, its state does not
  std::uint32_t node = 0;
  task::shadow_rules rules;
  std::shared_ptr<task::shadow_report> report;  ///< of as many subtasks as the node has; who ends it ends the shadow
};

/// Another version of one node serves a share of its keys, then more, then all.
struct canary_request {
  plan::plan_ptr next;  ///< of the new version; of the same shape: only what `node` does differs, its state does not
  plan::plan_ptr plan;  ///< that cuts are of from this one on: the old one, or with takes_over `next`
  std::uint32_t node = 0;
  bool begins = false;                          ///< else it serves a share already
  double part = 0;                              ///< of the keys from this cut on, 0 to 1
  bool takes_over = false;                      ///< of all of them, and the old version goes
  std::map<std::string, std::string> facts;     ///< of every cut behind this one
  std::int64_t hold_cuts_us = 0;                ///< so long no cut follows
  std::shared_ptr<task::canary_report> report;  ///< of as many subtasks as the node has
};

/// Why there is no new version.
struct exchange_failure {
  base::error why;
  bool untouched = true;  ///< no subtask has changed; false: the job is of no use any more
};

/// How an exchange is done.
struct exchange_way {
  std::optional<base::error>
      at_a_cut;  ///< why not while it flows, though the plan allows it: build the job anew instead
};

/// A pipeline at work. Made, started and waited for by one control thread; what says [any] may be called by others meanwhile.
class job {
 public:
  /// The plan's plugins stay loaded as long as the job lives.
  static base::result<std::unique_ptr<job>> make(plan::plan_ptr what, options how, base::env& env);
  virtual ~job() = default;

  virtual void start() = 0;
  /// [any] Sources stop, what is under way reaches the sinks, then the job is over. goes_on: another one follows from the last
  /// cut, so plugins are not told that their input ends.
  virtual void drain(bool goes_on = false) = 0;
  /// [any] Everything stops after its current step.
  virtual void cancel() = 0;
  /// Until the job is over. An error: the first failure of a task.
  virtual base::result<totals> wait() = 0;
  /// [any] When the first failure was, monotonic; -1: none.
  virtual std::int64_t failed_at_ns() const = 0;
  /// [any] Until the job is over, or this long. True: it is over.
  virtual bool wait_for(std::int64_t microseconds) = 0;

  /// [any]
  virtual void savepoint(savepoint_wish what) = 0;
  /// [any] One at a time. Returns when the new versions are prepared; `done` is called once, on a thread of the job that must
  /// not be held, when all serve or none does; not when the job ends before. An error: they could not be prepared;
  /// with at_a_cut nothing was begun either.
  using exchange_done = std::function<void(std::optional<exchange_failure>, exchanged)>;
  virtual base::result<exchange_way> exchange(exchange_request what, exchange_done done) = 0;
  /// [any] As exchange, and not at the same time: the shadow begins at a cut. A failure leaves the job as it was.
  virtual base::result<void> shadow(shadow_request what, exchange_done done) = 0;
  /// [any] As exchange, and not at the same time. An error: it was not begun.
  virtual base::result<void> canary(canary_request what, exchange_done done) = 0;
  /// [any] A report was ended: its shadow goes now, not when it gets its next batch.
  virtual void look_at_shadows() = 0;
  /// [any]
  virtual cut_figures cuts() const = 0;
  /// [any]
  virtual std::vector<subtask_figures> figures() const = 0;
  /// [any] Why records do not flow yet, for people; nothing when all sources have their splits and no task has failed.
  virtual std::optional<std::string> not_ready_because() const = 0;
};

}  // namespace weir::job
