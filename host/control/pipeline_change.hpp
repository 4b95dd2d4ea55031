#pragma once
// From what a person asks for (a plugin for an operator, an edited file) to the definition and the plan that the engine
// changes to. Everything that can be refused is refused here, with the stream untouched.
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "control/engine.hpp"
#include "control/session.hpp"
#include "control/state_trial.hpp"
#include "plan/difference.hpp"

namespace weir::control {

struct swap_request {
  std::vector<std::string> operators;  ///< node ids
  std::string plugin;                  ///< a file (absolute), or "name" or "name@version" in the plugin directories
  std::vector<std::string> config;     ///< "key=value" for each of them
};

struct apply_request {
  std::string file;  ///< as people name it; absolute
  std::string text;
  std::vector<std::string> sets;  ///< "id.key=value"
};

/// [any], one call at a time inside.
class change_maker {
 public:
  /// `state_directory`: plugins that a swap brings are kept there, in plugins/<sha256>.so, so that a restart finds them.
  change_maker(base::env& env, plugin_access& plugins, std::string state_directory, pipeline_arguments how)
      : env_(env), plugins_(plugins), state_directory_(std::move(state_directory)), how_(std::move(how)) {}

  /// The plan of a definition.
  base::result<plan::plan_ptr> plan_of(const supervisor::definition& what);
  base::result<change_request> swap(const swap_request& what, const supervisor::definition& now);
  base::result<change_request> apply(const apply_request& what, const supervisor::definition& now);
  /// What becomes of state, said into `between`; an error: what stands against it. The plugins that convert do it in another
  /// process.
  base::result<void> try_state(const change_request& what, const state_question& asked, plan::difference& between);
  /// Back to the definition that the running one was made from.
  base::result<change_request> undo(const supervisor::definition& now);

 private:
  struct kept_plugin {
    std::string path, sha256;
    bool loaded_before = false;  ///< in this process
  };
  base::result<kept_plugin> keep(const std::string& file);
  /// Of "name" or "name@version", by the plugin directories.
  base::result<std::string> file_of(const std::string& plugin);
  /// The same in a process of its own first: a plugin that crashes or hangs when it is loaded or bound must not take the
  /// running pipeline with it.
  base::result<void> try_elsewhere(const supervisor::definition& what) const;
  /// `weir check` of it with this at stdin: what it has printed; an error: it did not come to its end.
  base::result<std::string> check_elsewhere(const supervisor::definition& what, const char* flag,
                                            const std::string& input, const char* when) const;

  base::env& env_;
  plugin_access& plugins_;
  const std::string state_directory_;
  const pipeline_arguments how_;
  std::mutex mutex_;  // of the catalog
};

}  // namespace weir::control
