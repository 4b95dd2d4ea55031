#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/env.hpp"
#include "base/log.hpp"
#include "checkpoint/storage.hpp"
#include "job/builder.hpp"
#include "job/cut_rules.hpp"
#include "job/savepoint_wish.hpp"
#include "plan/plan.hpp"
#include "task/cut.hpp"
#include "task/exchange_work.hpp"

namespace weir::job {

/// Makes cuts: tells the tasks, collects what they hand over, makes it durable, tells them that. One cut at a time. When all
/// tasks have ended it makes a last cut, so that two-phase sinks commit, and lets the tasks leave.
///
/// Without a storage only that last cut is made, and nothing is stored.
class cut_coordinator final : public task::cut_sink {
 public:
  struct parts {
    checkpoint::storage* storage = nullptr;    ///< null: no checkpoints
    std::uint64_t last_cut = 0;                ///< the highest number ever used before
    bool memory_is_limited = false;            ///< tasks may ask for a cut to let go of memory
    std::int64_t restored_at_us = -1;          ///< when the restored cut was taken; -1: none is restored
    std::map<std::string, std::string> facts;  ///< of every cut
    std::int64_t hold_us = 0;                  ///< so long after begin() no cut is made, but the last one
    std::function<void(const checkpoint::cut_info&)>
        completed;  ///< on the coordinator's thread, after it was told to the tasks
    /// Why no cut can be made yet: a source that has not got its splits back would lose their positions. [any]
    std::function<bool()> ready;
    std::function<base::result<void>()> still_mine;  ///< asked before a cut becomes valid; null: always
    std::function<void(base::error)> failed;         ///< the run must end (and perhaps begin again); once
  };
  /// tasks: of `all`, which outlives it. Told to report here.
  cut_coordinator(base::env& env, plan::plan_ptr what, built& all, cut_rules rules, parts with);
  ~cut_coordinator() override;

  void start();
  /// Instead of start(), for simulations: step() is called from outside.
  void begin();
  /// [any] No further cut; one under way is given up.
  void stop();
  /// Does what there is to do; when to call it again at the latest, monotonic. What start()'s thread does, for simulations.
  std::int64_t step();

  /// [any] A savepoint into a directory, as soon as the cut under way is over. `done` is called on the coordinator's thread.
  void savepoint(savepoint_wish what);
  /// Other versions of some nodes, from one cut on.
  struct exchange_order {
    std::vector<std::pair<task::task*, std::unique_ptr<task::exchange_work>>>
        work;                                  ///< not for tasks that keep what they have
    plan::plan_ptr plan;                       ///< of the new versions; null: it stays, and so do facts and holds
    std::map<std::string, std::string> facts;  ///< of the cuts behind this one
    std::int64_t hold_us = 0;                  ///< so long no cut follows
    /// On the coordinator's thread, the number of the cut: right before the tasks are told; or why there is none.
    std::function<void(base::result<std::uint64_t>)> begun;
    /// On the coordinator's thread: the cut was given up when tasks had been told of it.
    std::function<void(base::error)> broken;
  };
  /// [any] As soon as the cut under way is over, which is given up when it takes long.
  void exchange(exchange_order what);
  cut_figures figures() const;  ///< [any]

  // ---- task::cut_sink
  bool has_room() override;
  void state_block(const task::task& from, std::uint32_t at, std::uint64_t cut, std::string block) override;
  void taken(const task::task& from, task::task_cut all) override;
  void ended(const task::task& from) override;

 private:
  struct place {
    std::uint32_t chain = 0, subtask = 0;
  };
  struct block {
    const task::task* from;
    std::uint32_t at;
    std::uint64_t cut;
    std::string bytes;
  };
  struct wish : savepoint_wish {
    std::int64_t until_ns = INT64_MAX;
  };
  /// The cut under way.
  struct work {
    std::uint64_t cut = 0;
    model::cut_kind kind = model::cut_kind::checkpoint;
    bool last = false;
    std::int64_t began_ns = 0;
    std::size_t left = 0;  // tasks
    std::int64_t pause_us = 0;
    std::unique_ptr<checkpoint::cut_writer> writer;
    std::optional<wish> asked;
    std::optional<exchange_order> exchange;
    bool told = false;                                // tasks know of it
    std::map<std::string, std::string> facts_before;  // of the exchange: what they were
    std::int64_t hold_before_ns = 0;
    std::optional<base::error> broken;  // of writing
    bool dear = false;  // a task with much state has begun to write it: giving up this cut makes that task stand still
    std::int64_t moved_ns = 0;  // when tasks last handed over some of it
  };
  void run();
  bool memory_asks(std::int64_t now);
  void begin_cut(std::unique_lock<std::mutex>& lock, model::cut_kind kind, bool last, std::optional<wish> asked,
                 std::optional<exchange_order> exchange = std::nullopt);
  /// When the cut under way has to make room for the exchange that waits.
  std::int64_t room_at_ns() const;
  /// The cut under way makes room for an exchange that has waited long enough.
  bool must_make_room(std::int64_t now) const;
  /// A change that waits for tasks of which none can begin with it.
  bool may_withdraw() const;
  bool must_withdraw(std::int64_t now) const;
  void withdraw(std::unique_lock<std::mutex>& lock);
  void write(std::unique_lock<std::mutex>& lock);
  void conclude(std::unique_lock<std::mutex>& lock);
  void make_savepoint(work& done);
  /// Wishes that have waited as long as they may are told so. When the next one has.
  std::int64_t disappoint(std::unique_lock<std::mutex>& lock);
  /// Chains of deltas that have grown too long become one base, beside the cuts.
  void fold();
  void give_up(std::unique_lock<std::mutex>& lock, base::error why);
  void tell_all(task::order o);
  std::uint32_t node_of(const place& p, std::uint32_t at) const { return plan_->chains[p.chain].nodes[at]; }
  checkpoint::node_snapshot snapshot_of(const place& p, std::uint32_t at, task::node_cut& node) const;

  base::env& env_;
  plan::plan_ptr plan_;  // of the coordinator's thread
  const cut_rules rules_;
  parts with_;
  base::logger log_;
  std::vector<task::task*> tasks_;
  std::unordered_map<const task::task*, place> places_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_, fold_thread_;
  std::atomic<bool> folding_{false};
  bool stop_ = false;
  std::size_t running_ = 0;  // tasks that have not ended
  bool over_ = false;        // the last cut is complete
  std::uint64_t next_cut_ = 1;
  std::int64_t due_ns_ = 0, memory_may_ask_ns_ = 0, hold_until_ns_ = 0;
  std::uint32_t failures_ = 0;           // one after the other
  std::uint32_t failures_pardoned_ = 0;  // of them, that were meant
  std::optional<work> work_;
  std::deque<block> blocks_;
  std::uint64_t waiting_bytes_ = 0;
  std::vector<std::pair<const task::task*, task::task_cut>> taken_;
  std::deque<wish> wishes_;
  std::optional<exchange_order> exchange_;
  std::int64_t exchange_since_ns_ = 0;
  bool look_again_ = false;  // what step() answered holds no more
  cut_figures figures_;
};

}  // namespace weir::job
