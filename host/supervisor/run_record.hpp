#pragma once
// run.json in the state directory of a pipeline: what its last run was, who writes there now, and where its cuts are.
// Replaced atomically; the only thing that says whose right it is to write.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.hpp"

namespace weir::supervisor {

enum class run_status : std::uint8_t {
  running,    ///< or crashed: nobody came to write how it ended
  finished,   ///< the input ended
  stopped,    ///< a person or the system stopped it; it goes on where it was
  failed,     ///< given up after a failure; it goes on from its last cut
  cancelled,  ///< stopped for good: its cuts are removed ([checkpoint] on_cancel = "delete")
};
std::string_view name_of(run_status status);

struct run_record {
  std::string pipeline;
  std::string file;  ///< of the pipeline, as the run was started with it
  run_status status = run_status::running;
  /// Number of the run that started afresh: its cuts are in checkpoints/<run>. A resumed run keeps its number.
  std::uint64_t run = 0;
  /// Fencing token: each new worker gets the next one. Who has an older one writes no more.
  std::uint64_t generation = 0;
  std::int64_t pid = 0;            ///< of the process that holds the lock
  std::int64_t started_at_us = 0;  ///< wall clock; of this process
  std::string fingerprint;         ///< of the sources' configuration
  /// Where the run begins while it has no cut of its own: a cut, or a directory of cuts. Empty: with nothing.
  std::string base;
};

std::string to_json(const run_record& of);
/// An error: it is damaged, or a later version's.
base::result<run_record> parse_run_record(std::string_view json);

/// nullopt: there is none.
base::result<std::optional<run_record>> read_run_record(base::env& env, const std::string& state_directory);
base::result<void> write_run_record(base::env& env, const std::string& state_directory, const run_record& what);
std::string run_record_path(const std::string& state_directory);

}  // namespace weir::supervisor
