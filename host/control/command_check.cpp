#include "base/cat.hpp"
#include "config/load.hpp"
#include "control/session.hpp"
#include "control/state_trial.hpp"
#include "plugin/bind.hpp"
#include "supervisor/os_process.hpp"

namespace weir::control {
namespace {

using base::cat;

constexpr unsigned hang_seconds = 60;
constexpr std::size_t question_bytes = std::size_t{64} << 20;

std::string count(std::size_t n, const char* what) { return cat(n, " ", what, n == 1 ? "" : "s"); }

}  // namespace

exit_code check_command(const check_arguments& told, console& io) {
  auto plugins = open_plugins(told.pipeline.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  std::size_t errors = 0, warnings = 0;
  pipeline_arguments how = told.pipeline;
  state_question question;
  if (told.text_from_stdin || told.state_from_stdin) {
    // Whoever asks may die meanwhile, and a plugin may hang.
    supervisor::os::end_after(hang_seconds);
    auto text = base::real_env().fs().read_whole("/proc/self/fd/0",
                                                 told.state_from_stdin ? question_bytes : config::max_file_bytes + 1);
    if (!text) return io.fail(text.why());
    how.text = std::move(text).take();
    if (told.state_from_stdin) {
      auto asked = read_question(*how.text);
      if (!asked) return io.fail(asked.why());
      question = std::move(asked->first);
      how.text = std::move(asked->second);
    }
  }
  for (const auto& file : told.pipeline.files) {
    // Without its secrets a plugin could not ask.
    const bool asks = !told.offline && how.environment;
    const auto made = make_plan(file, how, *plugins, asks ? plugin::asking_bind_host() : plugin::bind_host());
    const auto all = made.problems.sorted().size();
    errors += made.problems.error_count();
    warnings += all - made.problems.error_count();
    if (told.json) {
      io.out(made.problems.json_lines());
      continue;
    }
    if (!made.problems.empty()) io.note(made.problems.text());
    if (told.state_from_stdin && made.plan) io.out("\n" + to_json(answers_to(question, *made.plan)) + "\n");
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
