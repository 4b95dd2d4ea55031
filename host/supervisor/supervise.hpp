#pragma once
// The supervisor's loop: start a worker, watch it, and when it dies start the next one or give up.
#include <cstdint>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "config/pipeline.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::supervisor {

struct supervised_run {
  std::vector<std::string> command;  ///< argv of this program; workers get --worker=ORDERS behind its second word
  std::string pipeline;              ///< its name
  std::string text;                  ///< of the pipeline file: every worker gets this one, whatever becomes of the file
  config::restart restart;
  std::int64_t hang_timeout_us = 0;  ///< of the pipeline: a worker that gives no sign of life for longer is killed
  state_directory* state = nullptr;  ///< begun; null: no checkpoints, so a failure ends the run
};

struct supervised_end {
  int code = 0;
  std::string output;  ///< for stdout
  std::string why;     ///< for the person; empty: all is well
};

/// Returns when the run is over. SIGTERM and SIGINT: the first is handed on as a drain, the second as a stop, the third
/// kills the worker. On the process's first thread and before others start: workers die with the thread that started
/// them.
supervised_end supervise(const supervised_run& what, base::env& env);

}  // namespace weir::supervisor
