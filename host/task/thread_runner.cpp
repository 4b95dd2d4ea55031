#include "task/thread_runner.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/crash.hpp"

namespace weir::task {
namespace {

/// The longest sleep without a look around; nothing depends on it but the delay of a lost wake, which must not happen.
constexpr std::int64_t longest_wait_ns = 1'000'000'000;
/// How stale the times of a thread that never waits may be.
constexpr std::int64_t account_every_ns = 20'000'000;

}  // namespace

void thread_waker::wake() noexcept {
  if (signalled_.exchange(true, std::memory_order_acq_rel)) return;
  // The lock orders this against a waiter that has just looked at the flag and is about to sleep.
  { std::lock_guard lock(mutex_); }
  changed_.notify_one();
}

void thread_waker::wait_for(std::int64_t nanoseconds) {
  if (!signalled_.exchange(false, std::memory_order_acq_rel)) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::nanoseconds(nanoseconds),
                      [&] { return signalled_.load(std::memory_order_acquire); });
    // An exchange, not a store: a wake that finds the flag still set returns at once, and what it announces must be seen by
    // the step that follows.
    signalled_.exchange(false, std::memory_order_acq_rel);
  }
}

thread_runner::~thread_runner() {
  cancel();
  join();
}

exchange::waker& thread_runner::next_waker() {
  if (!next_) next_ = std::make_unique<worker>();
  return next_->waker;
}

void thread_runner::add(task& t) {
  next_waker();
  next_->what = &t;
  workers_.push_back(std::move(next_));
}

void thread_runner::start(std::function<void(task&, step_result)> done) {
  done_ = std::move(done);
  for (auto& w : workers_) {
    w->thread = std::thread([this, at = w.get()] { run(*at); });
  }
}

void thread_runner::run(worker& w) {
  task& t = *w.what;
  const base::crash_stack for_last_words;
  // The kernel keeps fifteen characters.
  pthread_setname_np(pthread_self(), t.name().substr(0, 15).c_str());
  task_times& times = t.times();
  auto add = [](std::atomic<std::int64_t>& to, std::int64_t ns) {
    to.store(to.load(std::memory_order_relaxed) + ns, std::memory_order_relaxed);
  };
  step_result last = t.create() ? step_result::worked : step_result::failed;
  std::int64_t wall = env_.monotonic_ns();
  std::int64_t cpu = env_.thread_cpu_ns();
  std::int64_t waited = 0, rested = 0;
  // Busy is what the thread computed: a source that waits inside its poll is idle there.
  auto account = [&] {
    const std::int64_t wall_now = env_.monotonic_ns();
    const std::int64_t cpu_now = env_.thread_cpu_ns();
    const std::int64_t busy = cpu_now - cpu;
    add(times.busy, busy);
    add(times.idle, std::max<std::int64_t>(0, wall_now - wall - waited - busy));
    add(times.working, std::max<std::int64_t>(0, wall_now - wall - rested));
    wall = wall_now;
    cpu = cpu_now;
    waited = rested = 0;
  };
  while (last != step_result::failed && last != step_result::finished && !cancelled_.load(std::memory_order_acquire)) {
    last = t.step();
    if (last == step_result::worked) {
      if (env_.monotonic_ns() - wall >= account_every_ns) account();
      continue;
    }
    if (last != step_result::wait_input && last != step_result::wait_output) break;
    const std::int64_t began = env_.monotonic_ns();
    const std::int64_t until = t.wake_at_ns();
    const std::int64_t limit = until == INT64_MAX ? longest_wait_ns : std::min(longest_wait_ns, until - began);
    if (limit > 0) w.waker.wait_for(limit);
    const std::int64_t slept = env_.monotonic_ns() - began;
    rested += slept;
    if (last == step_result::wait_output) {
      add(times.backpressured, slept);
      waited += slept;
    }
    account();
  }
  account();
  done_(t, last);
}

void thread_runner::cancel() {
  cancelled_.store(true, std::memory_order_release);
  for (auto& w : workers_) w->waker.wake();
}

void thread_runner::join() {
  for (auto& w : workers_)
    if (w->thread.joinable()) w->thread.join();
}

}  // namespace weir::task
