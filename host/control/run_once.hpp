#pragma once
// One run of a pipeline in this process, from its file to its result. The worker's whole work, and that of a run
// without a supervisor.
#include <functional>
#include <memory>
#include <optional>

#include "control/commands.hpp"
#include "supervisor/report.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::control {

/// What is around a run: who tells it to stop, where its state is.
struct run_surroundings {
  using stop_handler = std::function<void(int signal, int times)>;

  /// From here on stops are handed to the handler (times 1: drain, 2: stop at once), until the returned object is gone.
  std::function<std::shared_ptr<void>(stop_handler)> listen;
  std::function<void()> running;   ///< called once, when the pipeline runs; may be empty
  std::function<void()> stopping;  ///< called when somebody at the control socket asks for the end; may be empty
  std::string state_directory;     ///< with `place`
  std::optional<supervisor::worker_place> place;  ///< nullopt: no checkpoints
  std::uint64_t restarts = 0;                     ///< of this run so far
};

/// Says nothing of its result: the caller prints `output` and `why` of the answer. Problems of the pipeline file are
/// said here. Logging is set up.
supervisor::ended_report run_once(const run_arguments& told, const run_surroundings& around, console& io);

}  // namespace weir::control
