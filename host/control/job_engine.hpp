#pragma once
// Inside of engine.cpp and engine_change.cpp: the engine of host/job behind the interface of `weir run`.
//
//   start ─> [ job 1 ] ──change, at a cut──> [ job 2 ] ──failed on probation──> [ job 3 = as job 1 ] ─> wait() returns
//                 └─ hot: instances inside of the job are exchanged, the job stays
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "control/engine.hpp"
#include "control/probation.hpp"
#include "job/job.hpp"
#include "plan/difference.hpp"

namespace weir::control {

/// Of this process.
std::uint64_t resident_bytes_now(base::env& env);

class job_engine final : public engine {
 public:
  job_engine(plan::plan_ptr what, base::env& env, engine_options told)
      : env_(env),
        told_(std::move(told)),
        started_at_us_(env.now_us()),
        log_({.room = "control", .pipeline = what->pipeline}),
        now_{std::move(what), told_.definition, nullptr} {}
  ~job_engine() override;

  base::result<void> start() override;
  void drain() override;
  void stop() override;
  void savepoint(job::savepoint_wish what) override;
  base::result<void> savepoint_of_end(const std::string& directory) override;
  silence why_no_output() override;
  metric_snapshot snapshot() override;
  std::optional<std::string> not_ready_because() override;
  run_result wait() override;

  plan::plan_ptr plan_now() override { return now().plan; }
  supervisor::definition definition_now() override { return now().definition; }
  base::result<change_outlook> look_ahead(const plan::plan& next) override;
  base::result<supervisor::change_record> change(change_request what, bool wait) override;
  base::result<supervisor::change_record> take_back(const std::string& by) override;

  base::result<std::string> shadow(const shadow_wish& asked, plan::plan_ptr with) override;
  base::result<std::string> shadow_now() override;
  std::optional<shadow_wish> shadow_wish_now() override;
  base::result<std::string> end_shadow(const std::string& what, const std::string& why) override;

 private:
  /// What runs. The job may be watched by others while the next one is there already.
  struct generation {
    plan::plan_ptr plan;
    supervisor::definition definition;
    std::shared_ptr<job::job> job;              ///< null before start
    std::map<std::string, node_sums> at_begin;  ///< the counts that the job began with
  };
  generation now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  /// A new version that takes over bit by bit: which share it serves, and since when.
  struct ramp {
    std::shared_ptr<task::canary_report> report;
    std::size_t step = 0;    ///< into asked.canary.percents: what it serves; with `moves`: is about to serve
    bool serves = false;     ///< some share
    bool moves = true;       ///< the cut of the step is on its way
    std::uint64_t cuts = 0;  ///< complete since the step began
    std::uint64_t newest_cut = 0;
    std::int64_t since_ns = 0;   ///< when the step began
    task::canary_side old, now;  ///< then
  };
  /// A change from when it is asked for until it is decided what became of it.
  struct change_in_work {
    change_request asked;
    supervisor::change_record record;
    plan::difference between;
    generation before;       ///< to go back to; without its job
    bool rebuild = false;    ///< the job is being drained for it
    std::string take_back;   ///< why the old version is wanted again; empty: it is not
    bool hot_began = false;  ///< from here on some subtasks may have changed
    std::optional<std::pair<std::optional<job::exchange_failure>, job::exchanged>> hot_result;
    std::optional<ramp> by_share;  ///< nullopt: all at once, or it serves everything now
    std::int64_t since_ns = 0;
    std::map<std::string, node_sums> old;  ///< what the exchanged nodes did as the old version
    sample from;                           ///< when the new version began to serve
    std::optional<base::error> failed;     ///< the answer of change()
  };

  // ---- engine.cpp
  /// A job of this plan; restores `from`, or nothing.
  base::result<std::shared_ptr<job::job>> make_job(const plan::plan_ptr& what, std::uint64_t definition,
                                                   std::optional<checkpoint::snapshot> from, std::int64_t hold_cuts_us,
                                                   bool committed = false);
  /// From here on the job runs, and is seen by others. A stop that came before holds for it too.
  void begin(generation what);
  base::result<void> limit_memory(const plan::plan& of, job::options& how);
  struct memory_share {
    std::uint64_t bytes = 0;
    std::string from;  ///< who says so
  };
  /// For everything that has to do with keyed state.
  memory_share memory_told(const plan::plan& of) const;
  base::result<std::optional<checkpoint::snapshot>> open_checkpoints();
  base::result<std::optional<checkpoint::snapshot>> cut_to_begin_with();
  void count(run_result& out) const;
  base::result<job::totals> wait_for_job();

  // ---- engine_change.cpp
  /// Says what became of the change, to the history and to who waits.
  void note(change_in_work& of, supervisor::change_state state);
  void decided(std::unique_lock<std::mutex>& lock, supervisor::change_state state, const std::string& why);
  void cut_completed(const checkpoint::cut_info& cut);
  void change_hot(std::unique_lock<std::mutex>& lock);
  /// The job is to end for the change; next_job() builds the next one.
  void drain_for_change(std::unique_lock<std::mutex>& lock);
  sample take_sample(const generation& of) const;
  /// The old version's part of the comparison; before it goes.
  void remember_old(change_in_work& of) const;
  /// While a version is on probation: whether it keeps the bounds. With it taken back the job is cancelled.
  void look_at_bounds();
  /// The job has ended: whether there is another one now because of a change.
  bool next_job(const base::result<job::totals>& ended);
  bool rebuild(std::unique_lock<std::mutex>& lock);
  bool go_back(std::unique_lock<std::mutex>& lock, const std::string& why);
  base::result<checkpoint::snapshot> newest_cut() const;
  /// What a run that died has left undecided.
  void settle_history(const std::optional<checkpoint::snapshot>& from);

  // ---- engine_canary.cpp
  /// With the lock: the version is to serve the share of its step from the next cut on.
  void begin_step(std::unique_lock<std::mutex>& lock);
  /// With the lock: the cut of the step has passed, or not.
  void step_began(std::unique_lock<std::mutex>& lock);
  /// Goes on to the next share when it is time.
  void look_at_ramp();
  /// With the lock; nullopt: no version serves a share.
  std::optional<canary_metrics> metrics_of_canary() const;
  /// With the lock, of a share: what broken_bound is asked.
  std::optional<std::string> broken_bound_of_share() const;

  // ---- engine_outlook.cpp
  /// Some stored values of each operator, from the newest cut, as far as it is of this form.
  void add_samples(std::vector<kept_state>& to, const std::vector<std::string>& ids,
                   const checkpoint::snapshot& from) const;

  // ---- engine_shadow.cpp
  /// With the lock: it is over, for this reason.
  void shadow_ends(std::string_view what, std::string why);
  /// Keeps what is known of the shadow for when this process is no more; now and then.
  void tell_shadow(bool now);
  /// What a run that died has left.
  void settle_shadow();

  base::env& env_;
  const engine_options told_;
  const std::int64_t started_at_us_;
  const base::logger log_;
  std::int64_t began_ns_ = 0;
  std::atomic<bool> drained_{false}, stopped_{false};
  std::unique_ptr<checkpoint::storage> storage_;  // outlives the job
  std::uint32_t jobs_ = 0;                        // made so far

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  generation now_;                                         // guarded by mutex_
  std::optional<change_in_work> change_;                   // guarded by mutex_
  std::optional<supervisor::change_record> last_change_;   // decided; guarded by mutex_
  bool over_ = false;                                      // no change any more; guarded by mutex_
  std::optional<shadow_run> shadow_;                       // the newest one, over or not; guarded by mutex_
  std::uint32_t shadow_node_ = 0;                          // of the plan; guarded by mutex_
  bool shadow_begins_ = false;                             // no change until it has its cut; guarded by mutex_
  std::shared_ptr<task::shadow_report> shadow_told_over_;  // whose end was written; guarded by mutex_
  std::int64_t tell_shadow_ns_ = 0;                        // guarded by mutex_
};

}  // namespace weir::control
