#pragma once
// env is the one door to the outside that is not data: clocks, randomness and the file system. Nothing else in host/
// reads a clock, a random number or the file system, so that a test can run a whole pipeline with virtual time, a seed
// and injected faults. Waiting is not here: the scheduler waits.
#include <cstdint>

#include "base/file_system.hpp"

namespace weir::base {

/// Passed by reference to whoever needs it; outlives everything that holds it. All methods: [any] thread, concurrently.
class env {
 public:
  virtual ~env() = default;

  /// Wall clock, microseconds since 1970 UTC. May jump: for time stamps and processing time, not for measuring.
  virtual std::int64_t now_us() = 0;
  /// Never goes back; only differences mean something.
  virtual std::int64_t monotonic_ns() = 0;
  /// CPU time of the calling thread.
  virtual std::int64_t thread_cpu_ns() = 0;
  /// 64 random bits; from the kernel in production, from the seed in tests.
  virtual std::uint64_t random_u64() = 0;

  virtual file_system& fs() = 0;
};

/// The real machine. Lives for ever.
env& real_env();

}  // namespace weir::base
