#include "base/hang_watch.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>

#include "base/crash.hpp"

namespace weir::base {
namespace {

struct watched {
  std::uint64_t number;
  pthread_t thread;
  const thread_activity* activity;
};

std::mutex mutex;
std::vector<watched> threads;  // guarded by mutex
std::uint64_t last_number = 0;
std::atomic<bool> hung{false};

}  // namespace

void watch_this_thread() {
  const std::lock_guard lock(mutex);
  threads.push_back({++last_number, ::pthread_self(), &this_thread_activity});
}

void forget_this_thread() {
  const std::lock_guard lock(mutex);
  std::erase_if(threads, [](const watched& w) { return w.activity == &this_thread_activity; });
}

bool hang_watch::look(std::int64_t monotonic_ns) {
  std::vector<seen> now;
  // Under the lock no thread goes away, so that none gets a signal that was meant for another.
  const std::lock_guard lock(mutex);
  for (const watched& w : threads) {
    if (!w.activity->current.load(std::memory_order_relaxed)) continue;
    seen s{w.number, w.activity->changes.load(std::memory_order_relaxed), monotonic_ns};
    const auto before = std::find_if(seen_.begin(), seen_.end(),
                                     [&](const seen& b) { return b.thread == s.thread && b.changes == s.changes; });
    if (before != seen_.end()) s.since_ns = before->since_ns;
    if (monotonic_ns - s.since_ns >= timeout_ns_) {
      hung.store(true);
      ::pthread_kill(w.thread, SIGABRT);
      return true;
    }
    now.push_back(s);
  }
  seen_ = std::move(now);
  return false;
}

bool hang_reported() noexcept { return hung.load(); }

}  // namespace weir::base
