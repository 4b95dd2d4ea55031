#include "control/state_trial.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "operator/migrator.hpp"
#include "plugin/bind.hpp"
#include "plugin/component.hpp"
#include "state/convert.hpp"

namespace weir::control {
namespace {

using base::cat;
using base::result;
using json = nlohmann::json;

std::string dumped(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

model::state_migrations migrations_of(const plan::plan& of, const plan::node& n) {
  const auto& about = n.component->image()->about();
  return op::migrations_of(
      {n.component->operation(), n.binding->plan(), about.name, about.version, n.id, of.pipeline, n.binding});
}

std::string named(const state::state_outcome& o) { return (o.timers ? "timers " : "") + o.name; }

state_answer answer_to(const kept_state& kept, bool allow_dropped, const plan::plan& next, const plan::node& n) {
  const auto now = shape_of(n, next.key_groups);
  const auto ask = migrations_of(next, n);
  const auto all = state::can_convert(kept.was, now, allow_dropped, ask);
  std::string refused, converted, migrated, fresh, dropped;
  const auto add = [](std::string& to, const std::string& what) { to += (to.empty() ? "" : "; ") + what; };
  for (const auto& o : all) switch (o.what) {
      case state::outcome::same:
        break;
      case state::outcome::by_host:
        add(converted, cat(named(o), ": ", o.why));
        break;
      case state::outcome::by_plugin:
        add(converted, cat(named(o), ": ", o.why));
        add(migrated, o.name);
        break;
      case state::outcome::starts_empty:
        add(fresh, named(o));
        break;
      case state::outcome::dropped:
        add(dropped, named(o));
        break;
      case state::outcome::refused:
        add(refused, cat(o.timers ? "timers " : "state ", o.name, ": ", o.why));
        break;
    }
  if (!refused.empty()) return {n.id, "refused: " + refused, true};
  const auto tried = state::try_conversion(kept.was, now, kept.samples, ask);
  if (!tried) return {n.id, cat("refused: a stored value cannot be converted: ", tried.why().text()), true};
  std::string told;
  if (!converted.empty())
    add(told, cat("converted: ", converted,
                  migrated.empty() ? ""
                  : *tried > 0     ? cat(" (", *tried, " stored values tried)")
                                   : " (not tried)"));
  if (!fresh.empty()) add(told, "new, empty: " + fresh);
  if (!dropped.empty()) add(told, "dropped: " + dropped);
  return {n.id, told.empty() ? "kept" : told, false};
}

std::string schema_text(const model::schema_ref& of) { return of ? of->text() : std::string(); }
result<model::schema_ref> schema_from(const json& j) {
  const auto text = j.get<std::string>();
  if (text.empty()) return model::schema_ref();
  return model::parse_schema(text);
}

json hex_of(const std::vector<std::string>& all) {
  json out = json::array();
  for (const auto& one : all) out.push_back(base::to_hex(std::string_view(one)));
  return out;
}
result<std::vector<std::string>> from_hex(const json& all) {
  std::vector<std::string> out;
  for (const auto& one : all) out.push_back(WEIR_TRY(base::from_hex(one.get<std::string>())));
  return out;
}

result<kept_state> kept_from(const json& j) {
  kept_state made;
  made.node = j.at("node").get<std::string>();
  if (const auto key = WEIR_TRY(schema_from(j.at("key")))) made.was.key = key->fields();
  for (const auto& s : j.at("states"))
    made.was.states.push_back({.name = s.at("name").get<std::string>(),
                               .kind = s.at("kind").get<std::uint32_t>(),
                               .value = WEIR_TRY(schema_from(s.at("value"))),
                               .map_key = WEIR_TRY(schema_from(s.at("map_key"))),
                               .value_size = s.at("size").get<std::uint32_t>()});
  for (const auto& t : j.at("timers"))
    made.was.timers.push_back({t.at("name").get<std::string>(), t.at("time").get<std::uint32_t>()});
  for (const auto& s : j.at("samples"))
    made.samples.push_back(
        {s.at("state").get<std::string>(), WEIR_TRY(from_hex(s.at("values"))), WEIR_TRY(from_hex(s.at("map_keys")))});
  return made;
}

}  // namespace

model::state_shape shape_of(const plan::node& n, std::uint32_t key_groups) {
  return {.key = n.binding->key_fields(),
          .states = n.binding->states(),
          .timers = n.binding->timers(),
          .key_groups = key_groups,
          .own = {0, key_groups}};
}

std::vector<state_answer> answers_to(const state_question& what, const plan::plan& next) {
  std::vector<state_answer> all;
  for (const kept_state& kept : what.operators)
    if (const auto at = next.find(kept.node); at != plan::no_index)
      all.push_back(answer_to(kept, what.allow_dropped, next, next.nodes[at]));
  return all;
}

std::string to_json(const state_question& what, const std::string& text) {
  json operators = json::array();
  for (const kept_state& k : what.operators) {
    json states = json::array(), timers = json::array(), samples = json::array();
    for (const auto& s : k.was.states)
      states.push_back({{"name", s.name},
                        {"kind", s.kind},
                        {"value", schema_text(s.value)},
                        {"map_key", schema_text(s.map_key)},
                        {"size", s.value_size}});
    for (const auto& t : k.was.timers) timers.push_back({{"name", t.name}, {"time", t.time_kind}});
    for (const auto& s : k.samples)
      samples.push_back({{"state", s.state}, {"values", hex_of(s.values)}, {"map_keys", hex_of(s.map_keys)}});
    operators.push_back({{"node", k.node},
                         {"key", k.was.key.empty() ? "" : model::schema::of(k.was.key)->text()},
                         {"states", std::move(states)},
                         {"timers", std::move(timers)},
                         {"samples", std::move(samples)}});
  }
  return dumped({{"allow_dropped", what.allow_dropped}, {"operators", std::move(operators)}, {"text", text}});
}

result<std::pair<state_question, std::string>> read_question(const std::string& text) {
  try {
    const auto j = json::parse(text);
    state_question made;
    made.allow_dropped = j.at("allow_dropped").get<bool>();
    for (const auto& one : j.at("operators")) made.operators.push_back(WEIR_TRY(kept_from(one)));
    return std::pair{std::move(made), j.at("text").get<std::string>()};
  } catch (const json::exception& e) {
    return base::host_error(cat("what was asked about state cannot be read: ", e.what()));
  }
}

std::string to_json(const std::vector<state_answer>& all) {
  json out = json::array();
  for (const auto& a : all) out.push_back({{"node", a.node}, {"told", a.told}, {"refused", a.refused}});
  return cat(answer_begin, dumped(out), "}");
}

result<std::vector<state_answer>> read_answers(const std::string& output) {
  std::size_t from = 0;
  if (!output.starts_with(answer_begin)) {
    from = output.find(cat('\n', answer_begin));
    if (from == std::string::npos) return base::plugin_error(cat("nothing was said about state\n", output));
    ++from;
  }
  try {
    std::vector<state_answer> all;
    const auto j = json::parse(output.substr(from, output.find('\n', from) - from));
    for (const auto& a : j.at("state_answers"))
      all.push_back({a.at("node").get<std::string>(), a.at("told").get<std::string>(), a.at("refused").get<bool>()});
    return all;
  } catch (const json::exception& e) {
    return base::host_error(cat("what was said about state cannot be read: ", e.what()));
  }
}

result<void> take_answers(const std::vector<state_answer>& all, const plan::plan& next, plan::difference& into) {
  const state_answer* refused = nullptr;
  for (const auto& a : all) {
    const auto at = next.find(a.node);
    if (at == plan::no_index) continue;
    const plan::node& n = next.nodes[at];
    const std::string& id = n.visible == plan::no_index ? n.id : next.nodes[n.visible].id;
    for (auto& d : into.nodes)
      if (d.id == id && d.state == plan::state_converted) d.state = a.told;
    if (a.refused && !refused) refused = &a;
  }
  if (!refused) return {};
  return base::config_error(refused->told.substr(refused->told.find(": ") + 2), cat("operator ", refused->node));
}

}  // namespace weir::control
