#pragma once
// Last words of a process that crashes: which plugin was running. A plugin is native code in our process, so its
// defects end all of it; the least we owe is its name.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace weir::base {

/// The call into a plugin that a thread is in. Its texts live as long as it is current.
struct activity {
  std::string_view plugin, version, operator_id, pipeline;
  std::uint32_t subtask = 0;
};

/// Of this thread; null: no plugin is running. Calls nest: who sets it puts back what was there.
inline thread_local constinit const activity* current_activity = nullptr;

/// From here on SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT write one line to stderr before they end the process as
/// they always do. Leaves alone a signal that somebody (a sanitizer) handles already. Once, before threads start.
void install_crash_report();

/// A stack for the handler, so that it can also tell of a thread that has used up its own. Made and destroyed by the
/// thread.
class crash_stack {
 public:
  crash_stack();
  ~crash_stack();
  crash_stack(const crash_stack&) = delete;
  crash_stack& operator=(const crash_stack&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;  ///< null: the thread had one already
};

}  // namespace weir::base
