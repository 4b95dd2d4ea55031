#pragma once
#include <functional>

#include "exchange/waker.hpp"
#include "task/task.hpp"

namespace weir::task {

/// Who steps tasks: threads in production, one thread with a seed in a simulation. Add all tasks, start, then join; from one
/// thread.
class runner {
 public:
  virtual ~runner() = default;
  /// The waker of the next task that will be added; its address stays.
  virtual exchange::waker& next_waker() = 0;
  /// The task is owned by the caller and outlives the runner. Uses up next_waker().
  virtual void add(task& t) = 0;
  /// done is called once for each task, on its thread, after it has finished, failed or was cancelled.
  virtual void start(std::function<void(task&, step_result)> done) = 0;
  /// [any] Tasks stop after their current step, wherever they are.
  virtual void cancel() = 0;
  virtual void join() = 0;
};

}  // namespace weir::task
