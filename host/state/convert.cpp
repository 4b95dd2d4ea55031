#include "state/convert.hpp"

#include <algorithm>
#include <utility>

#include "base/cat.hpp"
#include "state/kind_name.hpp"
#include "state/packing.hpp"
#include "weir/ext/draft/state.h"

namespace weir::state {

using base::cat;
using base::result;
using model::state_declaration;

namespace {

bool one_value(std::uint32_t kind) { return kind == WEIR_STATE_VALUE || kind == WEIR_STATE_BYTES; }
packing packing_of(std::uint32_t kind) { return kind == WEIR_STATE_VALUE ? packing::in_place : packing::plain; }

const std::vector<model::field>& fields_of(const model::schema_ref& schema) {
  static const std::vector<model::field> none;
  return schema ? schema->fields() : none;
}

/// The host can only move fields whose places it knows.
result<void> laid_out(const state_declaration& d, std::string_view when) {
  if (d.kind != WEIR_STATE_VALUE || struct_bytes(fields_of(d.value)) == d.value_size) return {};
  return base::config_error(cat("a value has ", d.value_size, " bytes ", when,
                                ", which are not a struct of its fields (", model::text_of(d.value), ")"));
}

result<moves> host_moves(const model::state_change& c) {
  if (c.part == model::state_part::map_key)
    return moves::compile(fields_of(c.was.map_key), packing::ordered, fields_of(c.now.map_key), packing::ordered,
                          moves::stored_fields::all_stay);
  WEIR_TRY(laid_out(c.was, "in the checkpoint"));
  WEIR_TRY(laid_out(c.now, "now"));
  return moves::compile(fields_of(c.was.value), packing_of(c.was.kind), fields_of(c.now.value), packing_of(c.now.kind),
                        moves::stored_fields::may_go);
}

bool same_key_types(const std::vector<model::field>& was, const std::vector<model::field>& now) {
  return std::equal(was.begin(), was.end(), now.begin(), now.end(),
                    [](const model::field& a, const model::field& b) { return a.type == b.type; });
}

}  // namespace

result<conversion::part> conversion::part_of(const model::state_change& c, const model::state_migrations& ask) {
  part made;
  const bool same = c.part == model::state_part::map_key
                        ? model::text_of(c.was.map_key) == model::text_of(c.now.map_key)
                        : c.was.kind == c.now.kind && c.was.value_size == c.now.value_size &&
                              model::text_of(c.was.value) == model::text_of(c.now.value);
  if (same) return made;
  auto host = host_moves(c);
  const bool whole = host && !host->loses();
  std::string refused;
  if (!whole && ask) {
    auto plugin = ask(c);
    if (plugin && *plugin) {
      made.by = converter::plugin;
      made.plugin = std::move(plugin).take();
      return made;
    }
    if (!plugin) refused = plugin.why().what;
  }
  if (host) {
    made.by = converter::host;
    made.host = std::move(host).take();
    return made;
  }
  return base::config_error(
      cat(c.part == model::state_part::map_key ? "keys of the map: " : "", host.why().what, "; ",
          refused.empty() ? "the host cannot convert that: let the plugin migrate it (weir.migrate/1), or give "
                            "the new state another name"
                          : cat("the plugin does not migrate it: ", refused)));
}

result<conversion> conversion::make(const state_declaration& was, const state_declaration& now, std::uint32_t number,
                                    const model::state_migrations& ask) {
  const std::string where = cat("state ", now.name);
  if (was.kind != now.kind && !(one_value(was.kind) && one_value(now.kind)))
    return base::config_error(cat("it is ", kind_name(was.kind), " in the checkpoint, but ", kind_name(now.kind),
                                  " now; give the new one another name"),
                              where);
  conversion made;
  made.name_ = now.name;
  auto value = part_of({was, now, number, model::state_part::value}, ask);
  if (!value) return std::move(value).why().in(where);
  made.value_ = std::move(value).take();
  if (now.kind == WEIR_STATE_MAP) {
    auto key = part_of({was, now, number, model::state_part::map_key}, ask);
    if (!key) return std::move(key).why().in(where);
    made.map_key_ = std::move(key).take();
  }
  return made;
}

std::string conversion::told() const {
  const auto one = [](const part& p, std::string_view of) -> std::string {
    if (p.by == converter::nobody) return {};
    const std::string what = p.by == converter::plugin ? "migrated by the plugin"
                             : p.host->told().empty()  ? "the same fields, kept another way"
                                                       : p.host->told();
    return of.empty() ? what : cat(of, ": ", what);
  };
  const std::string values = one(value_, ""), keys = one(map_key_, "keys of the map");
  return values.empty() || keys.empty() ? values + keys : cat(values, "; ", keys);
}

result<std::string_view> conversion::turned(part& of, std::string_view stored) {
  if (of.by == converter::nobody) return stored;
  of.bytes.clear();
  if (of.by == converter::plugin) {
    if (auto done = of.plugin->migrate(stored, of.bytes); !done) return std::move(done).why().in(cat("state ", name_));
  } else if (!of.host->apply(stored, of.bytes)) {
    return base::external_error(
        "this block of state is damaged (a value does not fit its fields); restore from an older checkpoint",
        cat("state ", name_), base::retry::never);
  }
  return std::string_view(of.bytes);
}

std::vector<state_outcome> can_convert(const model::state_shape& was, const model::state_shape& now, bool allow_dropped,
                                       const model::state_migrations& ask) {
  std::vector<state_outcome> all;
  const bool same_key = same_key_types(was.key, now.key);
  const auto named = [](const auto& in, const std::string& name) {
    return std::find_if(in.begin(), in.end(), [&](const auto& d) { return d.name == name; });
  };
  const auto another_key = [&] {
    const auto text = [](const std::vector<model::field>& key) {
      std::string out;
      for (const model::field& f : key) out += (out.empty() ? "" : ", ") + f.text();
      return out;
    };
    return cat("its key is (", text(was.key), ") in the checkpoint, but (", text(now.key),
               ") now; state cannot move to another key");
  };
  for (std::uint32_t i = 0; i < now.states.size(); ++i) {
    const state_declaration& declared = now.states[i];
    const auto before = named(was.states, declared.name);
    state_outcome one{.name = declared.name, .timers = false, .what = outcome::starts_empty, .why = {}};
    if (before != was.states.end() && !same_key) {
      one.what = outcome::refused;
      one.why = another_key();
    } else if (before != was.states.end()) {
      auto made = conversion::make(*before, declared, i, ask);
      if (!made) {
        one.what = outcome::refused;
        one.why = made.why().what;
      } else {
        const bool plugin = made->of_values() == converter::plugin || made->of_map_keys() == converter::plugin;
        one.what = plugin ? outcome::by_plugin : made->nothing_to_do() ? outcome::same : outcome::by_host;
        one.why = made->told();
      }
    }
    all.push_back(std::move(one));
  }
  for (const auto& declared : now.timers) {
    const auto before = named(was.timers, declared.name);
    state_outcome one{.name = declared.name, .timers = true, .what = outcome::starts_empty, .why = {}};
    if (before != was.timers.end() && !same_key) {
      one.what = outcome::refused;
      one.why = another_key();
    } else if (before != was.timers.end()) {
      one.what = before->time_kind == declared.time_kind ? outcome::same : outcome::refused;
      if (one.what == outcome::refused) one.why = "its timers go by another time now; give the new ones another name";
    }
    all.push_back(std::move(one));
  }
  const auto gone = [&](const std::string& name, bool timers) {
    all.push_back({.name = name,
                   .timers = timers,
                   .what = allow_dropped ? outcome::dropped : outcome::refused,
                   .why = cat("the checkpoint has ", timers ? "timers of this name" : "this state",
                              ", but the operator does not declare it",
                              allow_dropped ? "" : "; bring it back, or start with --allow-dropped-state")});
  };
  for (const auto& before : was.states)
    if (named(now.states, before.name) == now.states.end()) gone(before.name, false);
  for (const auto& before : was.timers)
    if (named(now.timers, before.name) == now.timers.end()) gone(before.name, true);
  return all;
}

}  // namespace weir::state
