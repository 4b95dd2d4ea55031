#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/env.hpp"
#include "task/runner.hpp"

namespace weir::task {

/// Steps tasks one at a time, in an order that the caller's random numbers choose. One thread. The clock is the env's: somebody
/// moves it on when nothing can be stepped.
class simulated_runner final : public runner {
 public:
  explicit simulated_runner(base::env& env) : env_(env) {}
  ~simulated_runner() override;

  exchange::waker& next_waker() override;
  void add(task& t) override;
  void start(std::function<void(task&, step_result)> done) override { done_ = std::move(done); }
  void cancel() override { cancelled_ = true; }
  void join() override;

  /// Tasks that have something to do now.
  std::size_t runnable() const;
  /// Steps the nth of them.
  void step(std::size_t nth);
  /// When the next one has something to do without being woken, monotonic; INT64_MAX: none.
  std::int64_t next_ns() const;
  bool over() const { return left_ == 0; }

 private:
  struct flag final : exchange::waker {
    void wake() noexcept override { on = true; }
    bool on = false;
  };
  struct actor {
    flag waker;
    task* what = nullptr;
    bool created = false, over = false;
    step_result last = step_result::worked;
  };
  bool can_run(const actor& a) const;
  void end(actor& a, step_result last);

  base::env& env_;
  std::vector<std::unique_ptr<actor>> actors_;
  std::unique_ptr<actor> next_;
  std::size_t left_ = 0;
  bool cancelled_ = false;
  std::function<void(task&, step_result)> done_;
};

}  // namespace weir::task
