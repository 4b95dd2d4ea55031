// weir shadow: a version beside the one that serves.
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "control/change_text.hpp"
#include "control/commands.hpp"
#include "control/control_socket.hpp"
#include "control/found_pipeline.hpp"
#include "supervisor/json_member.hpp"
#include "supervisor/os_process.hpp"

namespace weir::control {
namespace {

using base::cat;
using nlohmann::ordered_json;
using supervisor::number_of;
using supervisor::text_of;

std::string for_people(const ordered_json& s) {
  const ordered_json rows = s.value("rows", ordered_json::object());
  std::string out = cat("shadow of ", text_of(s, "operator"), " is ", text_of(s, "state"), ": ", text_of(s, "new"),
                        " beside ", text_of(s, "old"), '\n');
  if (const auto why = text_of(s, "why"); !why.empty()) out += cat("  ", why, '\n');
  if (const auto pause = s.value("pause_us", std::int64_t{-1}); pause >= 0)
    out += cat("  since cut ", number_of(s, "cut"), ", for which each subtask stood still for at most ",
               milliseconds_text(pause), '\n');
  out += cat("  rows compared ", number_of(rows, "compared"), ": equal ", number_of(rows, "equal"), ", different ",
             number_of(rows, "different"), "; missing ", number_of(rows, "missing"), ", extra ",
             number_of(rows, "extra"), '\n');
  for (const ordered_json& e : s.value("examples", ordered_json::array())) {
    out += cat("  ", text_of(e, "what"));
    if (e.contains("key")) out += cat(" key ", e["key"].dump());
    if (e.contains("fields")) out += cat(" in ", e["fields"].dump());
    if (e.contains("input")) {
      const ordered_json& in = e["input"];
      const auto first = in.value("first_offset", std::int64_t{-1}), last = in.value("last_offset", std::int64_t{-1});
      out += cat(" from ", text_of(in, "split"), " offset ", first, first == last ? "" : cat(" to ", last));
    }
    out += '\n';
    if (!e["old"].is_null()) out += cat("    old ", e["old"].dump(), '\n');
    if (!e["new"].is_null()) out += cat("    new ", e["new"].dump(), '\n');
  }
  return out;
}

exit_code tell(const base::result<std::string>& answer, const shadow_arguments& told, console& io) {
  if (!answer) return io.fail(answer.why());
  const auto s = ordered_json::parse(*answer, nullptr, false);
  io.out(told.how.json ? *answer + "\n" : for_people(s));
  if (!told.report) return exit_code::ok;
  const ordered_json rows = s.value("rows", ordered_json::object());
  const bool well = text_of(s, "state") != "failed" && text_of(s, "state") != "gone" &&
                    number_of(rows, "different") + number_of(rows, "missing") + number_of(rows, "extra") == 0;
  return well ? exit_code::ok : exit_code::check_failed;
}

/// Also of a run that is over.
base::result<std::string> report_of(const std::string& state_directory, const shadow_wish& wish) {
  auto answer = ask_shadow(state_directory, "shadow-report", wish);
  if (answer || answer.why().how != base::retry::backoff) return answer;
  auto last = WEIR_TRY(read_shadow(base::real_env(), state_directory));
  if (!last) return base::external_error("the pipeline does not run, and never had a shadow");
  return std::move(*last);
}

}  // namespace

exit_code shadow_command(const shadow_arguments& told, console& io) {
  auto found = find_pipeline(told.pipeline);
  if (!found) return io.fail(found.why());
  const std::string& state = found->state_directory;
  if (told.promote) {
    change_wish wish;
    wish.what = "promote";
    wish.operators = {told.operator_id};
    wish.probation = told.how.probation;
    wish.wait = !told.how.no_wait;
    return tell_change(carry_out_change(state, wish), told.how.json, io);
  }
  return tell(
      [&]() -> base::result<std::string> {
        shadow_wish wish;
        wish.operator_id = told.operator_id;
        if (told.report) return report_of(state, wish);
        if (told.drop) return ask_shadow(state, "shadow-drop", wish);
        if (told.plugin.empty() && told.config.empty())
          return base::config_error("which version? Give --plugin, --config or both; or --report, --promote, --drop");
        const bool is_file = told.plugin.find('/') != std::string::npos || told.plugin.ends_with(".so");
        wish.plugin = is_file ? WEIR_TRY(absolute_path(told.plugin)) : told.plugin;
        wish.config = told.config;
        wish.ignored = told.ignored;
        wish.tolerances = told.tolerances;
        return ask_shadow(state, "shadow", wish);
      }(),
      told, io);
}

}  // namespace weir::control
