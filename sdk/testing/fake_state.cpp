// weir.state/1 and weir.timers/1 of the fake host.
#include <cstring>

#include "weir/test/fake_host.hpp"

namespace weir::test {
std::vector<field> fake_bind::key() const {
  std::vector<field> out;
  for (const auto& in : inputs) {
    for (const auto column : in.key) out.push_back(in.columns[column]);
    if (!out.empty()) break;
  }
  return out;
}

namespace {
using weir::detail::chars;
using weir::detail::view;

std::int32_t refuse(fake_bind& b, weir_code code, std::string why) {
  b.errors.push_back({code, "", std::move(why), -1});
  return code;
}
bool good_state_name(const char* name) {
  for (const char* c = name; *c; ++c)
    if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_')) return false;
  return *name != 0;
}
// Rows of all ports meet in one state.
bool keys_agree(const fake_bind& b) {
  const auto key = b.key();
  for (const auto& in : b.inputs) {
    if (in.key.empty()) continue;
    if (in.key.size() != key.size()) return false;
    for (std::size_t i = 0; i < key.size(); ++i)
      if (!in.columns[in.key[i]].same_type(key[i])) return false;
  }
  return true;
}

std::int32_t declare_state(weir_bind* node, const weir_state_declaration* d) noexcept {
  auto& b = fake_bind::of(node);
  try {
    if (!d->name || !good_state_name(d->name))
      return refuse(b, WEIR_E_CONTRACT, "a state's name is made of a-z, 0-9 and _");
    for (const auto& other : b.states)
      if (other.name == d->name) return refuse(b, WEIR_E_CONTRACT, "two states are called '" + other.name + "'");
    if (d->kind > WEIR_STATE_MAP || (d->kind == WEIR_STATE_VALUE && d->value_size == 0))
      return refuse(b, WEIR_E_CONTRACT, std::string{"state '"} + d->name + "' has no kind or no size");
    if (!keys_agree(b)) return refuse(b, WEIR_E_CONFIG, "the keys of its inputs have different types");
    declared_state made{d->name, d->kind, read_schema(*d->value), {}, d->ttl_us, d->ttl_time, 0};
    if (d->kind == WEIR_STATE_VALUE) made.value_size = d->value_size;
    if (d->kind == WEIR_STATE_MAP) made.map_key = read_schema(*d->map_key);
    b.states.push_back(std::move(made));
    return static_cast<std::int32_t>(b.states.size()) - 1;
  } catch (const std::exception& e) {
    return refuse(b, WEIR_E_CONTRACT, e.what());
  }
}
std::int32_t declare_timers(weir_bind* node, const char* name, std::uint32_t kind) noexcept {
  auto& b = fake_bind::of(node);
  if (!name || !good_state_name(name))
    return refuse(b, WEIR_E_CONTRACT, "a timer family's name is made of a-z, 0-9 and _");
  for (const auto& other : b.timers)
    if (other.name == name) return refuse(b, WEIR_E_CONTRACT, "two families of timers are called '" + other.name + "'");
  if (kind > WEIR_TIMER_PROCESSING_TIME) return refuse(b, WEIR_E_CONTRACT, "timers of an unknown kind of time");
  if (!keys_agree(b)) return refuse(b, WEIR_E_CONFIG, "the keys of its inputs have different types");
  b.timers.push_back({name, kind});
  return static_cast<std::int32_t>(b.timers.size()) - 1;
}

// Runs f on the task's state; what the fake cannot do is a breach by its caller.
template <class F>
weir_code with_state(weir_context* c, F&& f) noexcept {
  auto& t = fake_task::of(c);
  if (!t.state) return WEIR_E_CONTRACT;
  try {
    return f(*t.state);
  } catch (...) {
    return WEIR_E_HOST;
  }
}
// The batch that a call may speak of; null: another one.
const owned_batch* batch_of(weir_context* c, const weir_batch* b) {
  auto& t = fake_task::of(c);
  if (t.batch && b->owner == t.batch) return t.batch;
  return t.scanned && b == &t.scanned->second ? &t.scanned->first : nullptr;
}

weir_state_host make_state() {
  weir_state_host h{};
  h.struct_size = sizeof h;
  h.declare = &declare_state;
  h.slots = [](weir_context* c, std::uint32_t state, const weir_batch* b, const std::uint32_t* rows, std::int64_t count,
               const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out) {
    return with_state(c, [&](keyed_store& s) {
      const auto* batch = batch_of(c, b);
      return batch ? s.slots(state, *batch, rows, count, name_spaces, flags, out) : WEIR_E_CONTRACT;
    });
  };
  h.epoch = [](weir_context* c) {
    auto& t = fake_task::of(c);
    return t.state ? t.state->epoch() : 0u;
  };
  h.touch = [](weir_context* c, std::uint32_t state, weir_slot* at) {
    return with_state(c, [&](keyed_store& s) { return s.touch(state, at); });
  };
  h.clear = [](weir_context* c, std::uint32_t state, weir_slot* at) {
    return with_state(c, [&](keyed_store& s) { return s.clear(state, at); });
  };
  h.bytes_get = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view* out) {
    return with_state(c, [&](keyed_store& s) { return s.bytes_get(state, at, out); });
  };
  h.bytes_put = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view v) {
    return with_state(c, [&](keyed_store& s) { return s.bytes_put(state, at, v); });
  };
  h.list_size = [](weir_context* c, std::uint32_t state, weir_slot* at, std::uint64_t* out) {
    return with_state(c, [&](keyed_store& s) { return s.list_size(state, at, out); });
  };
  h.list_add = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view v) {
    return with_state(c, [&](keyed_store& s) { return s.list_add(state, at, v); });
  };
  h.list_at = [](weir_context* c, std::uint32_t state, weir_slot* at, std::uint64_t i, weir_view* out) {
    return with_state(c, [&](keyed_store& s) { return s.list_at(state, at, i, out); });
  };
  h.list_trim = [](weir_context* c, std::uint32_t state, weir_slot* at, std::uint64_t from) {
    return with_state(c, [&](keyed_store& s) { return s.list_trim(state, at, from); });
  };
  h.map_get = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view key, weir_view* out) {
    return with_state(c, [&](keyed_store& s) { return s.map_get(state, at, key, out); });
  };
  h.map_put = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view key, weir_view v) {
    return with_state(c, [&](keyed_store& s) { return s.map_put(state, at, key, v); });
  };
  h.map_remove = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view key) {
    return with_state(c, [&](keyed_store& s) { return s.map_remove(state, at, key); });
  };
  h.map_next = [](weir_context* c, std::uint32_t state, weir_slot* at, weir_view after, weir_view* key, weir_view* v) {
    return with_state(c, [&](keyed_store& s) { return s.map_next(state, at, after, key, v); });
  };
  h.scan = [](weir_context* c, std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor,
              const weir_batch** keys, weir_slot*** out) {
    return with_state(c, [&](keyed_store& s) {
      auto part = std::make_unique<std::pair<owned_batch, weir_batch>>();
      const auto code = s.scan(state, name_space, cursor, part->first, out);
      if (code < 0) return code;
      part->second = part->first.raw();
      auto& t = fake_task::of(c);
      t.scanned = std::move(part);
      *keys = &t.scanned->second;
      return code;
    });
  };
  h.drop = [](weir_context* c, std::uint32_t state, std::int64_t name_space) {
    return with_state(c, [&](keyed_store& s) { return s.drop(state, name_space); });
  };
  h.next_name_space = [](weir_context* c, std::uint32_t state, std::int64_t from, std::int64_t* out) {
    return with_state(c, [&](keyed_store& s) { return s.next_name_space(state, from, out); });
  };
  return h;
}
weir_timers_host make_timers() {
  weir_timers_host h{};
  h.struct_size = sizeof h;
  h.declare = &declare_timers;
  h.set = [](weir_context* c, std::uint32_t family, const weir_batch* b, const std::uint32_t* rows,
             const std::int64_t* times_us, std::int64_t count) {
    return with_state(c, [&](keyed_store& s) {
      const auto* batch = batch_of(c, b);
      return batch ? s.timers(family, *batch, rows, times_us, count, true) : WEIR_E_CONTRACT;
    });
  };
  h.clear = [](weir_context* c, std::uint32_t family, const weir_batch* b, const std::uint32_t* rows,
               const std::int64_t* times_us, std::int64_t count) {
    return with_state(c, [&](keyed_store& s) {
      const auto* batch = batch_of(c, b);
      return batch ? s.timers(family, *batch, rows, times_us, count, false) : WEIR_E_CONTRACT;
    });
  };
  return h;
}
}  // namespace

const void* fake_extension(const char* id) {
  static const weir_state_host state = make_state();
  static const weir_timers_host timers = make_timers();
  if (!std::strcmp(id, WEIR_EXT_STATE)) return &state;
  if (!std::strcmp(id, WEIR_EXT_TIMERS)) return &timers;
  static constexpr weir_cuts cuts{sizeof(weir_cuts), 0,
                                  [](weir_bind* b) { return fake_bind::of(b).checkpoint_interval.count(); },
                                  [](weir_bind* b) { return fake_bind::of(b).restart_pause.count(); }};
  if (!std::strcmp(id, WEIR_EXT_CUTS)) return &cuts;
  return nullptr;
}
}  // namespace weir::test
