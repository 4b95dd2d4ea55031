#pragma once
// Sees a call into a plugin that does not return. Costs the threads that call nothing but a counter of their own: the
// watch looks at the counters now and then, and a thread whose counter stands still inside a call is stuck there.
#include <cstdint>
#include <vector>

namespace weir::base {

// What crash_stack does for its thread.
void watch_this_thread();
void forget_this_thread();

/// One a process; used by one thread.
class hang_watch {
 public:
  explicit hang_watch(std::int64_t timeout_ns) : timeout_ns_(timeout_ns) {}

  /// Look, say, four times within the timeout. A thread that has been in one call since a look at least `timeout` ago
  /// is told to end the process: it gets SIGABRT, so that the crash report names what it was in and a core file shows
  /// its stack. True: it was told so.
  bool look(std::int64_t monotonic_ns);

 private:
  struct seen {
    std::uint64_t thread = 0, changes = 0;
    std::int64_t since_ns = 0;
  };
  std::int64_t timeout_ns_;
  std::vector<seen> seen_;  ///< threads that were in a call at the last look
};

/// Whether this process is being ended because of a hang. Safe in a signal handler.
bool hang_reported() noexcept;

}  // namespace weir::base
