#include "control/found_pipeline.hpp"

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/load.hpp"
#include "supervisor/os_process.hpp"
#include "supervisor/run_record.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::control {

using base::cat;
using base::join_path;
namespace os = supervisor::os;

base::result<found_pipeline> find_pipeline(const std::string& told) {
  auto& env = base::real_env();
  if (told.ends_with(".toml")) {
    auto loaded = config::load_pipeline(env, told);
    if (!loaded.pipeline) return base::config_error(loaded.problems.text());
    const auto state = WEIR_TRY(supervisor::state_directory_of(*loaded.pipeline, os::variable));
    std::string savepoints = join_path(state, "savepoints");
    constexpr std::string_view file_scheme = "file://";
    if (const auto& url = loaded.pipeline->checkpoint.savepoint_storage; url.starts_with(file_scheme))
      savepoints = url.substr(file_scheme.size());
    return found_pipeline{state, savepoints};
  }
  const bool is_path = told.find('/') != std::string::npos;
  const auto state = is_path ? told : join_path(WEIR_TRY(supervisor::state_root(os::variable)), told);
  if (!WEIR_TRY(env.fs().exists(supervisor::run_record_path(state))))
    return base::config_error(cat("no pipeline ", base::quoted(told), " has run with checkpoints on (there is no ",
                                  supervisor::run_record_path(state),
                                  "): name it, its file (.toml) or its state directory; weir ps lists them"));
  return found_pipeline{WEIR_TRY(os::real_path(state)), join_path(WEIR_TRY(os::real_path(state)), "savepoints")};
}

base::result<std::string> absolute_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  return join_path(WEIR_TRY(os::real_path(".")), path);
}

}  // namespace weir::control
