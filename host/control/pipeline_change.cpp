#include "control/pipeline_change.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/fault_point.hpp"
#include "base/text.hpp"
#include "config/load.hpp"
#include "supervisor/os_process.hpp"

namespace weir::control {
namespace {

using base::cat;
using base::quoted;

/// Sets of earlier swaps that begin so: what follows replaces them.
void drop_sets(supervisor::definition& of, const std::string& begin) {
  const auto from = of.sets.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(of.given, of.sets.size()));
  of.sets.erase(std::remove_if(from, of.sets.end(), [&](const std::string& s) { return s.starts_with(begin); }),
                of.sets.end());
}

/// Plugins of earlier swaps that no node uses any more; of one that several nodes got at once, one entry is enough.
void drop_unused_plugins(supervisor::definition& of) {
  std::set<std::string> seen;
  const auto from = of.sets.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(of.given, of.sets.size()));
  const auto unused = [&](const std::string& set) {
    constexpr std::string_view begin = "plugin.";
    if (!set.starts_with(begin)) return false;
    if (!seen.insert(set).second) return true;
    const std::string alias = set.substr(begin.size(), set.find('.', begin.size()) - begin.size());
    const std::string uses = cat(".uses=", alias, '.');
    return std::none_of(of.sets.begin(), of.sets.end(),
                        [&](const std::string& s) { return s.find(uses) != std::string::npos; });
  };
  std::vector<std::string> kept(of.sets.begin(), from);
  std::copy_if(from, of.sets.end(), std::back_inserter(kept), [&](const std::string& s) { return !unused(s); });
  of.sets = std::move(kept);
}

constexpr std::int64_t check_patience_ms = 20'000;

/// "risk-9f2c41d0": what `uses` calls a plugin that a swap brought, beside the one of the file. `was`: what it called the one
/// before, "risk" or "risk-1b2c3d4e".
std::string alias_of(std::string was, const std::string& sha256) {
  constexpr std::size_t digits = 8;
  const std::size_t dash = was.size() > digits ? was.size() - digits - 1 : 0;
  const bool is_alias =
      dash > 0 && was[dash] == '-' && was.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
  if (is_alias) was.resize(dash);
  return cat(was, '-', sha256.substr(0, digits));
}

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

base::result<change_maker::kept_plugin> change_maker::keep(const std::string& file) {
  // Looked at, not loaded: code of it runs in another process first.
  const plugin::gated_file gated = plugin::pass_gate(env_, file);
  if (gated.found.refused()) return gated.found.why("plugin " + file);
  kept_plugin kept;
  kept.sha256 = gated.sha256;
  const auto known = plugin::loaded_images();
  kept.loaded_before = std::any_of(known.begin(), known.end(), [&](const auto& i) { return i.sha256 == kept.sha256; });
  const std::string folder = supervisor::kept_plugins(state_directory_);
  kept.path = base::join_path(folder, kept.sha256 + ".so");
  if (WEIR_TRY(env_.fs().exists(kept.path))) return kept;
  WEIR_TRY(env_.fs().make_directories(folder, 0700));
  WEIR_TRY(env_.fs().write_atomically(kept.path, gated.bytes, 0500));
  base::fault_point("change.plugin_kept");
  WEIR_TRY(env_.fs().sync_directory(state_directory_));
  return kept;
}

base::result<std::string> change_maker::file_of(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  // A catalog of its own: the file may have been replaced since it was last looked at.
  plugin::plugin_catalog fresh(env_, *plugins_.store, plugins_.catalog->directories());
  return WEIR_TRY(fresh.load(plugin))->path();
}

base::result<std::string> change_maker::check_elsewhere(const supervisor::definition& what, const char* flag,
                                                        const std::string& input, const char* when) const {
  std::vector<std::string> arguments{"weir", "check", what.file, flag};
  for (const auto& s : what.sets) arguments.insert(arguments.end(), {"--set", s});
  for (const auto& d : plugins_.catalog->directories()) arguments.insert(arguments.end(), {"--plugin-dir", d});
  const auto end = WEIR_TRY(supervisor::os::run_this_program(arguments, input, check_patience_ms));
  if (!end.how)
    return base::plugin_error(cat("a plugin hangs when ", when, ": the check in another process did not end within ",
                                  check_patience_ms / 1000, " s\n", end.output));
  if (end.how->what == supervisor::os::process_change::kind::killed)
    return base::plugin_error(cat("a plugin crashes when ", when, ": the check in another process ended by signal ",
                                  end.how->number, "\n", end.output));
  if (end.how->number != 0) return base::config_error(end.output);
  // Who ends a process with 0 before it was done is no success.
  if (end.output.find(cat(what.file, ": ok, ")) == std::string::npos)
    return base::plugin_error(cat("a plugin ends the process when ", when,
                                  ": the check in another process did not come to its end\n", end.output));
  return end.output;
}

base::result<void> change_maker::try_elsewhere(const supervisor::definition& what) const {
  WEIR_TRY(check_elsewhere(what, "--text-from-stdin", what.text, "it is loaded or bound"));
  base::fault_point("change.checked");
  return {};
}

base::result<void> change_maker::try_state(const change_request& what, const state_question& asked,
                                           plan::difference& between) {
  const std::string said =
      WEIR_TRY(check_elsewhere(what.next, "--state-from-stdin", to_json(asked, what.next.text), "it converts state"));
  return take_answers(WEIR_TRY(read_answers(said)), *what.plan, between);
}

base::result<change_request> change_maker::swap(const swap_request& what, const supervisor::definition& now) {
  change_request made;
  made.what = "swap";
  made.next = now;
  made.next.number = 0;
  made.next.from = now.number;
  std::optional<kept_plugin> kept;
  if (!what.plugin.empty()) {
    const std::string file = what.plugin.starts_with('/') ? what.plugin : WEIR_TRY(file_of(what.plugin));
    kept = WEIR_TRY(keep(file));
    made.kept_plugin = kept->path;
  }
  config::load_options options;
  options.sets = now.sets;
  const auto loaded = config::load_pipeline_text(env_, now.file, now.text, options);
  if (!loaded.pipeline) return base::config_error(loaded.problems.text());
  for (const std::string& id : what.operators) {
    const config::node* n = loaded.pipeline->find(id);
    if (!n) {
      std::vector<std::string> ids;
      for (const auto& other : loaded.pipeline->nodes) ids.push_back(other.id);
      return base::config_error(cat("the pipeline has no operator ", quoted(id), base::did_you_mean(id, ids),
                                    "; it has ", base::one_of(ids)));
    }
    if (kept) {
      drop_sets(made.next, id + ".uses=");
      const std::string alias = alias_of(n->uses.plugin, kept->sha256);
      made.next.sets.push_back(cat("plugin.", alias, ".path=", kept->path));
      made.next.sets.push_back(cat("plugin.", alias, ".sha256=", kept->sha256));
      made.next.sets.push_back(cat(id, ".uses=", alias, '.', n->uses.component));
    }
    for (const std::string& option : what.config) {
      drop_sets(made.next, cat(id, '.', option.substr(0, option.find('=') + 1)));
      made.next.sets.push_back(cat(id, '.', option));
    }
  }
  drop_unused_plugins(made.next);
  // A plugin that this process has loaded already has shown that it can be.
  if (kept && !kept->loaded_before) WEIR_TRY(try_elsewhere(made.next));
  made.plan = WEIR_TRY(plan_of(made.next));
  return made;
}

base::result<change_request> change_maker::apply(const apply_request& what, const supervisor::definition& now) {
  change_request made;
  made.what = "apply";
  made.next.file = what.file;
  made.next.text = what.text;
  made.next.sets = what.sets;
  made.next.given = what.sets.size();
  made.next.origin = supervisor::origin_of(what.text, what.sets);
  made.next.from = now.number;
  WEIR_TRY(try_elsewhere(made.next));
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
