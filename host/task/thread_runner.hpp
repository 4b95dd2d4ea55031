#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/env.hpp"
#include "exchange/waker.hpp"
#include "task/runner.hpp"
#include "task/task.hpp"

namespace weir::task {

/// Wakes a thread that waits; remembers a wake that comes before the wait.
class thread_waker final : public exchange::waker {
 public:
  void wake() noexcept override;
  /// Until woken or for this long. A wake since the last wait returns at once.
  void wait_for(std::int64_t nanoseconds);

 private:
  std::atomic<bool> signalled_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Runs each task on a thread of its own.
class thread_runner final : public runner {
 public:
  explicit thread_runner(base::env& env) : env_(env) {}
  ~thread_runner() override;

  exchange::waker& next_waker() override;
  void add(task& t) override;
  void start(std::function<void(task&, step_result)> done) override;
  void cancel() override;
  void join() override;

 private:
  struct worker {
    thread_waker waker;
    task* what = nullptr;
    std::thread thread;
  };
  void run(worker& w);
  base::env& env_;
  std::atomic<bool> cancelled_{false};
  std::vector<std::unique_ptr<worker>> workers_;
  std::unique_ptr<worker> next_;
  std::function<void(task&, step_result)> done_;
};

}  // namespace weir::task
