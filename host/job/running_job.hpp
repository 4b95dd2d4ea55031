#pragma once
// Inside of job.cpp and simulation.cpp.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "job/builder.hpp"
#include "job/cut_coordinator.hpp"
#include "job/host_table.hpp"
#include "job/job.hpp"
#include "job/restore.hpp"
#include "job/split_finder.hpp"
#include "task/runner.hpp"

namespace weir::job {

/// A job on any runner: threads, or a simulation's one thread.
class running_job : public job {
 public:
  running_job(plan::plan_ptr what, const options& how, base::env& env, std::unique_ptr<task::runner> runner)
      : plan_(std::move(what)), env_(env), runner_(std::move(runner)), finder_(env, host_table(), plan_->pipeline) {
    built_ = build(*plan_, how, host_table(), *runner_, env);
    for (std::size_t c = 0; c < built_.sources.size(); ++c) {
      if (!built_.sources[c].empty()) finder_.add(built_.specs[plan_->chains[c].nodes[0]], built_.sources[c]);
      left_ += built_.tasks[c].size();
    }
  }

  base::result<void> prepare(const options& how) {
    spec_options_.batch_rows = how.batch_rows;
    spec_options_.storage = how.storage;
    spec_options_.memory.bytes = how.memory.bytes;
    std::uint64_t last_cut = how.storage ? how.storage->next_number() - 1 : 0;
    if (how.restore) {
      WEIR_TRY(restore(*plan_, *how.restore, how.allow_dropped_state, how.restored_is_committed, built_, finder_));
      if (how.storage)
        WEIR_TRY(how.storage->continue_from(*how.restore, renamed(*plan_, *how.restore),
                                            dropped(*plan_, *how.restore, how.restored_is_committed)));
      last_cut = std::max(last_cut, how.restore->facts().cut);
    }
    cuts_.emplace(env_, plan_, built_, how.cuts,
                  cut_coordinator::parts{.storage = how.storage,
                                         .last_cut = last_cut,
                                         .memory_is_limited = how.memory.bytes > 0,
                                         .restored_at_us = how.restore ? how.restore->facts().taken_at_us : -1,
                                         .facts = how.facts,
                                         .hold_us = how.hold_cuts_us,
                                         .completed = how.completed,
                                         .ready = [this] { return finder_.waiting().empty(); },
                                         .still_mine = how.still_mine,
                                         .failed = [this](base::error why) { fail(std::move(why)); }});
    return {};
  }

  ~running_job() override {
    cancel();
    finder_.stop();
    runner_->join();
    if (cuts_) cuts_->stop();
  }

  void start() override {
    runner_->start([this](task::task& t, task::step_result last) { ended(t, last); });
    finder_.start([this](base::error why) { fail(std::move(why)); });
    cuts_->start();
  }

  void savepoint(savepoint_wish what) override { cuts_->savepoint(std::move(what)); }
  base::result<exchange_way> exchange(exchange_request what, exchange_done done) override;
  base::result<void> shadow(shadow_request what, exchange_done done) override;
  base::result<void> canary(canary_request what, exchange_done done) override;
  void look_at_shadows() override {
    for (auto& chain : built_.tasks)
      for (auto& t : chain) t->tell({task::order_kind::look, 0, model::cut_kind::checkpoint, false});
  }
  cut_figures cuts() const override { return cuts_->figures(); }

  void drain(bool goes_on) override {
    if (goes_on)
      for (auto& chain : built_.tasks)
        for (auto& t : chain) t->nodes().goes_on();
    for (auto& chain : built_.sources)
      for (task::source_task* source : chain) source->drain();
  }

  void cancel() override { runner_->cancel(); }

  bool wait_for(std::int64_t microseconds) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::microseconds(microseconds), [&] { return left_ == 0; });
  }

  std::int64_t failed_at_ns() const override {
    std::lock_guard lock(mutex_);
    return failed_at_ns_;
  }

  base::result<totals> wait() override {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return left_ == 0; });
    }
    finder_.stop();
    runner_->join();
    cuts_->stop();
    if (failure_) return base::error(*failure_).in("pipeline " + plan_->pipeline);
    return sum();
  }

  std::vector<subtask_figures> figures() const override;

  std::optional<std::string> not_ready_because() const override {
    {
      std::lock_guard lock(mutex_);
      if (failure_) return failure_->text();
    }
    const auto waiting = finder_.waiting();
    if (waiting.empty()) return std::nullopt;
    return "source " + waiting.front();
  }

 protected:
  /// On the task's thread.
  void ended(task::task& t, task::step_result last) {
    if (last == task::step_result::failed) fail(t.why());
    for (std::uint32_t at = 0; at < t.nodes().size(); ++at) {
      op::instance* node = t.nodes().operator_at(at);
      if (!node || last != task::step_result::finished) continue;
      node->report([&](std::string_view name, std::uint64_t value) {
        std::lock_guard lock(mutex_);
        reported_[node->what().id][std::string(name)] += value;
      });
    }
    t.close();
    std::lock_guard lock(mutex_);
    --left_;
    // Under the lock: whoever waits may end this object as soon as it sees that nothing is left.
    changed_.notify_all();
  }

  void fail(base::error why) {
    {
      std::lock_guard lock(mutex_);
      if (!failure_) {
        failure_ = std::move(why);
        failed_at_ns_ = env_.monotonic_ns();
      }
    }
    runner_->cancel();
  }

  totals sum() const;
  bool takes_only_dead_letters(const plan::node& sink) const;

  plan::plan_ptr plan_;   // that it was built from; those that follow are of the same shape
  options spec_options_;  // what is needed of them later
  base::env& env_;
  std::unique_ptr<task::runner> runner_;  // after the tasks in time, before them in memory: channels hold its wakers
  built built_;
  split_finder finder_;
  std::optional<cut_coordinator> cuts_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_ = 0;                                                  // guarded by mutex_
  std::optional<base::error> failure_;                                    // guarded by mutex_
  std::int64_t failed_at_ns_ = -1;                                        // guarded by mutex_
  std::map<std::string, std::map<std::string, std::uint64_t>> reported_;  // by node id; guarded by mutex_
};

}  // namespace weir::job
