#pragma once
// Whether a pipeline that failed is started again, and how long to wait before that. Flink's strategies with Flink's
// names and meaning. No clock and no randomness of its own: a test walks through hours in microseconds.
#include <cstdint>
#include <deque>
#include <string>

#include "config/pipeline.hpp"

namespace weir::supervisor {

struct restart_decision {
  bool restart = false;
  std::int64_t delay_us = 0;  ///< before the restart
  std::string why;            ///< for the log: "exponential-delay, 3rd failure ..."; when not: what was used up
};

/// One of a run. Control thread.
class restart_policy {
 public:
  explicit restart_policy(const config::restart& how) : how_(how) {}

  /// The pipeline failed at `now_us` (monotonic); `random` are 64 random bits for the jitter.
  ///
  /// fixed-delay: `attempts` restarts, each after `delay`.
  /// failure-rate: as long as no more than `max_failures` failures lie within `interval`, each after `delay`.
  /// exponential-delay: always; the wait begins with `initial_backoff`, is multiplied by `multiplier` at each failure
  /// up
  ///   to `max_backoff`, and is the initial one again when the last failure is `reset_after` plus that wait ago; up to
  ///   `jitter` of it is added or taken off by chance, never past `max_backoff`.
  /// none: never.
  restart_decision failed(std::int64_t now_us, std::uint64_t random);

  std::uint64_t failures() const { return failures_; }  ///< all of this run

 private:
  restart_decision fixed_delay();
  restart_decision failure_rate(std::int64_t now_us);
  restart_decision exponential_delay(std::int64_t now_us, std::uint64_t random);

  config::restart how_;
  std::uint64_t failures_ = 0;
  std::deque<std::int64_t> recent_us_;  ///< failure-rate: the last max_failures + 1 failures
  std::int64_t last_us_ = 0;            ///< exponential-delay: the failure before
  double backoff_us_ = 0;               ///< exponential-delay: the wait after it, without jitter
};

}  // namespace weir::supervisor
