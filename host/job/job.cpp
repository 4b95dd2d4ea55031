#include "job/job.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/cat.hpp"
#include "job/builder.hpp"
#include "job/host_table.hpp"
#include "job/split_finder.hpp"
#include "task/thread_runner.hpp"

namespace weir::job {
namespace {

class running_job final : public job {
 public:
  running_job(plan::plan_ptr what, options how, base::env& env)
      : plan_(std::move(what)), runner_(env), finder_(env, host_table(), plan_->pipeline) {
    built_ = build(*plan_, how, host_table(), runner_, env);
    for (std::size_t c = 0; c < built_.sources.size(); ++c) {
      if (!built_.sources[c].empty()) finder_.add(built_.specs[plan_->chains[c].nodes[0]], built_.sources[c]);
      left_ += built_.tasks[c].size();
    }
  }

  ~running_job() override {
    cancel();
    finder_.stop();
    runner_.join();
  }

  void start() override {
    runner_.start([this](task::task& t, task::step_result last) { ended(t, last); });
    finder_.start([this](base::error why) { fail(std::move(why)); });
  }

  void drain() override {
    for (auto& chain : built_.sources)
      for (task::source_task* source : chain) source->drain();
  }

  void cancel() override { runner_.cancel(); }

  bool wait_for(std::int64_t microseconds) override {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::microseconds(microseconds), [&] { return left_ == 0; });
  }

  base::result<totals> wait() override {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return left_ == 0; });
    }
    finder_.stop();
    runner_.join();
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

 private:
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
      if (!failure_) failure_ = std::move(why);
    }
    runner_.cancel();
  }

  totals sum() const;
  bool takes_only_dead_letters(const plan::node& sink) const;

  plan::plan_ptr plan_;
  task::thread_runner runner_;  // after the tasks in time, before them in memory: channels hold its wakers
  built built_;
  split_finder finder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_ = 0;                                                       // guarded by mutex_
  std::optional<base::error> failure_;                                        // guarded by mutex_
  std::map<std::string, std::map<std::string, std::uint64_t>> reported_;      // by node id; guarded by mutex_
};

std::vector<subtask_figures> running_job::figures() const {
  std::vector<subtask_figures> all;
  for (std::uint32_t c = 0; c < built_.tasks.size(); ++c) {
    for (std::uint32_t subtask = 0; subtask < built_.tasks[c].size(); ++subtask) {
      const task::task& t = *built_.tasks[c][subtask];
      for (std::uint32_t at = 0; at < t.nodes().size(); ++at) {
        const op::counters& counts = t.nodes().counts(at);
        subtask_figures f;
        f.node = plan_->chains[c].nodes[at];
        f.subtask = subtask;
        f.records_in = counts.records_in.load(std::memory_order_relaxed);
        f.batches_in = counts.batches_in.load(std::memory_order_relaxed);
        f.bytes_in = counts.bytes_in.load(std::memory_order_relaxed);
        f.records_out = counts.records_out.load(std::memory_order_relaxed);
        f.batches_out = counts.batches_out.load(std::memory_order_relaxed);
        f.bytes_out = counts.bytes_out.load(std::memory_order_relaxed);
        f.late = counts.late.load(std::memory_order_relaxed);
        f.dead_letters = counts.dead_letters.load(std::memory_order_relaxed);
        f.skipped = counts.skipped.load(std::memory_order_relaxed);
        f.watermark_us = counts.watermark_us.load(std::memory_order_relaxed);
        f.newest_event_us = counts.newest_event_us.load(std::memory_order_relaxed);
        if (at == 0) {
          f.busy_ns = t.times().busy.load(std::memory_order_relaxed);
          f.idle_ns = t.times().idle.load(std::memory_order_relaxed);
          f.backpressured_ns = t.times().backpressured.load(std::memory_order_relaxed);
          if (!built_.sources[c].empty()) {
            f.pending_records = built_.sources[c][subtask]->pending();
          } else {
            const exchange::gate& gate = built_.operators[c][subtask]->gate();
            for (std::size_t i = 0; i < gate.channel_count(); ++i) {
              const auto counted = gate.at(i).counters();
              f.pushed_batches += counted.pushed_batches;
              f.popped_batches += counted.popped_batches;
              f.pushed_bytes += counted.pushed_bytes;
              f.popped_bytes += counted.popped_bytes;
            }
          }
        }
        all.push_back(f);
      }
    }
  }
  return all;
}

bool running_job::takes_only_dead_letters(const plan::node& sink) const {
  return std::all_of(sink.inputs.begin(), sink.inputs.end(), [&](const plan::input& in) {
    const plan::node& from = plan_->nodes[in.from_node];
    if (in.from_output == from.dead_letter_output()) return true;
    return from.hidden() && from.visible == sink.visible && takes_only_dead_letters(from);  // its own encoder
  });
}

totals running_job::sum() const {
  totals t;
  for (const subtask_figures& f : figures()) {
    const plan::node& n = plan_->nodes[f.node];
    const std::uint64_t dead = f.dead_letters + f.skipped;
    t.dead_letters += dead;
    t.late += f.late;
    if (n.kind == plan::node_kind::source) t.records_in += f.records_out + dead;
    if (n.kind != plan::node_kind::sink) continue;
    if (!takes_only_dead_letters(n)) t.records_out += f.records_in - dead;
    t.sinks[n.id]["rows"] += f.records_in - dead;
  }
  std::lock_guard lock(mutex_);
  for (const auto& [id, figures] : reported_) {
    auto sink = t.sinks.find(id);
    if (sink == t.sinks.end()) continue;
    for (const auto& [name, value] : figures) sink->second[name] = value;
  }
  return t;
}

}  // namespace

base::result<std::unique_ptr<job>> job::make(plan::plan_ptr what, options how, base::env& env) {
  return std::unique_ptr<job>(std::make_unique<running_job>(std::move(what), how, env));
}

}  // namespace weir::job
