// Commands that change a running pipeline: swap, plan, apply, rollback; and history.
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "base/timestamp.hpp"
#include "config/load.hpp"
#include "control/change_text.hpp"
#include "control/commands.hpp"
#include "control/control_socket.hpp"
#include "control/found_pipeline.hpp"
#include "supervisor/history.hpp"
#include "supervisor/json_member.hpp"
#include "supervisor/os.hpp"
#include "supervisor/os_process.hpp"

namespace weir::control {
namespace {

using base::cat;
using supervisor::text_of;
using json = nlohmann::json;

constexpr std::int64_t change_look_ms = 20, change_patience_ms = 300'000;

std::string nodes_for_people(const json& change) {
  std::string out;
  const auto nodes = change.find("nodes");
  if (nodes == change.end()) return out;
  for (const auto& n : *nodes) {
    const auto id = text_of(n, "id"), from = text_of(n, "from"), to = text_of(n, "to");
    out += cat("  ", id, id.empty() ? "" : ": ", from, from.empty() ? "" : " -> ", to, "\n");
  }
  return out;
}

std::string for_people(const json& c) {
  auto out =
      cat("change ", c.value("change", std::uint64_t{0}), " (", text_of(c, "what"), ") is ", text_of(c, "state"));
  if (c.value("cut", std::uint64_t{0}) > 0) out += cat(", at cut ", c.value("cut", std::uint64_t{0}));
  if (const auto pause = c.value("pause_us", std::int64_t{-1}); pause >= 0)
    out += cat(", ", c.value("hot", false) ? "each subtask stood still for at most " : "the pipeline stood still for ",
               milliseconds_text(pause));
  if (const auto shares = c.find("shares"); shares != c.end()) {
    const auto step = c.value("step", std::uint64_t{0});
    if (step > 0 && step <= shares->size() && text_of(c, "state") != "began" && text_of(c, "state") != "given up")
      out += cat("; the new version ", text_of(c, "state") == "on probation" ? "serves " : "served ",
                 (*shares)[step - 1].get<std::string>(), " of the keys (step ", step, " of ", shares->size(), ")");
  }
  if (const auto back = c.value("back_us", std::int64_t{-1}); back >= 0)
    out += cat("; the old version served again after ", milliseconds_text(back));
  if (const auto from = c.value("back_cut", std::uint64_t{0}); from > 0) out += cat(", from cut ", from);
  out += '\n' + nodes_for_people(c);
  if (const auto why = text_of(c, "why"); !why.empty()) out += cat("  ", why, '\n');
  return out;
}

void set_how(change_wish& wish, const change_arguments& how) {
  wish.probation = how.probation;
  wish.wait = !how.no_wait;
}

/// The file's text, and the pipeline that it is of: found by the file's name for itself.
struct edited {
  change_wish wish;
  std::string state_directory;
};
base::result<edited> read_edited(const apply_arguments& told, const char* what) {
  edited out;
  out.wish.what = what;
  out.wish.file = WEIR_TRY(absolute_path(told.file));
  out.wish.text = WEIR_TRY(base::real_env().fs().read_whole(told.file, config::max_file_bytes + 1));
  out.wish.sets = told.set;
  out.state_directory = WEIR_TRY(find_pipeline(told.file)).state_directory;
  return out;
}

}  // namespace

std::string milliseconds_text(std::int64_t us) { return cat(us / 1000, '.', us / 100 % 10, " ms"); }

exit_code tell_change(const base::result<std::string>& answer, bool as_json, console& io) {
  if (!answer) return io.fail(answer.why());
  const auto change = json::parse(*answer, nullptr, false);
  io.out(as_json ? *answer + "\n" : for_people(change));
  const auto state = text_of(change, "state");
  return state == "rolled back" && text_of(change, "what") != "rollback" &&
                 !text_of(change, "why").starts_with("taken back by hand")
             ? exit_code::check_failed
         : state == "given up" ? exit_code::check_failed
                               : exit_code::ok;
}

base::result<std::string> carry_out_change(const std::string& state_directory, const change_wish& wish) {
  auto& env = base::real_env();
  const auto before = WEIR_TRY(supervisor::read_history(env, state_directory));
  const std::uint64_t last = before.empty() ? 0 : before.back().number;
  auto answer = ask_change(state_directory, wish);
  if (answer || answer.why().by != base::blame::external) return answer;
  supervisor::os::signal_watch signals;
  for (std::int64_t waited_ms = 0; waited_ms < change_patience_ms; waited_ms += change_look_ms) {
    const auto now = WEIR_TRY(supervisor::read_history(env, state_directory));
    if (now.empty() || now.back().number <= last) return answer;  // it was never begun
    if (now.back().over()) return supervisor::to_json(now.back());
    if (!supervisor::os::is_locked(base::join_path(state_directory, "LOCK"))) return answer;
    if (!signals.wait(-1, change_look_ms).stops.empty()) return answer;
  }
  return answer;
}

exit_code swap_command(const swap_arguments& told, console& io) {
  return tell_change(
      [&]() -> base::result<std::string> {
        if (told.plugin.empty() && told.config.empty())
          return base::config_error("what shall change? Give --plugin, --config or both");
        change_wish wish;
        wish.what = "swap";
        wish.operators = told.operators;
        const bool is_file = told.plugin.find('/') != std::string::npos || told.plugin.ends_with(".so");
        wish.plugin = is_file ? WEIR_TRY(absolute_path(told.plugin)) : told.plugin;
        wish.config = told.config;
        wish.rebuild = told.rebuild;
        wish.canary = told.canary;
        wish.step = told.step;
        set_how(wish, told.how);
        return carry_out_change(WEIR_TRY(find_pipeline(told.pipeline)).state_directory, wish);
      }(),
      told.how.json, io);
}

exit_code apply_command(const apply_arguments& told, console& io) {
  return tell_change(
      [&]() -> base::result<std::string> {
        auto edit = WEIR_TRY(read_edited(told, "apply"));
        set_how(edit.wish, told.how);
        return carry_out_change(edit.state_directory, edit.wish);
      }(),
      told.how.json, io);
}

exit_code plan_command(const apply_arguments& told, console& io) {
  const auto answer = [&]() -> base::result<std::string> {
    const auto edit = WEIR_TRY(read_edited(told, "plan"));
    return ask_change(edit.state_directory, edit.wish);
  }();
  if (!answer) return io.fail(answer.why());
  if (told.how.json) {
    io.out(*answer + "\n");
    return exit_code::ok;
  }
  const auto d = json::parse(*answer, nullptr, false);
  const auto how = text_of(d, "how");
  if (how == "nothing") {
    io.out("nothing that runs is different\n");
    return exit_code::ok;
  }
  std::string out;
  for (const auto& n : d["nodes"]) {
    const auto from = text_of(n, "from"), to = text_of(n, "to");
    out += cat(padded(text_of(n, "how"), 8), padded(text_of(n, "id"), 20),
               padded(cat(text_of(n, "what"), from.empty() && to.empty() ? "" : ": ", from,
                          from.empty() || to.empty() ? "" : " -> ", to),
                      48),
               "state: ", text_of(n, "state"), "\n");
  }
  const auto refused = text_of(d, "refused");
  for (const auto& s : d["settings"]) out += cat(padded(text_of(s, "how"), 8), text_of(s, "key"), "\n");
  if (!refused.empty())
    out += cat("weir apply refuses this: ", refused, "\n");
  else
    out += how == "restart"
               ? "weir apply refuses this: stop the pipeline with a savepoint and start the new file from it\n"
           : how == "hot" ? "all of it is possible while data flows\n"
                          : "at one cut, for which the pipeline is drained and built anew\n";
  io.out(out);
  return exit_code::ok;
}

exit_code rollback_command(const rollback_arguments& told, console& io) {
  return tell_change(
      [&]() -> base::result<std::string> {
        change_wish wish;
        wish.what = "rollback";
        set_how(wish, told.how);
        return ask_change(WEIR_TRY(find_pipeline(told.pipeline)).state_directory, wish);
      }(),
      told.how.json, io);
}

exit_code history_command(const history_arguments& told, console& io) {
  auto all = [&]() -> base::result<std::vector<supervisor::change_record>> {
    return supervisor::read_history(base::real_env(), WEIR_TRY(find_pipeline(told.pipeline)).state_directory);
  }();
  if (!all) return io.fail(all.why());
  std::string out;
  for (const auto& c : *all) {
    const auto line = supervisor::to_json(c);
    out += told.json ? line + "\n"
                     : cat(base::print_timestamp_us(c.began_at_us), "  ", c.by, "\n",
                           for_people(json::parse(line, nullptr, false)));
  }
  if (out.empty() && !told.json) io.note("nothing was changed while it ran");
  io.out(out);
  return exit_code::ok;
}

}  // namespace weir::control
