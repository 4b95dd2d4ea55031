// Keyed state and timers in std::map.
#include "weir/test/keyed_store.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "weir/packed.hpp"
#include "weir/test/fake_host.hpp"

namespace weir::test {
using weir::detail::chars;
using weir::detail::view;

struct keyed_store::cell {
  block memory;  // the slot, and its value behind it
  std::int64_t name_space = 0;
  std::string key;
  keyed_image::value of;  // all but the bytes of a WEIR_STATE_VALUE
  bool lent = false;      // a slot of it was given in this call
  bool dirty = false;     // touched since the last cut

  [[nodiscard]] weir_slot* slot() const { return reinterpret_cast<weir_slot*>(memory.data()); }
  [[nodiscard]] char* value() const { return memory.data() + sizeof(weir_slot); }
  [[nodiscard]] bool present() const { return (slot()->flags & WEIR_SLOT_PRESENT) != 0; }
};
struct keyed_store::table {
  declared_state what;
  std::map<keyed_image::place, std::unique_ptr<cell>> cells;
  std::map<weir_slot*, cell*> by_slot;
};

namespace {
// Both zeros are one key, all NaNs are one key.
template <class T>
void pack_float(std::string& out, T v) {
  weir::detail::pack_number<weir::detail::packing::plain>(out, v == 0 ? T{0} : std::isnan(v) ? T(NAN) : v);
}
}  // namespace

std::uint64_t hash_of_key(std::string_view packed) {
  std::uint64_t h = 0xcbf29ce484222325u;
  for (const char c : packed) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h ^ h >> 32;
}

keyed_store::keyed_store(std::vector<field> key, std::vector<declared_state> states,
                         std::vector<declared_timers> timers)
    : key_{std::move(key)}, families_{std::move(timers)}, due_(families_.size()) {
  for (auto& f : key_) f.nullable = true;  // ports whose keys differ in this only share their state
  for (auto& s : states) {
    tables_.push_back(std::make_unique<table>());
    tables_.back()->what = std::move(s);
  }
}
keyed_store::~keyed_store() = default;

std::string keyed_store::key_of(const owned_batch& batch, std::uint32_t row) {
  std::string out;
  for (std::size_t i = 0; i < batch.key.size(); ++i) {
    const auto column = batch.key[i];
    auto f = batch.columns_of[column];
    f.nullable = true;
    const column_view v{f, batch.columns[column]->array()};
    if (f.kind == type::float64 && !v.null(row))
      out.push_back(1), pack_float(out, v.value<double>(row));
    else if (f.kind == type::float32 && !v.null(row))
      out.push_back(1), pack_float(out, v.value<float>(row));
    else
      weir::detail::pack_cell<weir::detail::packing::plain>(out, v, row);
  }
  return out;
}
owned_batch keyed_store::keys_batch(const std::vector<std::string>& keys) const {
  const auto rows = static_cast<std::int64_t>(keys.size());
  owned_builder b{key_, rows, false};
  owned_batch out;
  out.columns_of.fields = key_;
  out.length = rows;
  for (const auto& k : keys) out.key_hash.push_back(hash_of_key(k));
  std::vector<weir::detail::packed_bytes> at;
  for (const auto& k : keys) at.emplace_back(k);
  for (std::size_t i = 0; i < key_.size(); ++i) {
    column_writer to{{&fake_host(), nullptr}, &b.raw(), b.raw().columns + i, key_[i]};
    for (auto& bytes : at) weir::detail::unpack_cell<weir::detail::packing::plain>(bytes, key_[i], to);
    out.columns.push_back(owned_column::freeze(key_[i], b.raw().columns[i], rows));
    out.key.push_back(static_cast<std::uint32_t>(i));
  }
  return out;
}

// --------------------------------------------------------------------------------------------------------------- times

std::int64_t keyed_store::clock_of(const declared_state& d) const {
  return d.ttl_time == WEIR_TTL_EVENT_TIME ? watermark_us_ : now_us_;
}
// Takes a value away whose time to live is over.
void keyed_store::wash(const declared_state& d, cell& c) {
  if (d.ttl_us == 0 || !c.present()) return;
  const auto clock = clock_of(d);
  if (clock == WEIR_TIME_MIN) return;
  if (c.of.written_us == WEIR_TIME_MIN) c.of.written_us = clock;  // written before the event-time clock began
  if (clock - d.ttl_us < c.of.written_us) return;
  std::memset(c.value(), 0, d.value_size);
  c.of = {};
  c.slot()->flags = 0;
  c.dirty = true;
}
void keyed_store::begin_call(std::int64_t now_us, std::int64_t watermark_us) {
  now_us_ = now_us;
  watermark_us_ = watermark_us;
}
void keyed_store::end_call() {
  for (auto& t : tables_) {
    for (auto at = t->cells.begin(); at != t->cells.end();) {
      auto& c = *at->second;
      const bool gone = !c.present();
      if (c.lent || gone) t->by_slot.erase(c.slot());
      if (gone) {
        at = t->cells.erase(at);
        continue;
      }
      if (std::exchange(c.lent, false)) {  // whoever kept the slot reads freed memory now
        c.memory.resize(c.memory.size());
        t->by_slot[c.slot()] = &c;
      }
      ++at;
    }
  }
}

// --------------------------------------------------------------------------------------------------------------- slots

weir_code keyed_store::slots(std::uint32_t state, const owned_batch& batch, const std::uint32_t* rows,
                             std::int64_t count, const std::int64_t* name_spaces, std::uint32_t flags,
                             weir_slot** out) {
  if (state >= tables_.size()) return WEIR_E_CONTRACT;
  auto& t = *tables_[state];
  for (std::int64_t k = 0; k < count; ++k) {
    const auto row = rows        ? rows[k]
                     : batch.all ? static_cast<std::uint32_t>(k)
                                 : batch.rows.at(static_cast<std::size_t>(k));
    if (row >= batch.length) return WEIR_E_CONTRACT;
    const keyed_image::place place{name_spaces ? name_spaces[k] : 0, key_of(batch, row)};
    auto found = t.cells.find(place);
    if (found == t.cells.end()) {
      out[k] = nullptr;
      if (!(flags & WEIR_SLOTS_CREATE)) continue;
      auto c = std::make_unique<cell>();
      c->memory = block{sizeof(weir_slot) + t.what.value_size, 0};
      c->name_space = place.first;
      c->key = place.second;
      t.by_slot[c->slot()] = c.get();
      found = t.cells.emplace(place, std::move(c)).first;
    }
    auto& c = *found->second;
    if (!c.lent) wash(t.what, c);
    c.lent = true;
    out[k] = c.slot();
    if (t.what.ttl_us) c.slot()->epoch = 0;  // each call's first write is a touch, from which its age counts
    if (flags & WEIR_SLOTS_TOUCH) touch(state, out[k]);
  }
  return WEIR_OK;
}
keyed_store::cell* keyed_store::find(std::uint32_t state, weir_slot* s) {
  if (state >= tables_.size()) return nullptr;
  auto& slots = tables_[state]->by_slot;
  const auto found = slots.find(s);
  return found == slots.end() ? nullptr : found->second;
}
weir_code keyed_store::touch(std::uint32_t state, weir_slot* s) {
  auto* c = find(state, s);
  if (!c) return WEIR_E_CONTRACT;
  s->epoch = epoch_;
  c->dirty = true;
  c->of.written_us = clock_of(tables_[state]->what);
  return WEIR_OK;
}
weir_code keyed_store::clear(std::uint32_t state, weir_slot* s) {
  auto* c = find(state, s);
  if (!c) return WEIR_E_CONTRACT;
  touch(state, s);
  std::memset(c->value(), 0, tables_[state]->what.value_size);
  c->of = {};
  s->flags = 0;
  return WEIR_OK;
}
// A cell of a state of this kind that is about to be written.
keyed_store::cell* keyed_store::writable(std::uint32_t state, weir_slot* s, std::uint32_t kind) {
  auto* c = find(state, s);
  if (!c || tables_[state]->what.kind != kind) return nullptr;
  touch(state, s);
  s->flags |= WEIR_SLOT_PRESENT;
  return c;
}
weir_code keyed_store::bytes_get(std::uint32_t state, weir_slot* s, weir_view* out) {
  auto* c = find(state, s);
  if (!c || tables_[state]->what.kind != WEIR_STATE_BYTES) return WEIR_E_CONTRACT;
  *out = view(c->of.bytes);
  return WEIR_OK;
}
weir_code keyed_store::bytes_put(std::uint32_t state, weir_slot* s, weir_view value) {
  auto* c = writable(state, s, WEIR_STATE_BYTES);
  if (!c) return WEIR_E_CONTRACT;
  c->of.bytes = std::string{chars(value)};
  return WEIR_OK;
}

// -------------------------------------------------------------------------------------------------------- lists, maps

weir_code keyed_store::list_size(std::uint32_t state, weir_slot* s, std::uint64_t* out) {
  auto* c = find(state, s);
  if (!c || tables_[state]->what.kind != WEIR_STATE_LIST) return WEIR_E_CONTRACT;
  *out = c->of.list.size();
  return WEIR_OK;
}
weir_code keyed_store::list_add(std::uint32_t state, weir_slot* s, weir_view element) {
  auto* c = writable(state, s, WEIR_STATE_LIST);
  if (!c) return WEIR_E_CONTRACT;
  c->of.list.emplace_back(chars(element));
  return WEIR_OK;
}
weir_code keyed_store::list_at(std::uint32_t state, weir_slot* s, std::uint64_t i, weir_view* out) {
  auto* c = find(state, s);
  if (!c || tables_[state]->what.kind != WEIR_STATE_LIST || i >= c->of.list.size()) return WEIR_E_CONTRACT;
  *out = view(c->of.list[i]);
  return WEIR_OK;
}
weir_code keyed_store::list_trim(std::uint32_t state, weir_slot* s, std::uint64_t from) {
  auto* c = writable(state, s, WEIR_STATE_LIST);
  if (!c) return WEIR_E_CONTRACT;
  auto& l = c->of.list;
  l.erase(l.begin(), l.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(from, l.size())));
  if (l.empty()) s->flags = 0;
  return WEIR_OK;
}
weir_code keyed_store::map_get(std::uint32_t state, weir_slot* s, weir_view key, weir_view* out) {
  auto* c = find(state, s);
  if (!c || tables_[state]->what.kind != WEIR_STATE_MAP) return WEIR_E_CONTRACT;
  const auto found = c->of.map.find(std::string{chars(key)});
  *out = found == c->of.map.end() ? weir_view{} : weir_view{found->second.c_str(), found->second.size()};
  return WEIR_OK;
}
weir_code keyed_store::map_put(std::uint32_t state, weir_slot* s, weir_view key, weir_view value) {
  auto* c = writable(state, s, WEIR_STATE_MAP);
  if (!c) return WEIR_E_CONTRACT;
  c->of.map.insert_or_assign(std::string{chars(key)}, std::string{chars(value)});
  return WEIR_OK;
}
weir_code keyed_store::map_remove(std::uint32_t state, weir_slot* s, weir_view key) {
  auto* c = writable(state, s, WEIR_STATE_MAP);
  if (!c) return WEIR_E_CONTRACT;
  c->of.map.erase(std::string{chars(key)});
  if (c->of.map.empty()) s->flags = 0;
  return WEIR_OK;
}
weir_code keyed_store::map_next(std::uint32_t state, weir_slot* s, weir_view after, weir_view* key, weir_view* value) {
  auto* c = find(state, s);
  if (!c || tables_[state]->what.kind != WEIR_STATE_MAP) return WEIR_E_CONTRACT;
  const auto found = after.data ? c->of.map.upper_bound(std::string{chars(after)}) : c->of.map.begin();
  const bool none = found == c->of.map.end();
  *key = none ? weir_view{} : weir_view{found->first.c_str(), found->first.size()};
  *value = none ? weir_view{} : weir_view{found->second.c_str(), found->second.size()};
  return WEIR_OK;
}

// --------------------------------------------------------------------------------------------------------- name spaces

weir_code keyed_store::scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, owned_batch& keys,
                            weir_slot*** out) {
  constexpr std::size_t most = 3;  // so few that a test sees several parts
  if (state >= tables_.size()) return WEIR_E_CONTRACT;
  auto& t = *tables_[state];
  std::vector<cell*> all;
  for (auto at = t.cells.lower_bound({name_space, ""}); at != t.cells.end() && at->first.first == name_space; ++at) {
    wash(t.what, *at->second);
    if (at->second->present()) all.push_back(at->second.get());
  }
  scanned_.clear();
  std::vector<std::string> names;
  for (auto i = static_cast<std::size_t>(*cursor); i < all.size() && names.size() < most; ++i) {
    all[i]->lent = true;
    if (t.what.ttl_us) all[i]->slot()->epoch = 0;
    names.push_back(all[i]->key);
    scanned_.push_back(all[i]->slot());
  }
  *cursor += names.size();
  if (*cursor >= all.size()) *cursor = 0;
  keys = keys_batch(names);
  *out = scanned_.data();
  return WEIR_OK;
}
weir_code keyed_store::drop(std::uint32_t state, std::int64_t name_space) {
  if (state >= tables_.size()) return WEIR_E_CONTRACT;
  auto& t = *tables_[state];
  for (auto at = t.cells.lower_bound({name_space, ""}); at != t.cells.end() && at->first.first == name_space;) {
    t.by_slot.erase(at->second->slot());
    at = t.cells.erase(at);
  }
  return WEIR_OK;
}
weir_code keyed_store::next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out) {
  if (state >= tables_.size()) return WEIR_E_CONTRACT;
  auto& t = *tables_[state];
  for (auto at = t.cells.lower_bound({from, ""}); at != t.cells.end(); ++at) {
    wash(t.what, *at->second);
    if (!at->second->present()) continue;
    *out = at->first.first;
    return WEIR_OK;
  }
  return WEIR_IDLE;
}

// -------------------------------------------------------------------------------------------------------------- timers

weir_code keyed_store::timers(std::uint32_t family, const owned_batch& batch, const std::uint32_t* rows,
                              const std::int64_t* times_us, std::int64_t count, bool set) {
  if (family >= due_.size()) return WEIR_E_CONTRACT;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto row = rows        ? rows[k]
                     : batch.all ? static_cast<std::uint32_t>(k)
                                 : batch.rows.at(static_cast<std::size_t>(k));
    if (row >= batch.length) return WEIR_E_CONTRACT;
    if (set)
      due_[family].emplace(times_us[k], key_of(batch, row));
    else
      due_[family].erase({times_us[k], key_of(batch, row)});
  }
  return WEIR_OK;
}
std::optional<owned_batch> keyed_store::pop_due(std::uint32_t time_kind, std::int64_t until_us, std::uint32_t* family) {
  std::size_t first = due_.size();
  std::int64_t others = INT64_MAX;  // the earliest timer of another family
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (families_[i].time_kind != time_kind || due_[i].empty() || due_[i].begin()->first > until_us) continue;
    if (first == due_.size() || due_[i].begin()->first < due_[first].begin()->first) {
      if (first != due_.size()) others = std::min(others, due_[first].begin()->first);
      first = i;
    } else {
      others = std::min(others, due_[i].begin()->first);
    }
  }
  if (first == due_.size()) return std::nullopt;
  std::vector<std::string> keys;
  std::vector<std::int64_t> times;
  while (!due_[first].empty() && due_[first].begin()->first <= std::min(until_us, others)) {
    times.push_back(due_[first].begin()->first);
    keys.push_back(due_[first].begin()->second);
    due_[first].erase(due_[first].begin());
  }
  *family = static_cast<std::uint32_t>(first);
  auto out = keys_batch(keys);
  out.event_time = std::move(times);
  return out;
}

// ----------------------------------------------------------------------------------------------------------------- cut

keyed_image keyed_store::cut() {
  for (const auto& t : tables_) {
    auto& base = base_.states[t->what.name];
    std::erase_if(base, [&](const auto& old) { return !t->cells.contains(old.first); });
    for (const auto& [place, c] : t->cells) {
      if (!std::exchange(c->dirty, false)) continue;  // what the last cut holds of it is taken as right
      auto kept = c->of;
      if (t->what.kind == WEIR_STATE_VALUE) kept.bytes.assign(c->value(), t->what.value_size);
      if (c->present())
        base[place] = std::move(kept);
      else
        base.erase(place);
    }
  }
  for (std::size_t i = 0; i < due_.size(); ++i) base_.timers[families_[i].name] = due_[i];
  ++epoch_;
  return base_;
}
void keyed_store::restore(const keyed_image& from) {
  base_ = from;
  for (auto& t : tables_) {
    t->cells.clear();
    t->by_slot.clear();
    const auto found = from.states.find(t->what.name);
    if (found == from.states.end()) continue;
    for (const auto& [place, v] : found->second) {
      auto c = std::make_unique<cell>();
      c->memory = block{sizeof(weir_slot) + t->what.value_size, 0};
      c->name_space = place.first;
      c->key = place.second;
      c->of = v;
      if (t->what.kind == WEIR_STATE_VALUE) {
        std::memcpy(c->value(), v.bytes.data(), std::min<std::size_t>(v.bytes.size(), t->what.value_size));
        c->of.bytes.clear();
      }
      c->slot()->flags = WEIR_SLOT_PRESENT;
      t->by_slot[c->slot()] = c.get();
      t->cells.emplace(place, std::move(c));
    }
  }
  for (std::size_t i = 0; i < due_.size(); ++i) {
    const auto found = from.timers.find(families_[i].name);
    due_[i] = found == from.timers.end() ? decltype(due_)::value_type{} : found->second;
  }
}
std::size_t keyed_store::count(std::string_view state) const {
  std::size_t n = 0;
  for (const auto& t : tables_)
    if (t->what.name == state)
      for (const auto& [place, c] : t->cells) n += c->present();
  return n;
}
std::size_t keyed_store::timer_count(std::string_view family) const {
  for (std::size_t i = 0; i < due_.size(); ++i)
    if (families_[i].name == family) return due_[i].size();
  return 0;
}
}  // namespace weir::test
