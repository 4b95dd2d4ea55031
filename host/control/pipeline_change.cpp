#include "control/pipeline_change.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "config/load.hpp"

namespace weir::control {
namespace {

using base::cat;
using base::quoted;

constexpr std::uint64_t most_plugin_bytes = std::uint64_t{1} << 30;

/// "risk-9f2c41d0": what `uses` calls a plugin that a swap brought, beside the one of the file.
std::string alias_of(const std::string& name, const std::string& sha256) { return cat(name, '-', sha256.substr(0, 8)); }

}  // namespace

base::result<plan::plan_ptr> change_maker::plan_of(const supervisor::definition& what) {
  const std::lock_guard lock(mutex_);
  pipeline_arguments told = how_;
  told.set = what.sets;
  told.text = what.text;
  plugins_.catalog->forget_unused();
  auto made = make_plan(what.file, told, plugins_, engine_host_table());
  if (!made.plan) return base::config_error(made.problems.text());
  return made.plan;
}

base::result<change_maker::kept_plugin> change_maker::keep(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  // The gate and the loader look at it before anything is kept.
  // A catalog of its own: the file may have been replaced since it was last looked at.
  plugin::plugin_catalog fresh(env_, *plugins_.store, plugins_.catalog->directories());
  const auto image = WEIR_TRY(fresh.load(plugin));
  kept_plugin kept;
  kept.name = image->about().name;
  kept.sha256 = image->sha256();
  const std::string folder = base::join_path(state_directory_, "plugins");
  kept.path = base::join_path(folder, kept.sha256 + ".so");
  if (WEIR_TRY(env_.fs().exists(kept.path))) return kept;
  // From the private copy that was checked: the file that was named may be another one by now.
  const std::string bytes = WEIR_TRY(env_.fs().read_whole(image->private_path(), most_plugin_bytes));
  if (base::to_hex(base::sha256_of(bytes)) != kept.sha256)
    return base::host_error("the copy of the plugin is not what was checked", image->private_path());
  WEIR_TRY(env_.fs().make_directories(folder, 0700));
  WEIR_TRY(env_.fs().write_atomically(kept.path, bytes, 0500));
  WEIR_TRY(env_.fs().sync_directory(state_directory_));
  return kept;
}

base::result<change_request> change_maker::swap(const swap_request& what, const supervisor::definition& now) {
  change_request made;
  made.what = "swap";
  made.next = now;
  made.next.number = 0;
  made.next.from = now.number;
  std::optional<kept_plugin> kept;
  if (!what.plugin.empty()) kept = WEIR_TRY(keep(what.plugin));
  config::load_options options;
  options.sets = now.sets;
  const auto loaded = config::load_pipeline_text(env_, now.file, now.text, options);
  if (!loaded.pipeline) return base::config_error(loaded.problems.text());
  for (const std::string& id : what.operators) {
    const config::node* n = loaded.pipeline->find(id);
    if (!n) {
      std::vector<std::string> ids;
      for (const auto& other : loaded.pipeline->nodes) ids.push_back(other.id);
      return base::config_error(cat("the pipeline has no operator ", quoted(id), base::did_you_mean(id, ids), "; it has ", base::one_of(ids)));
    }
    if (kept) {
      const std::string alias = alias_of(kept->name, kept->sha256);
      made.next.sets.push_back(cat("plugin.", alias, ".path=", kept->path));
      made.next.sets.push_back(cat("plugin.", alias, ".sha256=", kept->sha256));
      made.next.sets.push_back(cat(id, ".uses=", alias, '.', n->uses.component));
    }
    for (const std::string& option : what.config) made.next.sets.push_back(cat(id, '.', option));
  }
  made.plan = WEIR_TRY(plan_of(made.next));
  return made;
}

base::result<change_request> change_maker::apply(const apply_request& what, const supervisor::definition& now) {
  change_request made;
  made.what = "apply";
  made.next.file = what.file;
  made.next.text = what.text;
  made.next.sets = what.sets;
  made.next.origin = supervisor::origin_of(what.text, what.sets);
  made.next.from = now.number;
  made.plan = WEIR_TRY(plan_of(made.next));
  return made;
}

base::result<change_request> change_maker::undo(const supervisor::definition& now) {
  if (now.from == 0)
    return base::config_error("nothing was changed since the pipeline was started: there is no version before");
  auto before = WEIR_TRY(supervisor::read_definition(env_, state_directory_, now.from));
  if (!before) return base::host_error(cat("definition ", now.from, " is not there any more"), state_directory_);
  change_request made;
  made.what = "rollback";
  made.next = std::move(*before);
  made.plan = WEIR_TRY(plan_of(made.next));
  return made;
}

}  // namespace weir::control
