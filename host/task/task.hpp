#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "exchange/waker.hpp"
#include "task/chain.hpp"
#include "task/cut.hpp"

namespace weir::task {

/// What a task waits for after a step.
enum class step_result : std::uint8_t {
  worked,       ///< did something; step again
  wait_input,   ///< nothing to do until it is woken, or until wake_at_ns()
  wait_output,  ///< an output is full; it is woken when there is room
  finished,     ///< nothing more will come out of it
  failed,       ///< why() says why
};

/// Where the time of a task goes, nanoseconds since it began. Written by its thread, read by any.
struct task_times {
  std::atomic<std::int64_t> busy{0}, idle{0}, backpressured{0};
  std::atomic<std::int64_t> working{0};  ///< in steps, whatever they did there: computed, slept, waited for a device
};

/// One subtask of a chain. step() and what it calls: one thread at a time. Never blocks longer than a source's poll may.
class task {
 public:
  task(std::string name, std::uint32_t subtask, const weir_host& table, base::env& env, exchange::waker& own)
      : env_(env), chain_(subtask, table, env), waker_(own), name_(std::move(name)), subtask_(subtask) {}
  virtual ~task() = default;

  /// Makes the plugin instances, restores them; on the thread that will step.
  virtual bool create() {
    if (!chain_.create()) return false;
    chain_.publish_state();
    return true;
  }
  /// Orders and the state of a cut first, then what the kind of task does.
  step_result step();
  /// Ends the plugin instances, on the same thread; figures can still be read.
  virtual void close() { chain_.close(); }
  /// Monotonic time at which step() has something to do without being woken; INT64_MAX: never.
  std::int64_t wake_at_ns() const;
  /// [any] Stop reading; what is under way flows on to the sinks. Only sources listen.
  virtual void drain() {}

  // ---- the cut
  /// [control] Before the first step. Without one the task leaves when it has ended.
  void report_to(cut_sink& sink) { sink_ = &sink; }
  /// [any] Orders are carried out one after the other.
  void tell(order what);
  /// [any] Other versions of some nodes, or beside them, for when the cut passes. Before anybody is told of that cut.
  void expect(std::unique_ptr<exchange_work> what);
  /// [any] Whether what was expected has not begun to be carried out.
  bool still_expects() const { return expects_.load(std::memory_order_acquire); }
  /// [any] What was expected, if it has not begun to be carried out: then it never is.
  std::unique_ptr<exchange_work> withdraw();

  chain& nodes() { return chain_; }
  const chain& nodes() const { return chain_; }
  const base::error& why() const { return chain_.failure().why(); }
  const std::string& name() const { return name_; }
  std::uint32_t subtask() const { return subtask_; }
  task_times& times() { return times_; }
  const task_times& times() const { return times_; }

 protected:
  /// The work of one step; finished: nothing more will come out.
  virtual step_result work() = 0;
  /// Monotonic time at which work() has something to do without being woken.
  virtual std::int64_t work_at_ns() const { return INT64_MAX; }
  /// A cut is asked for. True: cut now; false: a barrier will bring it.
  virtual bool cuts_at_once() const = 0;
  /// Another version of the source at the head follows the one that was, at the position of the cut that has just passed.
  virtual bool exchange_source(std::unique_ptr<prepared_source>, const task_cut&) { return true; }
  /// What served before an exchange goes.
  virtual void let_go() { chain_.let_go(); }
  /// Positions of a source, at the cut.
  virtual bool add_splits(task_cut&) { return true; }
  /// What add_splits gave is durable.
  virtual bool splits_committed(const task_cut&) { return true; }
  /// The cut passes this task now: every node flushes and says what it keeps, the barrier goes on.
  bool cut_here(std::uint64_t cut, model::cut_kind kind);
  /// Carries out what was ordered about cuts before this one, and gives up what is left of them. Before cut_here.
  bool settle_older(std::uint64_t cut);
  /// Between cut_here and this the cut is not handed over: what its barrier overtook is still being collected.
  void hold_cut() { held_ = true; }
  void release_cut(std::string in_flight);
  /// Rows that wait in front of the head for their turn: they belong to the cut.
  virtual std::string waiting() const { return {}; }
  /// The newest cut is given up: collect no more.
  virtual void drop_in_flight() {}
  std::uint64_t last_cut() const { return last_cut_; }
  std::uint64_t given_up() const { return given_up_; }
  bool ended() const { return ended_; }
  const order& announced() const { return announced_; }

  base::env& env_;
  task_times times_;
  chain chain_;
  exchange::waker& waker_;

 private:
  bool follow_orders();
  bool follow(const order& o);
  /// Tells the size of its state, now and then.
  void publish_state(bool last);
  /// The next slice of captured state.
  bool capture();
  void hand_over();
  /// The newest cut is given up: its state belongs to the next one again.
  void give_up_state();
  /// What was expected for the cut which is about to pass, and comes before it: shadows begin; of state that is to get a third form no
  /// value stays in the first, which the version that comes need not know.
  bool attach(std::uint64_t cut);
  /// Puts the versions in place that were expected for the cut which has just passed.
  bool exchange(std::uint64_t cut, std::int64_t since_ns);

  std::string name_;
  std::uint32_t subtask_;
  cut_sink* sink_ = nullptr;
  std::mutex mutex_;
  std::deque<order> orders_;                 // guarded by mutex_
  std::atomic<bool> has_orders_{false};      // hint
  std::unique_ptr<exchange_work> expected_;  // guarded by mutex_
  std::atomic<bool> expects_{false};         // hint
  std::uint64_t exchanged_at_ = 0;           // the cut whose old instances are still there; 0: none
  order announced_;                          // the newest `begin`
  std::uint64_t last_cut_ = 0;
  std::uint64_t given_up_ = 0;         // the newest cut that was aborted
  std::optional<task_cut> capturing_;  // taken, but state is still going out
  std::deque<task_cut> open_;          // handed over, neither complete nor aborted
  bool store_ = true;                  // of the cut in work
  bool held_ = false;                  // hold_cut
  bool state_out_ = false;             // all of the state of the cut in work has been given out
  bool waits_for_room_ = false;
  std::int64_t publish_at_ns_ = INT64_MIN;
  bool ended_ = false;
  bool finish_ = false;
};

}  // namespace weir::task
