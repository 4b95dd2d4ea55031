#include "base/cat.hpp"
#include "control/session.hpp"
#include "plugin/bind.hpp"

namespace weir::control {
namespace {

using base::cat;

std::string count(std::size_t n, const char* what) { return cat(n, " ", what, n == 1 ? "" : "s"); }

}  // namespace

exit_code check_command(const check_arguments& told, console& io) {
  auto plugins = open_plugins(told.pipeline.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  std::size_t errors = 0, warnings = 0;
  for (const auto& file : told.pipeline.files) {
    const auto made = make_plan(file, told.pipeline, *plugins, plugin::bind_host());
    const auto all = made.problems.sorted().size();
    errors += made.problems.error_count();
    warnings += all - made.problems.error_count();
    if (told.json) {
      io.out(made.problems.json_lines());
      continue;
    }
    if (!made.problems.empty()) io.note(made.problems.text());
    if (made.plan)
      io.out(cat(file, ": ok, ", count(made.plan->nodes.size(), "node"), " in ",
                 count(made.plan->chains.size(), "chain"), "\n"));
  }
  const bool refused = errors > 0 || (told.deny_warnings && warnings > 0);
  if (told.json) {
    io.out(cat("{\"files\":", told.pipeline.files.size(), ",\"errors\":", errors, ",\"warnings\":", warnings,
               ",\"ok\":", !refused, "}\n"));
  } else if (refused) {
    io.note(cat(count(errors, "error"), ", ", count(warnings, "warning"),
                told.deny_warnings && errors == 0 ? " (denied by --deny-warnings)" : ""));
  }
  return refused ? exit_code::check_failed : exit_code::ok;
}

}  // namespace weir::control
