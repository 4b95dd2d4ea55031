// Keyed state, timers and cuts under check: the host's optional tables as a plugin sees them, and the calls of a
// plugin's own.
#include <algorithm>
#include <cstring>

#include "check_calls.hpp"
#include "check_enter.hpp"
#include "check_running.hpp"
#include "weir/ext/draft/cuts.h"

namespace weir::test::check {

using weir::detail::chars;

namespace {

const weir_state_host& real_state(subtask* s) {
  return *static_cast<const weir_state_host*>(s->host->extension(WEIR_EXT_STATE));
}
const weir_timers_host& real_timers(subtask* s) {
  return *static_cast<const weir_timers_host*>(s->host->extension(WEIR_EXT_TIMERS));
}
weir_bind* real_bind(weir_bind* b) { return reinterpret_cast<binding*>(b)->real; }
const weir_cuts& real_cuts(weir_bind* b) {
  return *static_cast<const weir_cuts*>(reinterpret_cast<binding*>(b)->host->extension(WEIR_EXT_CUTS));
}
const char* value_of(const weir_slot* slot) { return reinterpret_cast<const char*>(slot + 1); }
std::string place(const subtask* s, std::uint32_t state) { return "state '" + s->plan->states[state].name + "'"; }

// The subtask behind a call about a state that bind declared.
subtask* enter_state(weir_context* c, std::uint32_t state, const char* call) {
  auto* s = enter(c, call);
  if (!s) return nullptr;
  if (state < s->plan->states.size()) return s;
  s->blame("state", call,
           "state " + std::to_string(state) + " was not declared by bind, which declared " +
               std::to_string(s->plan->states.size()));
  refused(s, call);
  return nullptr;
}
// The real batch behind the plugin's; null: it is another one.
const weir_batch* keyed_batch(subtask* s, const weir_batch* b, const char* call) {
  if (b == &s->batch && s->batch_real) return s->batch_real;
  if (s->scan && b == &s->scan->get()) return s->scan_real;
  s->blame("state", call,
           "the batch is not one of this call: slots are of rows of the batch in work, or of the last scan's keys");
  return nullptr;
}
bool rows_right(subtask* s, const weir_batch& b, const std::uint32_t* rows, std::int64_t count, const char* call) {
  if (!rows && count != b.row_count)
    return s->blame("rows", call,
                    "without row indexes the count must be the batch's " + std::to_string(b.row_count) + ", not " +
                        std::to_string(count)),
           false;
  for (std::int64_t k = 0; rows && k < count; ++k)
    if (auto bad = indexes(rows + k, 1, b.length, b.rows, b.row_count)) return s->blame(*bad, call), false;
  return true;
}
// The plugin's slot; null: it was not given one like that in this call.
subtask::lent_slot* slot_known(subtask* s, std::uint32_t state, weir_slot* slot, const char* call) {
  const auto found = s->slots.find(slot);
  if (found == s->slots.end()) {
    s->blame("state", call,
             "the slot is none of this call: slots end when their call returns, and with the drop of their name space");
    return nullptr;
  }
  if (found->second.state == state) return &found->second;
  s->blame("state", call, "the slot belongs to " + place(s, found->second.state) + ", not to " + place(s, state));
  return nullptr;
}
// Was the slot written before it was touched?
void early_write(subtask* s, weir_slot* slot, const subtask::lent_slot& l, std::string_view call) {
  const std::string_view now{value_of(slot), l.value.size()};
  if (slot->flags == l.head.flags && now == l.value) return;
  s->blame("state", call,
           "a value of " + place(s, l.state) +
               " is written without touch: a cut that is being written would hold the new value");
}

void lend(subtask* s, std::uint32_t state, std::int64_t name_space, weir_slot* slot, bool touched, const char* call) {
  if (const auto found = s->slots.find(slot); found != s->slots.end()) {
    const auto epoch = real_state(s).epoch(s->real);
    const bool was = found->second.touched || found->second.head.epoch == epoch;
    if (!was && !touched) early_write(s, slot, found->second, call);
    touched = touched || (was && slot->epoch == epoch);
  }
  s->slots[slot] = {state, name_space, *slot, {value_of(slot), s->plan->states[state].value_size}, touched};
}

// A call about one slot that the host answers; writes: the host touches it.
template <class F>
weir_code slot_call(weir_context* c, std::uint32_t state, weir_slot* slot, const char* call, bool writes, F&& f) {
  auto* s = enter_state(c, state, call);
  if (!s) return WEIR_E_CONTRACT;
  auto* l = slot_known(s, state, slot, call);
  if (!l) return refused(s, call);
  if (writes && !l->touched && l->head.epoch != real_state(s).epoch(s->real)) early_write(s, slot, *l, call);
  l->touched = l->touched || writes;
  return noted(s, call, f(real_state(s), s->real.load()));
}
bool kind_right(weir_context* c, std::uint32_t state, std::uint32_t kind, const char* call) {
  auto* s = enter_state(c, state, call);
  if (!s) return false;
  if (s->plan->states[state].kind == kind) return true;
  s->blame("state", call, place(s, state) + " is of another kind");
  refused(s, call);
  return false;
}

weir_code checked_slots(subtask* s, std::uint32_t state, const weir_batch* b, const std::uint32_t* rows,
                        std::int64_t count, const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out) {
  constexpr auto call = "slots";
  const auto* real = keyed_batch(s, b, call);
  if (!real || !rows_right(s, *b, rows, count, call)) return refused(s, call);
  if (flags & ~(WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH))
    return s->blame("state", call, "unknown flags"), refused(s, call);
  const auto scan = s->scanning.find(state);
  for (std::int64_t k = 0; scan != s->scanning.end() && (flags & WEIR_SLOTS_CREATE) && k < count; ++k)
    if ((name_spaces ? name_spaces[k] : 0) == scan->second)
      return s->blame("state", call, "it makes slots in " + place(s, state) + " between two parts of a scan of it"),
             refused(s, call);
  const auto code = real_state(s).slots(s->real, state, real, rows, count, name_spaces, flags, out);
  for (std::int64_t k = 0; code >= 0 && k < count; ++k) {
    if (out[k])
      lend(s, state, name_spaces ? name_spaces[k] : 0, out[k], (flags & WEIR_SLOTS_TOUCH) != 0, call);
    else if (flags & WEIR_SLOTS_CREATE)
      s->blame_host("state", call, "a row has no slot, though WEIR_SLOTS_CREATE was asked for");
  }
  return noted(s, call, code);
}
weir_code checked_scan(subtask* s, std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor,
                       const weir_batch** keys, weir_slot*** out) {
  constexpr auto call = "scan";
  const auto running = s->scanning.find(state);
  if (*cursor != 0 && (running == s->scanning.end() || running->second != name_space))
    return s->blame("state", call, "the cursor is of no scan of this call that goes on"), refused(s, call);
  s->scan.reset();
  const auto code = real_state(s).scan(s->real, state, name_space, cursor, keys, out);
  s->scanning.erase(state);
  if (code < 0) return noted(s, call, code);
  if (*cursor != 0) s->scanning[state] = name_space;
  if (auto bad = batch(s->plan->key, **keys, false)) return s->blame_host(bad->rule, call, bad->what), WEIR_E_HOST;
  s->scan_real = *keys;
  s->scan = std::make_shared<batch_copy>(s->plan->key, **keys, s);
  for (std::int64_t k = 0; k < (*keys)->length; ++k) {
    if (!((*out)[k]->flags & WEIR_SLOT_PRESENT)) s->blame_host("state", call, "a slot of a scan has no value");
    lend(s, state, name_space, (*out)[k], false, call);
  }
  *keys = &s->scan->get();
  return code;
}
weir_code checked_drop(subtask* s, std::uint32_t state, std::int64_t name_space) {
  const auto scan = s->scanning.find(state);
  if (scan != s->scanning.end() && scan->second == name_space)
    return s->blame("state", "drop", "it drops " + place(s, state) + " between two parts of a scan of it"),
           refused(s, "drop");
  std::erase_if(s->slots,
                [&](const auto& at) { return at.second.state == state && at.second.name_space == name_space; });
  return noted(s, "drop", real_state(s).drop(s->real, state, name_space));
}

std::int32_t checked_declare(weir_bind* p, const weir_state_declaration* d) {
  auto* b = reinterpret_cast<binding*>(p);
  const auto* real = static_cast<const weir_state_host*>(b->host->extension(WEIR_EXT_STATE));
  const auto number = real->declare(b->real, d);
  if (number < 0) {
    b->failed = true;
    return number;
  }
  if (static_cast<std::size_t>(number) != b->plan->states.size())
    b->of->report(side::host, "state", "declare", "states are not numbered 0, 1, ...");
  b->plan->states.push_back({d->name, d->kind, d->kind == WEIR_STATE_VALUE ? d->value_size : 0});
  return number;
}
std::int32_t checked_declare_timers(weir_bind* p, const char* name, std::uint32_t kind) {
  auto* b = reinterpret_cast<binding*>(p);
  const auto* real = static_cast<const weir_timers_host*>(b->host->extension(WEIR_EXT_TIMERS));
  const auto number = real->declare(b->real, name, kind);
  if (number < 0) {
    b->failed = true;
    return number;
  }
  if (static_cast<std::size_t>(number) != b->plan->timers.size())
    b->of->report(side::host, "timers", "declare", "families of timers are not numbered 0, 1, ...");
  b->plan->timers.emplace_back(name, kind);
  return number;
}
weir_code checked_timers(weir_context* c, std::uint32_t family, const weir_batch* b, const std::uint32_t* rows,
                         const std::int64_t* times, std::int64_t count, bool set) {
  const auto* call = set ? "timers.set" : "timers.clear";
  auto* s = enter(c, call);
  if (!s) return WEIR_E_CONTRACT;
  if (family >= s->plan->timers.size())
    return s->blame("timers", call,
                    "family " + std::to_string(family) + " was not declared by bind, which declared " +
                        std::to_string(s->plan->timers.size())),
           refused(s, call);
  const auto* real = keyed_batch(s, b, call);
  if (!real || !rows_right(s, *b, rows, count, call)) return refused(s, call);
  if (real == s->batch_real && s->running() == "process" && s->plan->key.size() && s->plan->keys[b->port].empty())
    return s->blame("timers", call,
                    "input port " + std::to_string(b->port) + " has no key, so its rows cannot have timers of a key"),
           refused(s, call);
  const auto& host = real_timers(s);
  return noted(s, call, (set ? host.set : host.clear)(s->real, family, real, rows, times, count));
}

weir_state_host make_checked_state() {
  weir_state_host h{};
  h.struct_size = sizeof h;
  h.declare = &checked_declare;
  h.slots = [](weir_context* c, std::uint32_t state, const weir_batch* b, const std::uint32_t* rows, std::int64_t count,
               const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out) {
    auto* s = enter_state(c, state, "slots");
    return s ? checked_slots(s, state, b, rows, count, name_spaces, flags, out) : WEIR_E_CONTRACT;
  };
  h.epoch = [](weir_context* c) {
    auto* s = enter(c, "epoch");
    return s ? real_state(s).epoch(s->real) : 0u;
  };
  h.touch = [](weir_context* c, std::uint32_t state, weir_slot* slot) {
    const auto code = slot_call(c, state, slot, "touch", true, [&](const weir_state_host& real, weir_context* rc) {
      return real.touch(rc, state, slot);
    });
    auto* s = reinterpret_cast<subtask*>(c);
    if (code >= 0 && slot->epoch != real_state(s).epoch(s->real))
      s->blame_host("state", "touch", "the slot's epoch is not the one of now");
    return code;
  };
  h.clear = [](weir_context* c, std::uint32_t state, weir_slot* slot) {
    return slot_call(c, state, slot, "clear", true,
                     [&](const weir_state_host& real, weir_context* rc) { return real.clear(rc, state, slot); });
  };
  h.bytes_get = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view* out) {
    if (!kind_right(c, state, WEIR_STATE_BYTES, "bytes_get")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "bytes_get", false, [&](const weir_state_host& real, weir_context* rc) {
      return real.bytes_get(rc, state, slot, out);
    });
  };
  h.bytes_put = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view v) {
    if (!kind_right(c, state, WEIR_STATE_BYTES, "bytes_put")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "bytes_put", true,
                     [&](const weir_state_host& real, weir_context* rc) { return real.bytes_put(rc, state, slot, v); });
  };
  h.list_size = [](weir_context* c, std::uint32_t state, weir_slot* slot, std::uint64_t* out) {
    if (!kind_right(c, state, WEIR_STATE_LIST, "list_size")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "list_size", false, [&](const weir_state_host& real, weir_context* rc) {
      return real.list_size(rc, state, slot, out);
    });
  };
  h.list_add = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view v) {
    if (!kind_right(c, state, WEIR_STATE_LIST, "list_add")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "list_add", true,
                     [&](const weir_state_host& real, weir_context* rc) { return real.list_add(rc, state, slot, v); });
  };
  h.list_at = [](weir_context* c, std::uint32_t state, weir_slot* slot, std::uint64_t i, weir_view* out) {
    if (!kind_right(c, state, WEIR_STATE_LIST, "list_at")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "list_at", false, [&](const weir_state_host& real, weir_context* rc) {
      return real.list_at(rc, state, slot, i, out);
    });
  };
  h.list_trim = [](weir_context* c, std::uint32_t state, weir_slot* slot, std::uint64_t from) {
    if (!kind_right(c, state, WEIR_STATE_LIST, "list_trim")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "list_trim", true, [&](const weir_state_host& real, weir_context* rc) {
      return real.list_trim(rc, state, slot, from);
    });
  };
  h.map_get = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view key, weir_view* out) {
    if (!kind_right(c, state, WEIR_STATE_MAP, "map_get")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "map_get", false, [&](const weir_state_host& real, weir_context* rc) {
      return real.map_get(rc, state, slot, key, out);
    });
  };
  h.map_put = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view key, weir_view v) {
    if (!kind_right(c, state, WEIR_STATE_MAP, "map_put")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "map_put", true, [&](const weir_state_host& real, weir_context* rc) {
      return real.map_put(rc, state, slot, key, v);
    });
  };
  h.map_remove = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view key) {
    if (!kind_right(c, state, WEIR_STATE_MAP, "map_remove")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "map_remove", true, [&](const weir_state_host& real, weir_context* rc) {
      return real.map_remove(rc, state, slot, key);
    });
  };
  h.map_next = [](weir_context* c, std::uint32_t state, weir_slot* slot, weir_view after, weir_view* key,
                  weir_view* v) {
    if (!kind_right(c, state, WEIR_STATE_MAP, "map_next")) return WEIR_E_CONTRACT;
    return slot_call(c, state, slot, "map_next", false, [&](const weir_state_host& real, weir_context* rc) {
      return real.map_next(rc, state, slot, after, key, v);
    });
  };
  h.scan = [](weir_context* c, std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor,
              const weir_batch** keys, weir_slot*** out) {
    auto* s = enter_state(c, state, "scan");
    return s ? checked_scan(s, state, name_space, cursor, keys, out) : WEIR_E_CONTRACT;
  };
  h.drop = [](weir_context* c, std::uint32_t state, std::int64_t name_space) {
    auto* s = enter_state(c, state, "drop");
    return s ? checked_drop(s, state, name_space) : WEIR_E_CONTRACT;
  };
  h.next_name_space = [](weir_context* c, std::uint32_t state, std::int64_t from, std::int64_t* out) {
    auto* s = enter_state(c, state, "next_name_space");
    if (!s) return WEIR_E_CONTRACT;
    const auto code = real_state(s).next_name_space(s->real, state, from, out);
    if (code == WEIR_OK && *out < from)
      s->blame_host("state", "next_name_space", "it gives a name space before the one asked for");
    return noted(s, "next_name_space", code);
  };
  return h;
}
}  // namespace

const void* checked_extension(const char* id) {
  static const weir_state_host state = make_checked_state();
  static constexpr weir_timers_host timers{
      sizeof(weir_timers_host), 0, &checked_declare_timers,
      [](weir_context* c, std::uint32_t family, const weir_batch* b, const std::uint32_t* rows,
         const std::int64_t* times,
         std::int64_t count) { return checked_timers(c, family, b, rows, times, count, true); },
      [](weir_context* c, std::uint32_t family, const weir_batch* b, const std::uint32_t* rows,
         const std::int64_t* times,
         std::int64_t count) { return checked_timers(c, family, b, rows, times, count, false); }};
  static constexpr weir_cuts cuts{sizeof(weir_cuts), 0,
                                  [](weir_bind* b) { return real_cuts(b).interval(real_bind(b)); },
                                  [](weir_bind* b) { return real_cuts(b).restart_pause(real_bind(b)); }};
  const auto* host = current_host() ? current_host() : last_host().load();
  if (!host->extension || !host->extension(id)) return nullptr;
  if (std::string_view{id} == WEIR_EXT_STATE) return &state;
  if (std::string_view{id} == WEIR_EXT_CUTS) return &cuts;
  return std::string_view{id} == WEIR_EXT_TIMERS ? &timers : nullptr;
}

void end_slots(subtask* s) {
  if (!s->slots.empty()) {
    const auto epoch = real_state(s).epoch(s->real);
    for (auto& [slot, l] : s->slots) {
      if (l.touched || l.head.epoch == epoch) {
        const std::string_view now{value_of(slot), l.value.size()};
        if (!(slot->flags & WEIR_SLOT_PRESENT) && now.find_first_not_of('\0') != std::string_view::npos)
          s->blame("state", s->running(),
                   "a value of " + place(s, l.state) +
                       " is written, but its slot has no WEIR_SLOT_PRESENT: the value would be lost");
      } else {
        early_write(s, slot, l, s->running());
      }
      if (slot->epoch != (l.touched ? epoch : l.head.epoch))
        s->blame("state", s->running(), "it writes the epoch of a slot, which is the host's: call touch");
    }
  }
  s->slots.clear();
  s->scanning.clear();
  s->scan.reset();
  s->scan_real = nullptr;
}

// ------------------------------------------------------------------------------------------------- the plugin's calls

weir_code on_timers(component& c, void* self, weir_context* real, std::uint32_t family, const weir_batch* fired) {
  constexpr auto call = "on_timers";
  auto* s = static_cast<subtask*>(self);
  if (family >= s->plan->timers.size())
    return s->blame_host("timers", call, "family " + std::to_string(family) + " was not declared"), WEIR_E_HOST;
  if (auto bad = batch(s->plan->key, *fired, false)) return s->blame_host(bad->rule, call, bad->what), WEIR_E_HOST;
  if (!fired->event_time && fired->length) return s->blame_host("timers", call, "the batch has no times"), WEIR_E_HOST;
  for (std::int64_t i = 1; i < fired->length; ++i)
    if (fired->event_time[i] < fired->event_time[i - 1]) {
      s->blame_host("timers", call, "the times do not ascend");
      break;
    }
  std::shared_ptr<batch_copy> copy = std::make_shared<batch_copy>(s->plan->key, *fired, s);
  return task_call(s, real, call, WEIR_OK, [&] {
    s->batch = copy->get();
    s->batch_real = fired;
    const auto code = offered<weir_timers>(c, WEIR_EXT_TIMERS)->on_timers(s->self, s->raw(), family, &s->batch);
    copy.reset();
    return code;
  });
}
weir_code save(component& c, void* self, weir_context* real, weir_bytes* out) {
  auto* s = static_cast<subtask*>(self);
  collecting to{&c, s->host, out};
  return task_call(s, real, "save", WEIR_OK, [&] {
    return offered<weir_snapshot>(c, WEIR_EXT_SNAPSHOT)->save(s->self, s->raw(), reinterpret_cast<weir_bytes*>(&to));
  });
}
weir_code restore(component& c, void* self, weir_context* real, weir_view saved) {
  auto* s = static_cast<subtask*>(self);
  const lent copy{saved};
  return task_call(s, real, "restore", WEIR_OK, [&] {
    return offered<weir_snapshot>(c, WEIR_EXT_SNAPSHOT)->restore(s->self, s->raw(), copy.get());
  });
}
namespace {
const weir_two_phase& two_phase(component& c) { return *offered<weir_two_phase>(c, WEIR_EXT_TWO_PHASE); }
}  // namespace
weir_code prepare(component& c, void* self, weir_context* real, std::uint64_t cut, weir_bytes* out) {
  auto* s = static_cast<subtask*>(self);
  if (cut <= s->newest_prepared)
    s->blame_host("cut", "prepare",
                  "cut " + std::to_string(cut) + " comes after cut " + std::to_string(s->newest_prepared));
  s->newest_prepared = cut;
  s->prepared.insert(cut);
  collecting to{&c, s->host, out};
  return task_call(s, real, "prepare", WEIR_OK,
                   [&] { return two_phase(c).prepare(s->self, s->raw(), cut, reinterpret_cast<weir_bytes*>(&to)); });
}
weir_code commit(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared) {
  auto* s = static_cast<subtask*>(self);
  if (!s->prepared.contains(cut)) {
    s->blame_host("cut", "commit", "cut " + std::to_string(cut) + " was not prepared by this instance, or was aborted");
  } else {
    if (cut < s->newest_committed)
      s->blame_host("cut", "commit",
                    "cut " + std::to_string(cut) + " comes after cut " + std::to_string(s->newest_committed));
    s->newest_committed = std::max(s->newest_committed, cut);
  }
  const lent copy{prepared};
  return task_call(s, real, "commit", WEIR_OK, [&] { return two_phase(c).commit(s->self, s->raw(), cut, copy.get()); });
}
weir_code abort(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared) {
  auto* s = static_cast<subtask*>(self);
  if (!s->prepared.erase(cut))
    s->blame_host("cut", "abort", "cut " + std::to_string(cut) + " was not prepared by this instance");
  const lent copy{prepared};
  return task_call(s, real, "abort", WEIR_OK, [&] { return two_phase(c).abort(s->self, s->raw(), cut, copy.get()); });
}
weir_code recover(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared) {
  auto* s = static_cast<subtask*>(self);
  s->newest_prepared = std::max(s->newest_prepared, cut);
  const lent copy{prepared};
  return task_call(s, real, "recover", WEIR_OK,
                   [&] { return two_phase(c).recover(s->self, s->raw(), cut, copy.get()); });
}
std::int32_t offers(component& c, const void* p) {
  return offered<weir_handover>(c, WEIR_EXT_HANDOVER)->offers(static_cast<const bound_plan*>(p)->real);
}
weir_code take_over(component& c, void* self, weir_context* real, std::uint64_t cut, weir_view prepared) {
  auto* s = static_cast<subtask*>(self);
  s->newest_prepared = std::max(s->newest_prepared, cut);
  const lent copy{prepared};
  return task_call(s, real, "take_over", WEIR_OK, [&] {
    return offered<weir_handover>(c, WEIR_EXT_HANDOVER)->take_over(s->self, s->raw(), cut, copy.get());
  });
}
}  // namespace weir::test::check
