#pragma once

namespace weir::exchange {

/// How others tell a task that it may have something to do. Implemented by whoever runs tasks: a condition variable in
/// production, a flag in a simulation. Outlives every channel that holds it.
class waker {
 public:
  virtual ~waker() = default;
  /// [any] thread. Cheap when the task is awake already.
  virtual void wake() noexcept = 0;
};

}  // namespace weir::exchange
