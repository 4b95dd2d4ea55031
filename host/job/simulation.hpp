#pragma once
#include <cstdint>
#include <memory>

#include "base/result.hpp"
#include "base/test_env.hpp"
#include "job/job.hpp"

namespace weir::job {

/// A job on one thread: what runs next is chosen by a seed, time is virtual and moves on when nothing can run. The same seed
/// gives the same run. Plugins run as they are: only those that live from what the host gives them are repeatable.
class simulation {
 public:
  static base::result<std::unique_ptr<simulation>> make(plan::plan_ptr what, options how, base::test_env& env,
                                                        std::uint64_t seed);
  virtual ~simulation() = default;

  /// One step of one actor (a subtask, the search for splits, the coordinator of cuts), or the clock moves on. False: it is over,
  /// or stuck (then over() is false).
  virtual bool step() = 0;
  virtual bool over() const = 0;
  /// Of all choices and times so far: two runs of one seed have the same.
  virtual std::uint64_t trace() const = 0;
  virtual job& what() = 0;
  /// After over().
  virtual base::result<totals> result() = 0;
};

}  // namespace weir::job
