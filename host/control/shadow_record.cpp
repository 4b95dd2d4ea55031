#include "control/shadow_record.hpp"

#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::control {
namespace {

using base::cat;
using nlohmann::ordered_json;

constexpr std::uint64_t most_bytes = 64 << 20;

std::string path_in(const std::string& state_directory) { return base::join_path(state_directory, "shadow.json"); }

ordered_json counts_of(const task::shadow_counts& c) {
  return {{"compared", c.compared()},
          {"equal", c.equal},
          {"different", c.different},
          {"missing", c.missing},
          {"extra", c.extra}};
}

ordered_json row_of(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json::parse(text, nullptr, false);
}

ordered_json example_of(const task::shadow_example& e) {
  ordered_json out{{"what", e.what}, {"port", e.port}, {"subtask", e.subtask}};
  if (!e.key.empty()) out["key"] = row_of(e.key);
  if (!e.fields.empty()) out["fields"] = e.fields;
  out["old"] = row_of(e.before);
  out["new"] = row_of(e.now);
  if (!e.split.empty())
    out["input"] = {{"split", e.split}, {"first_offset", e.first_offset}, {"last_offset", e.last_offset}};
  if (e.event_time_us) out["event_time_us"] = *e.event_time_us;
  return out;
}

std::string state_of(const shadow_run& of) {
  if (const auto how = of.report->how_it_ended()) return how->what;
  return of.report->follows_everywhere() && of.report->behind() == 0 ? "comparing" : "copying";
}

}  // namespace

base::result<task::shadow_rules> rules_of(const shadow_wish& asked, const plan::node& of) {
  std::vector<std::string> names{"event_time"};
  for (std::uint32_t i = 0; i < of.dead_letter_output(); ++i)
    for (const model::field& f : of.outputs[i].schema->fields()) names.push_back(f.name);
  const auto known = [&](const std::string& name) -> base::result<void> {
    if (std::find(names.begin(), names.end(), name) != names.end()) return {};
    return base::config_error(cat("operator ", asked.operator_id, " gives out no field ", base::quoted(name),
                                  base::did_you_mean(name, names)));
  };
  task::shadow_rules out;
  for (const std::string& name : asked.ignored) {
    WEIR_TRY(known(name));
    out.ignored.insert(name);
  }
  for (const std::string& told : asked.tolerances) {
    const auto at = told.find('=');
    if (at == std::string::npos)
      return base::config_error(cat("a tolerance is FIELD=0.01 or FIELD=1%, not ", base::quoted(told)));
    const std::string name = told.substr(0, at);
    std::string value = told.substr(at + 1);
    WEIR_TRY(known(name));
    task::shadow_rules::tolerance t;
    t.relative = value.ends_with('%');
    if (t.relative) value.pop_back();
    t.by = WEIR_TRY(base::parse_double(value)) / (t.relative ? 100 : 1);
    if (!(t.by >= 0)) return base::config_error(cat("the tolerance of ", name, " is below nothing"));
    out.tolerances[name] = t;
  }
  return out;
}

std::string to_json(const shadow_run& of) {
  ordered_json out{{"operator", of.asked.operator_id}, {"state", state_of(of)}};
  if (const auto how = of.report->how_it_ended(); how && !how->why.empty()) out["why"] = how->why;
  out["old"] = of.before;
  out["new"] = of.now;
  out["by"] = of.asked.by;
  out["began_at_us"] = of.began_at_us;
  out["cut"] = of.cut;
  out["pause_us"] = of.pause_us;
  out["behind"] = of.report->behind();
  out["ignored"] = of.asked.ignored;
  out["tolerances"] = of.asked.tolerances;
  out["rows"] = counts_of(of.report->counts());
  out["subtasks"] = ordered_json::array();
  for (std::uint32_t i = 0; i < of.report->subtasks(); ++i) out["subtasks"].push_back(counts_of(of.report->counts(i)));
  out["examples"] = ordered_json::array();
  for (const auto& e : of.report->examples()) out["examples"].push_back(example_of(e));
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

shadow_metrics metrics_of(const shadow_run& of) {
  const task::shadow_counts c = of.report->counts();
  return {of.asked.operator_id, of.plugin, state_of(of), c.equal, c.different, c.missing, c.extra};
}

base::result<void> write_shadow(base::env& env, const std::string& state_directory, const std::string& text) {
  return env.fs().write_atomically(path_in(state_directory), text + "\n", 0600);
}

base::result<std::optional<std::string>> read_shadow(base::env& env, const std::string& state_directory) {
  if (!WEIR_TRY(env.fs().exists(path_in(state_directory)))) return std::optional<std::string>();
  std::string text = WEIR_TRY(env.fs().read_whole(path_in(state_directory), most_bytes));
  if (text.ends_with('\n')) text.pop_back();
  return std::optional<std::string>(std::move(text));
}

base::result<void> bury_shadow(base::env& env, const std::string& state_directory, const std::string& why) {
  const auto text = WEIR_TRY(read_shadow(env, state_directory));
  if (!text) return {};
  ordered_json was = ordered_json::parse(*text, nullptr, false);
  if (!was.is_object()) return {};
  const auto state = was.value("state", std::string());
  if (state != "copying" && state != "comparing") return {};
  was["state"] = "gone";
  was["why"] = why;
  return write_shadow(env, state_directory, was.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace weir::control
