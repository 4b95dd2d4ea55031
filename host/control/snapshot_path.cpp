#include "control/snapshot_path.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "checkpoint/catalog.hpp"
#include "config/load.hpp"
#include "supervisor/os.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::control {

using base::cat;
using base::join_path;
using base::result;
namespace os = supervisor::os;

namespace {

/// Below checkpoints/ of a state directory: the run with the highest number that has a cut.
result<std::string> newest_run(base::file_system& fs, const std::string& checkpoints) {
  std::vector<std::uint64_t> runs;
  for (const auto& entry : WEIR_TRY(fs.list(checkpoints))) {
    std::uint64_t run = 0;
    const char* const end = entry.name.data() + entry.name.size();
    if (const auto [at, failed] = std::from_chars(entry.name.data(), end, run); failed == std::errc() && at == end)
      runs.push_back(run);
  }
  std::sort(runs.rbegin(), runs.rend());
  for (const std::uint64_t run : runs) {
    const std::string directory = join_path(checkpoints, cat(run));
    if (!WEIR_TRY(checkpoint::read_catalog(fs, directory)).cuts.empty()) return directory;
  }
  return base::config_error(cat(checkpoints, " holds no complete cut yet"));
}

}  // namespace

result<std::string> cuts_path(const std::string& told) {
  base::file_system& fs = base::real_env().fs();
  std::string path = told;
  if (told.ends_with(".toml")) {
    auto loaded = config::load_pipeline(base::real_env(), told);
    if (!loaded.pipeline) return base::config_error(loaded.problems.text());
    path = WEIR_TRY(supervisor::state_directory_of(*loaded.pipeline, os::variable));
  } else if (!WEIR_TRY(fs.exists(told)) && told.find('/') == std::string::npos) {
    path = join_path(WEIR_TRY(supervisor::state_root(os::variable)), told);
  }
  const auto info = WEIR_TRY(fs.stat(path));
  if (!info)
    return base::config_error(
        cat("there is no ", path,
            ": name a savepoint, a checkpoint directory, a manifest, or a pipeline that has run with checkpoints"));
  if (info->kind != base::file_kind::directory) return path;
  const std::string checkpoints = join_path(path, "checkpoints");
  if (WEIR_TRY(fs.exists(checkpoints))) return newest_run(fs, checkpoints);
  return path;
}

result<checkpoint::snapshot> open_told_snapshot(const std::string& told) {
  return checkpoint::open_snapshot(base::real_env(), WEIR_TRY(cuts_path(told)));
}

}  // namespace weir::control
