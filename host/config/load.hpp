#pragma once
// From a file to a checked pipeline: parse, apply --set, resolve ${...}, check. All problems are collected.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "config/diagnostics.hpp"
#include "config/pipeline.hpp"

namespace weir::config {

struct load_options {
  /// "id.key=value" as on the command line: id.key is the option `key` of that node's config, or one of the node's own
  /// keys (parallelism, on_error, ...); "checkpoint.interval=1s", "name=..." are the pipeline's. Later ones win.
  std::vector<std::string> sets;
  /// False: ${...} stay as they are, and what they stand for is not checked.
  bool resolve = true;
  /// Value of an environment variable; empty function: the process's environment.
  std::function<std::optional<std::string>(const std::string&)> environment;
  /// ${file:PATH} may read below these directories only; empty: wherever the process may.
  std::vector<std::string> file_roots;
};

struct loaded {
  std::optional<config::pipeline> pipeline;  ///< nullopt when problems.failed()
  diagnostics problems;                      ///< warnings too
};

inline constexpr std::uint64_t max_file_bytes = 1 << 20;

/// [control] thread.
loaded load_pipeline(base::env& env, const std::string& path, const load_options& options = {});
/// The same from a text; `name` is what messages call it.
loaded load_pipeline_text(base::env& env, std::string name, std::string text, const load_options& options = {});

}  // namespace weir::config
