// Declaring keyed state and timers inside bind(): the slot `declare` of weir.state/1 and weir.timers/1. Called by plugins:
// nothing may throw across, and no argument is believed.
#include <algorithm>
#include <cstring>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "plugin/bind_state.hpp"

namespace weir::plugin {
namespace {

using base::cat;
using base::quoted;

constexpr std::size_t most_states = 64;
constexpr std::size_t most_timers = 64;
constexpr std::size_t longest_name = 63;
constexpr std::uint32_t largest_value = 64 * 1024;

weir_code refuse(weir_bind* bind, std::string why) {
  bind->broke_contract(std::move(why));
  return WEIR_E_CONTRACT;
}

bool good_name(const char* name) {
  if (!name || !*name || std::strlen(name) > longest_name) return false;
  return std::all_of(name, name + std::strlen(name),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// Whether this node may have keyed state at all; says why not.
bool may_have_state(weir_bind* bind, const char* what) {
  if (bind->component->is_source()) {
    refuse(bind, cat("it declared ", what, ", but a source has no key"));
    return false;
  }
  const bind_input* first = nullptr;
  for (const bind_input& in : *bind->inputs) {
    if (in.key.empty()) continue;
    if (!first) {
      first = &in;
      continue;
    }
    bool same = in.key.size() == first->key.size();
    for (std::size_t i = 0; same && i < in.key.size(); ++i)
      same = (*in.schema)[in.key[i]].type == (*first->schema)[first->key[i]].type;
    if (same) continue;
    auto text = [](const bind_input& of) {
      std::string all;
      for (const std::uint32_t column : of.key) {
        if (!all.empty()) all += ", ";
        all += cat((*of.schema)[column].name, ": ", (*of.schema)[column].type.text());
      }
      return all;
    };
    bind->problems->error(bind->at, cat(bind->component->uses(), ": the keys of its inputs differ: ", first->name,
                                        " has (", text(*first), "), ", in.name, " has (", text(in),
                                        "); rows of both meet in one state, so give them keys of the same types"));
    ++bind->errors;
    return false;
  }
  return true;
}

std::int32_t declare_state(weir_bind* bind, const weir_state_declaration* told) noexcept {
  if (!bind || !bind->problems) return WEIR_E_CONTRACT;
  if (!told || told->struct_size < sizeof(weir_state_declaration))
    return refuse(bind, "it declared a state with a table that is too small for weir.state/1");
  if (!good_name(told->name)) return refuse(bind, "it declared a state whose name is not made of a-z, 0-9 and _");
  if (bind->states.size() >= most_states) return refuse(bind, cat("it declared more than ", most_states, " states"));
  for (const auto& other : bind->states)
    if (other.name == told->name) return refuse(bind, cat("it declared the state ", quoted(told->name), " twice"));
  if (told->kind > WEIR_STATE_MAP)
    return refuse(bind, cat("state ", quoted(told->name), " has the unknown kind ", told->kind));
  if (told->ttl_us < 0 || told->ttl_time > WEIR_TTL_EVENT_TIME)
    return refuse(bind, cat("state ", quoted(told->name), " has a time to live that is no time"));
  if (told->kind == WEIR_STATE_VALUE && (told->value_size == 0 || told->value_size > largest_value))
    return refuse(bind, cat("state ", quoted(told->name), " has values of ", told->value_size, " bytes; 1 to ",
                            largest_value, " are possible, use WEIR_STATE_BYTES for larger ones"));
  if (!may_have_state(bind, cat("state ", quoted(told->name)).c_str())) return WEIR_E_CONFIG;

  model::state_declaration made;
  made.name = told->name;
  made.kind = told->kind;
  made.ttl_us = told->ttl_us;
  made.ttl_time = told->ttl_time;
  made.value_size = told->kind == WEIR_STATE_VALUE ? told->value_size : 0;
  auto value = model::import_schema(told->value);
  if (!value) return refuse(bind, cat("the value schema of state ", quoted(told->name), ": ", value.why().text()));
  made.value = std::move(*value);
  if (told->kind == WEIR_STATE_MAP) {
    auto key = model::import_schema(told->map_key);
    if (!key) return refuse(bind, cat("the map key schema of state ", quoted(told->name), ": ", key.why().text()));
    made.map_key = std::move(*key);
  }
  bind->states.push_back(std::move(made));
  return static_cast<std::int32_t>(bind->states.size()) - 1;
}

std::int32_t declare_timers(weir_bind* bind, const char* name, std::uint32_t time_kind) noexcept {
  if (!bind || !bind->problems) return WEIR_E_CONTRACT;
  if (!good_name(name)) return refuse(bind, "it declared timers whose name is not made of a-z, 0-9 and _");
  if (bind->timers.size() >= most_timers)
    return refuse(bind, cat("it declared more than ", most_timers, " families of timers"));
  for (const auto& other : bind->timers)
    if (other.name == name) return refuse(bind, cat("it declared the timers ", quoted(name), " twice"));
  if (time_kind > WEIR_TIMER_PROCESSING_TIME)
    return refuse(bind, cat("timers ", quoted(name), " have the unknown time kind ", time_kind));
  if (!may_have_state(bind, cat("timers ", quoted(name)).c_str())) return WEIR_E_CONFIG;
  bind->timers.push_back({name, time_kind});
  return static_cast<std::int32_t>(bind->timers.size()) - 1;
}

template <class Result, class... Arguments>
void refuse_slot(Result (*&slot)(Arguments...)) {
  slot = [](Arguments...) -> Result {
    if constexpr (std::is_same_v<Result, weir_code>)
      return WEIR_E_CONTRACT;
    else
      return Result{};
  };
}

}  // namespace

std::vector<model::field> binding::key_fields() const {
  std::vector<model::field> fields;
  for (const bind_input& in : inputs_) {
    if (in.key.empty()) continue;
    for (const std::uint32_t column : in.key) fields.push_back((*in.schema)[column]);
    break;
  }
  return fields;
}

void fill_declare_slots(weir_state_host& states, weir_timers_host& timers) {
  states.declare = declare_state;
  timers.declare = declare_timers;
}

const weir_cuts& cuts_table() {
  static constexpr weir_cuts table{sizeof(weir_cuts), 0, [](weir_bind* bind) { return bind->cuts.interval_us; },
                                   [](weir_bind* bind) { return bind->cuts.restart_pause_us; }};
  return table;
}

const void* bind_extension(const char* id) {
  struct tables {
    weir_state_host states{};
    weir_timers_host timers{};
    tables() {
      states.struct_size = sizeof states;
      timers.struct_size = sizeof timers;
      fill_declare_slots(states, timers);
      refuse_slot(states.slots), refuse_slot(states.epoch), refuse_slot(states.touch), refuse_slot(states.clear);
      refuse_slot(states.bytes_get), refuse_slot(states.bytes_put);
      refuse_slot(states.list_size), refuse_slot(states.list_add), refuse_slot(states.list_at),
          refuse_slot(states.list_trim);
      refuse_slot(states.map_get), refuse_slot(states.map_put), refuse_slot(states.map_remove),
          refuse_slot(states.map_next);
      refuse_slot(states.scan), refuse_slot(states.drop), refuse_slot(states.next_name_space);
      refuse_slot(timers.set), refuse_slot(timers.clear);
    }
  };
  static const tables all;
  if (!id) return nullptr;
  if (std::strcmp(id, WEIR_EXT_STATE) == 0) return &all.states;
  if (std::strcmp(id, WEIR_EXT_TIMERS) == 0) return &all.timers;
  if (std::strcmp(id, WEIR_EXT_CUTS) == 0) return &cuts_table();
  return nullptr;
}

}  // namespace weir::plugin
