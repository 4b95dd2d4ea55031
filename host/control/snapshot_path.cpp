#include "control/snapshot_path.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <vector>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "checkpoint/catalog.hpp"
#include "config/load.hpp"
#include "control/control_socket.hpp"
#include "supervisor/os.hpp"
#include "supervisor/run_record.hpp"
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

/// As told, or the state directory of the pipeline that is told.
result<std::string> told_path(const std::string& told) {
  base::file_system& fs = base::real_env().fs();
  std::string path = told;
  if (told.ends_with(".toml")) {
    auto loaded = config::load_pipeline(base::real_env(), told);
    if (!loaded.pipeline) return base::config_error(loaded.problems.text());
    path = WEIR_TRY(supervisor::state_directory_of(*loaded.pipeline, os::variable));
  } else if (!WEIR_TRY(fs.exists(told)) && told.find('/') == std::string::npos) {
    path = join_path(WEIR_TRY(supervisor::state_root(os::variable)), told);
  }
  if (!WEIR_TRY(fs.exists(path)))
    return base::config_error(
        cat("there is no ", path,
            ": name a savepoint, a checkpoint directory, a manifest, or a pipeline that has run with checkpoints"));
  return path;
}

result<std::string> cuts_in(const std::string& path) {
  base::file_system& fs = base::real_env().fs();
  const auto info = WEIR_TRY(fs.stat(path));
  if (!info || info->kind != base::file_kind::directory) return path;
  const std::string checkpoints = join_path(path, "checkpoints");
  if (WEIR_TRY(fs.exists(checkpoints))) return newest_run(fs, checkpoints);
  return path;
}

bool runs(const std::string& state_directory) {
  base::file_system& fs = base::real_env().fs();
  return fs.exists(supervisor::run_record_path(state_directory)).value_or(false) &&
         os::is_locked(join_path(state_directory, "LOCK"));
}

/// Views that are left of commands which were killed.
void sweep(const std::string& views) {
  base::file_system& fs = base::real_env().fs();
  const auto names = fs.list(views);
  if (!names) return;
  for (const auto& entry : *names) {
    int process = 0;
    const char* const end = entry.name.data() + entry.name.size();
    if (std::from_chars(entry.name.data(), end, process).ec != std::errc() || process <= 0) continue;
    if (::kill(process, 0) != 0 && errno == ESRCH)
      base::permit_unchecked(fs.remove_tree(join_path(views, entry.name)), "the next look tries again");
  }
}

}  // namespace

result<std::string> cuts_path(const std::string& told) { return cuts_in(WEIR_TRY(told_path(told))); }

result<opened_cut> opened_cut::open(const std::string& told, bool newest_checkpoint, console& io) {
  const std::string path = WEIR_TRY(told_path(told));
  if (!newest_checkpoint && runs(path)) {
    base::env& env = base::real_env();
    const std::string views = join_path(WEIR_TRY(os::real_path(path)), "views");
    sweep(views);
    const std::string mine = join_path(views, cat(::getpid(), "-", env.now_us()));
    const std::shared_ptr<void> files(nullptr, [mine](void*) {
      base::permit_unchecked(base::real_env().fs().remove_tree(mine), "the next look tries again");
    });
    auto made = ask_view(path, mine);
    if (made) return opened_cut(WEIR_TRY(checkpoint::open_snapshot(env, mine, false)), files);
    io.warn(cat("what is shown is of its newest checkpoint, not of now: ", made.why().text()));
  }
  const auto cuts = WEIR_TRY(cuts_in(path));
  return opened_cut(WEIR_TRY(checkpoint::open_snapshot(base::real_env(), cuts)), nullptr);
}

}  // namespace weir::control
