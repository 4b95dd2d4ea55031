#pragma once
// Last words of a process that crashes: which plugin was running. A plugin is native code in our process, so its
// defects end all of it; the least we owe is its name.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace weir::base {

/// The call into a plugin that a thread is in. Its texts live as long as it is current.
struct activity {
  enum class kind : std::uint8_t {
    working,    ///< a subtask: all texts are known
    loading,    ///< static constructors and weir_plugin_v1(): `plugin` is the path of its file
    binding,    ///< bind(): `operator_id` is what the pipeline says in `uses`
    unloading,  ///< static destructors: `plugin` is the path of its file
  };
  std::string_view plugin, version, operator_id, pipeline;
  std::uint32_t subtask = 0;
  kind what = kind::working;
  std::uint64_t record = 0;  ///< fingerprint of the only record of the call; 0: not known
};

/// What a thread is doing. Only that thread changes it; others only look whether it changes (hang_watch.hpp).
struct thread_activity {
  std::atomic<const activity*> current{nullptr};  ///< null: no plugin is running
  std::atomic<std::uint64_t> changes{0};          ///< calls that began or ended
};
inline thread_local constinit thread_activity this_thread_activity;

/// This thread goes over to `what` (null: none); what it was doing before. Calls nest: who sets it puts back what was
/// there.
inline const activity* set_activity(const activity* what) noexcept {
  thread_activity& mine = this_thread_activity;
  const activity* before = mine.current.load(std::memory_order_relaxed);
  mine.current.store(what, std::memory_order_relaxed);
  mine.changes.store(mine.changes.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return before;
}

/// A call into a plugin from the thread that made this. `in` lives longer.
class in_plugin {
 public:
  explicit in_plugin(const activity& in) : outside_(set_activity(&in)) {}
  ~in_plugin() { set_activity(outside_); }
  in_plugin(const in_plugin&) = delete;
  in_plugin& operator=(const in_plugin&) = delete;

 private:
  const activity* outside_;
};

/// From here on SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT write one line to stderr before they end the process as
/// they always do. Leaves alone a signal that somebody (a sanitizer) handles already. A plugin that calls exit() is
/// named too, and the process ends with code 70, so that it is not taken for a success. Once, before threads start.
void install_crash_report();

/// The same facts go to this descriptor too, as one line of JSON with "crash" (what happened), "plugin", "version",
/// "operator", "subtask" (the last four only when an operator was running), "record" when it is known; or "plugin" and
/// "while" ("was being loaded") when no operator ran yet. It also tells of an operator that calls exit(). -1: no more.
/// Stays the caller's.
void set_crash_record(int descriptor);

/// A stack for the handler, so that it can also tell of a thread that has used up its own; and the thread is one that
/// hang_watch looks after. Made and destroyed by the thread.
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
