#pragma once
// The worker's side of its tie to the supervisor: it listens to what it is told, says that it lives and how it ended,
// and looks whether a call into a plugin hangs.
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/env.hpp"
#include "supervisor/os_process.hpp"
#include "supervisor/report.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::supervisor {

/// What the supervisor tells a worker on its command line.
struct worker_orders {
  int commands = -1, reports = -1;  ///< pipes
  int pipeline = -1;                ///< a file in memory: the pipeline as it was when the run was started
  int lock = -1;                    ///< of the state directory; -1: none
  std::uint64_t attempt = 1;        ///< 1: the first start
  std::uint64_t generation = 0;     ///< in the state directory
  std::string state_directory;      ///< empty: none
};
std::string to_text(const worker_orders& of);
/// An error: it did not come from a supervisor.
base::result<worker_orders> parse_worker_orders(const std::string& text);

/// One of a worker process. Made before other threads start, so that SIGTERM comes to it alone.
class worker_link {
 public:
  /// `times` 1: drain, 2: stop at once. Called on a thread of its own.
  using stop_handler = std::function<void(int signal, int times)>;

  /// Takes over the descriptors. `hang_timeout_us` 0: hangs are not looked for.
  worker_link(base::env& env, const worker_orders& orders, std::int64_t hang_timeout_us);
  ~worker_link();
  worker_link(const worker_link&) = delete;
  worker_link& operator=(const worker_link&) = delete;

  /// From here on stops are handed on, also those that came before. The worker dies when the supervisor is gone.
  void listen(stop_handler what);
  /// [any] The pipeline runs.
  void running();
  /// [any] Somebody else than the supervisor asked for the end: a failure from here on is no reason to restart.
  void stopping();
  /// The last words.
  void ended(const ended_report& how);

 private:
  void serve();
  void say(std::string_view line);
  void stop(int signal, int times);

  base::env& env_;
  os::descriptor commands_, reports_;
  std::int64_t hang_timeout_us_;
  os::command_watch watch_;
  stop_handler on_stop_;
  int times_ = 0;  ///< the highest that was handed on
  std::mutex saying_;
  std::thread thread_;
};

}  // namespace weir::supervisor
