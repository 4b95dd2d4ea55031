// The [task] slots of weir.state/1 and weir.timers/1. Called by plugins: nothing may throw across.
#include "base/cat.hpp"
#include "operator/context.hpp"

namespace weir::op {
namespace {

using base::cat;

/// The state behind a call, null when the node declared none or not so many.
state_access* state_of(weir_context* c, std::uint32_t state, const char* slot) {
  if (c->state && state < c->state->state_count()) return c->state;
  c->broken(base::plugin_error(
      cat(slot, " was given state ", state, ", but bind declared ", c->state ? c->state->state_count() : 0)));
  return nullptr;
}

/// The batch that a call may speak of, with its key columns: the one in work, or the keys of the last scan.
const model::batch* batch_of(weir_context* c, const weir_batch* given, const char* slot,
                             std::span<const std::uint32_t>* key) {
  const model::batch* b = given ? model::batch::of(given) : nullptr;
  if (b && b == c->input) {
    *key = c->input_key;
    return b;
  }
  if (b && b == c->scanned.get()) {
    *key = c->key_of_keys;
    return b;
  }
  c->broken(base::plugin_error(cat(slot, " was given a batch that is not the one in work")));
  return nullptr;
}

/// Errors of the state itself end the chain like a broken contract.
weir_code told(weir_context* c, weir_code code, const char* slot) {
  if (code < 0) {
    const std::string& why = c->state->why();
    const bool room =
        code == WEIR_E_MEMORY || code == WEIR_E_EXTERNAL;  // memory or disk, not what the plugin asked for
    return c->broken(
        room ? base::external_error(cat(slot, ": keyed state: ", why), {}, base::retry::from_checkpoint)
             : base::plugin_error(cat(slot, ": keyed state refused the call: ", why, " (code ", code, ")")));
  }
  return code;
}

weir_code slots(weir_context* c, std::uint32_t state, const weir_batch* batch, const std::uint32_t* rows,
                std::int64_t count, const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out) {
  state_access* s = state_of(c, state, "slots");
  if (!s) return WEIR_E_CONTRACT;
  std::span<const std::uint32_t> key;
  const model::batch* b = batch_of(c, batch, "slots", &key);
  if (!b) return WEIR_E_CONTRACT;
  return told(c, s->slots(state, *b, key, rows, count, name_spaces, flags, out), "slots");
}

std::uint32_t epoch(weir_context* c) { return c->state ? c->state->epoch() : 0; }

weir_code touch(weir_context* c, std::uint32_t state, weir_slot* slot) {
  state_access* s = state_of(c, state, "touch");
  return s ? told(c, s->touch(state, slot), "touch") : WEIR_E_CONTRACT;
}
weir_code clear(weir_context* c, std::uint32_t state, weir_slot* slot) {
  state_access* s = state_of(c, state, "clear");
  return s ? told(c, s->clear(state, slot), "clear") : WEIR_E_CONTRACT;
}
weir_code bytes_get(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view* out) {
  state_access* s = state_of(c, state, "bytes_get");
  return s ? told(c, s->bytes_get(state, slot, out), "bytes_get") : WEIR_E_CONTRACT;
}
weir_code bytes_put(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view value) {
  state_access* s = state_of(c, state, "bytes_put");
  return s ? told(c, s->bytes_put(state, slot, value), "bytes_put") : WEIR_E_CONTRACT;
}
weir_code list_size(weir_context* c, std::uint32_t state, weir_slot* slot, std::uint64_t* out) {
  state_access* s = state_of(c, state, "list_size");
  return s ? told(c, s->list_size(state, slot, out), "list_size") : WEIR_E_CONTRACT;
}
weir_code list_add(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view element) {
  state_access* s = state_of(c, state, "list_add");
  return s ? told(c, s->list_add(state, slot, element), "list_add") : WEIR_E_CONTRACT;
}
weir_code list_at(weir_context* c, std::uint32_t state, weir_slot* slot, std::uint64_t i, weir_view* out) {
  state_access* s = state_of(c, state, "list_at");
  return s ? told(c, s->list_at(state, slot, i, out), "list_at") : WEIR_E_CONTRACT;
}
weir_code list_trim(weir_context* c, std::uint32_t state, weir_slot* slot, std::uint64_t from) {
  state_access* s = state_of(c, state, "list_trim");
  return s ? told(c, s->list_trim(state, slot, from), "list_trim") : WEIR_E_CONTRACT;
}
weir_code map_get(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view key, weir_view* out) {
  state_access* s = state_of(c, state, "map_get");
  return s ? told(c, s->map_get(state, slot, key, out), "map_get") : WEIR_E_CONTRACT;
}
weir_code map_put(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view key, weir_view value) {
  state_access* s = state_of(c, state, "map_put");
  return s ? told(c, s->map_put(state, slot, key, value), "map_put") : WEIR_E_CONTRACT;
}
weir_code map_remove(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view key) {
  state_access* s = state_of(c, state, "map_remove");
  return s ? told(c, s->map_remove(state, slot, key), "map_remove") : WEIR_E_CONTRACT;
}
weir_code map_next(weir_context* c, std::uint32_t state, weir_slot* slot, weir_view after, weir_view* key,
                   weir_view* value) {
  state_access* s = state_of(c, state, "map_next");
  return s ? told(c, s->map_next(state, slot, after, key, value), "map_next") : WEIR_E_CONTRACT;
}

weir_code scan(weir_context* c, std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor,
               const weir_batch** keys, weir_slot*** out) {
  state_access* s = state_of(c, state, "scan");
  if (!s) return WEIR_E_CONTRACT;
  c->scanned = {};
  const weir_code code = told(c, s->scan(state, name_space, cursor, &c->scanned, out), "scan");
  if (code < 0) return code;
  c->scanned_view = c->scanned->view();
  *keys = &c->scanned_view;
  return code;
}

weir_code drop(weir_context* c, std::uint32_t state, std::int64_t name_space) {
  state_access* s = state_of(c, state, "drop");
  return s ? told(c, s->drop(state, name_space), "drop") : WEIR_E_CONTRACT;
}

weir_code next_name_space(weir_context* c, std::uint32_t state, std::int64_t from, std::int64_t* out) {
  state_access* s = state_of(c, state, "next_name_space");
  return s ? told(c, s->next_name_space(state, from, out), "next_name_space") : WEIR_E_CONTRACT;
}

state_access* timers_of(weir_context* c, std::uint32_t family, const char* slot) {
  if (c->state && family < c->state->timer_count()) return c->state;
  c->broken(base::plugin_error(
      cat(slot, " was given timer family ", family, ", but bind declared ", c->state ? c->state->timer_count() : 0)));
  return nullptr;
}

weir_code timer_set(weir_context* c, std::uint32_t family, const weir_batch* batch, const std::uint32_t* rows,
                    const std::int64_t* times_us, std::int64_t count) {
  state_access* s = timers_of(c, family, "timers.set");
  if (!s) return WEIR_E_CONTRACT;
  std::span<const std::uint32_t> key;
  const model::batch* b = batch_of(c, batch, "timers.set", &key);
  if (!b) return WEIR_E_CONTRACT;
  return told(c, s->timer_set(family, *b, key, rows, times_us, count), "timers.set");
}

weir_code timer_clear(weir_context* c, std::uint32_t family, const weir_batch* batch, const std::uint32_t* rows,
                      const std::int64_t* times_us, std::int64_t count) {
  state_access* s = timers_of(c, family, "timers.clear");
  if (!s) return WEIR_E_CONTRACT;
  std::span<const std::uint32_t> key;
  const model::batch* b = batch_of(c, batch, "timers.clear", &key);
  if (!b) return WEIR_E_CONTRACT;
  return told(c, s->timer_clear(family, *b, key, rows, times_us, count), "timers.clear");
}

}  // namespace

void fill_state_slots(weir_state_host& t) {
  t.struct_size = sizeof t;
  t.slots = slots;
  t.epoch = epoch;
  t.touch = touch;
  t.clear = clear;
  t.bytes_get = bytes_get;
  t.bytes_put = bytes_put;
  t.list_size = list_size;
  t.list_add = list_add;
  t.list_at = list_at;
  t.list_trim = list_trim;
  t.map_get = map_get;
  t.map_put = map_put;
  t.map_remove = map_remove;
  t.map_next = map_next;
  t.scan = scan;
  t.drop = drop;
  t.next_name_space = next_name_space;
}

void fill_timer_slots(weir_timers_host& t) {
  t.struct_size = sizeof t;
  t.set = timer_set;
  t.clear = timer_clear;
}

}  // namespace weir::op
