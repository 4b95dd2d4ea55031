#include "state/store.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "state/impl.hpp"

namespace weir::state {

using base::cat;

store::impl::impl(model::state_shape from, bool with_cuts) : what(std::move(from)), codec(what.key), cuts(with_cuts) {
  for (const declaration& d : what.states) {
    WEIR_CHECK(d.value_size <= value_bytes_max, "state ", d.name, " has a value of ", d.value_size, " bytes");
    states.push_back(&declare(d, static_cast<std::uint32_t>(states.size())));
  }
  for (const model::timer_declaration& f : what.timers) {
    keyed& s = add_keyed(f.name, block_timer_kind, static_cast<std::uint32_t>(families.size()));
    s.time_kind = f.time_kind;
    finish_layout(s);
    families.push_back(&s);
  }
}

store::impl::~impl() {
  if (spill) spill->pool->changed(told_to_pool, 0);
  for (auto& s : all) {
    if (!s->on_heap()) continue;
    auto free_all = [&](table& t) {
      walk_entries(memory, s->lay, t, 0, [&](char* e) { return free_value(*s, e), true; });
    };
    for (auto& [ns, t] : s->tables) free_all(*t);
    for (auto& t : s->zombies) free_all(*t);
    for (auto& t : s->graves) free_all(*t);
  }
}

keyed& store::impl::declare(const declaration& d, std::uint32_t number) {
  keyed& s = add_keyed(d.name, d.kind, number);
  s.value = d.value;
  s.map_key = d.map_key;
  s.value_size = d.kind == WEIR_STATE_VALUE ? d.value_size : 0;
  s.ttl_us = d.ttl_us;
  s.ttl_time = d.ttl_time;
  finish_layout(s);
  return s;
}

keyed& store::impl::add_keyed(std::string name, std::uint32_t kind, std::uint32_t number) {
  std::uint32_t free = 0;
  while (std::any_of(all.begin(), all.end(), [&](const auto& s) { return s->index == free; })) ++free;
  all.push_back(std::make_unique<keyed>());
  keyed& s = *all.back();
  s.index = free;
  s.name = std::move(name);
  s.kind = kind;
  s.number = number;
  return s;
}

void store::impl::finish_layout(keyed& s) {
  layout& l = s.lay;
  l.value_bytes = s.is_timers() ? 0 : s.on_heap() ? sizeof(void*) : s.value_size;
  l.key_at = (layout::value_at + l.value_bytes + 7) & ~7u;
  if (s.ttl_us > 0) {
    l.ttl_at = l.key_at;
    l.epoch_at = l.ttl_at + 8;
    l.key_at += 16;
  }
  l.key_width = codec.width() < 0 ? -1 : codec.width() + (s.is_timers() ? 8 : 0);
  auto text = [](const model::schema_ref& of) { return of ? of->text() : std::string(); };
  s.head = {s.kind,       s.name,        codec.schema()->text(), text(s.value), text(s.map_key), s.value_size,
            s.ttl_us > 0, codec.width(), what.own.begin,         what.own.end,  what.key_groups};
}

weir_code store::impl::no_memory(const keyed& s) {
  return fail(WEIR_E_MEMORY, cat("no memory for another entry of ", s.name, " (", all.size(),
                                 " states and timer families of this subtask hold ", memory.used_bytes(),
                                 " bytes); raise the memory limit, or the parallelism"));
}

weir_code store::impl::check_slot(std::uint32_t number, weir_slot* slot, std::uint32_t kind, keyed*& s) {
  s = state_at(number);
  if (!s) return fail(WEIR_E_CONTRACT, cat("state number ", number, " was not declared"));
  if (kind != UINT32_MAX && s->kind != kind)
    return fail(WEIR_E_CONTRACT, cat("state ", s->name, " is not of the kind that this call is for"));
  if (!slot || !memory.holds(slot) || !arena::owner_of(slot) || arena::owner_of(slot)->owner != s)
    return fail(WEIR_E_CONTRACT, cat("a slot that is not one of state ", s->name));
  return WEIR_OK;
}

table& store::impl::make_table(keyed& s, std::int64_t ns) {
  auto& t = s.tables[ns];
  if (t) return *t;
  t = std::make_unique<table>(s, ns);
  if (s.expected > 32) expect_entries(memory, *t, s.expected);
  s.remember(ns, *t);
  return *t;
}

void store::impl::take_table(keyed& s, table& t) {
  const auto it = s.tables.find(t.name_space);
  s.forget(t.name_space);
  forget_cold(s, t);
  if (s.queue.open && s.queue.bucket == t.name_space) {
    s.queue.open = false;
    s.queue.sorted.clear();
    s.queue.added.clear();
    s.queue.next = 0;
  }
  if (t.list_epoch == epoch) s.dirty_tables[t.dirty_index] = nullptr;
  if (pending(t)) {
    if (t.list_epoch == epoch) t.dirty.release(memory);
    t.zombie = true;
    s.zombies.push_back(std::move(it->second));
    s.tables.erase(it);
    return;
  }
  bury(s, std::move(it->second));
  s.tables.erase(it);
}

void store::impl::bury(keyed& s, std::unique_ptr<table> t) {
  constexpr std::uint32_t at_once = 256;
  if (!s.on_heap()) return release_table(memory, *t);
  if (t->used > at_once) {
    s.graves.push_back(std::move(t));
    return;
  }
  walk_entries(memory, s.lay, *t, 0, [&](char* e) { return free_value(s, e), true; });
  release_table(memory, *t);
}

void store::impl::dig(keyed& s, int most) {
  if (s.graves.empty()) return;
  table& t = *s.graves.back();
  s.grave_cursor =
      walk_entries(memory, s.lay, t, s.grave_cursor, [&](char* e) { return free_value(s, e), --most > 0; });
  if (s.grave_cursor != 0) return;
  release_table(memory, t);
  s.graves.pop_back();
}

void store::impl::drop_table(keyed& s, table& t) {
  if (cuts && (t.known || pending(t))) {
    // Behind what left memory before: changes of values must find the values that they change.
    if (!s.left.empty() || s.left_end > std::max(s.left_begin, s.captured_end))
      s.left.begin_record(record::dropped, t.name_space);
    else
      s.drops.push_back(t.name_space);
  }
  // The next one is likely to become as large. Sizes that go up and down are met in the middle.
  s.expected = (s.expected + t.used) / 2;
  take_table(s, t);
}

void store::impl::set_time(std::int64_t now, std::int64_t watermark) {
  now_us = now;
  watermark_us = watermark;
  if (!to_tidy.empty()) {
    for (auto& [s, ns] : to_tidy) {
      table* t = s->find_table(ns);
      if (!t || !t->tidy_listed) continue;
      t->tidy_listed = false;
      place_list::reader list{t->empties.take()};
      while (!list.done()) {
        const place* p = list.data(memory);
        const std::uint32_t n = list.size(memory);
        for (std::uint32_t i = 0; i < n; ++i) {
          char* e = memory.at(p[i]);
          if ((word_of(e) & entry_free) != 0) continue;
          word_of(e) &= ~std::uint64_t{entry_listed};
          reclaim(*s, *t, e);
        }
        list.consume(memory, n);
      }
      if (t->used == 0 && t->cold == 0 && !t->pinned) take_table(*s, *t);
    }
    to_tidy.clear();
  }
  constexpr int swept_in_a_call = 128;
  constexpr int freed_in_a_call = 2048;
  for (keyed* s : states) {
    if (s->ttl_us > 0 && !s->lay.leaving) sweep(*s, swept_in_a_call);
    dig(*s, freed_in_a_call);
  }
  if (states.size() > what.states.size() && evolve_why.empty() && !cold_broken) {
    constexpr std::size_t converted_in_a_call = 16;
    bool did = false;
    if (evolve_some(converted_in_a_call, &did) != WEIR_OK) evolve_why = why;
  }
  if (spill) evict();
}

bool store::impl::any_present(keyed& s, table& t, const model::group_part* of) {
  bool any = false;
  walk_entries(memory, s.lay, t, 0, [&](char* e) {
    any = is_present(e) && !expired(s, e) && (!of || of->holds(hash_of(key_of(s.lay, e))));
    return !any;
  });
  return any;
}

model::batch_ref store::impl::keys_of(keyed& s, const std::vector<char*>& from, const std::int64_t* times) {
  if (!builder) builder = std::make_unique<model::batch_builder>(model::builder_layout::make(codec.schema()));
  const auto n = static_cast<std::int64_t>(from.size());
  weir_builder* b = builder->open(n);
  if (!b) return {};
  model::buffer_ref hashes = model::buffer_pool::must_allocate(static_cast<std::size_t>(n) * 8);
  for (std::int64_t i = 0; i < n; ++i) {
    key_bytes key = key_of(s.lay, from[static_cast<std::size_t>(i)]);
    if (s.is_timers()) {
      key.data += 8;
      key.size -= 8;
    }
    hashes->as<std::uint64_t>()[i] = hash_of(key);
    WEIR_CHECK(codec.decode(key, b->columns, i), "a key of state ", s.name, " cannot be read");
    if (times) b->event_time[i] = times[i];
  }
  b->length = n;
  auto made = builder->finish(times ? WEIR_EMIT_TIMES : 0, nullptr);
  WEIR_CHECK(made, "keys of state ", s.name, ": ", made.why().text());
  return model::with_key_hash(**made, std::move(hashes));
}

weir_code store::impl::scan(keyed& s, std::int64_t ns, const model::group_part* of, std::uint64_t* cursor,
                            model::batch_ref* keys, weir_slot*** out) {
  const auto of_others = [&](char* e) { return of && !of->holds(hash_of(key_of(s.lay, e))); };
  if (!evolve_why.empty()) return fail(WEIR_E_STATE, evolve_why);
  if (const weir_code code = take_over_all(s, ns); code != WEIR_OK) return code;
  scratch_entries.clear();
  scan_slots.clear();
  constexpr std::uint64_t on_disk = std::uint64_t{1} << 63;
  table* const t = s.find_table(ns);
  if (t && *cursor == on_disk) {
    // What was in memory has been seen; the rest comes in part by part.
    if (const weir_code code = bring_back_some(s, *t, scan_rows_max); code != WEIR_OK) return code;
    std::erase_if(scratch_entries, [&](char* e) { return expired(s, e) || of_others(e); });
    for (char* e : scratch_entries) {
      if (s.lay.ttl_at != 0) slot_of(e)->epoch = 0;
      scan_slots.push_back(slot_of(e));
    }
    *cursor = t->cold > 0 ? on_disk : 0;
  } else if (t) {
    *cursor = walk_entries(memory, s.lay, *t, *cursor, [&](char* e) {
      if (!is_present(e) || expired(s, e) || of_others(e)) return true;
      if (s.lay.ttl_at != 0) slot_of(e)->epoch = 0;
      scratch_entries.push_back(e);
      scan_slots.push_back(slot_of(e));
      return static_cast<std::int64_t>(scratch_entries.size()) < scan_rows_max;
    });
    if (*cursor == 0 && t->cold > 0) *cursor = on_disk;
  } else {
    *cursor = 0;
  }
  scanned = keys_of(s, scratch_entries, nullptr);
  if (!scanned) return no_memory(s);
  *keys = scanned;
  *out = scan_slots.data();
  return WEIR_OK;
}

store::store(model::state_shape what, base::env&, bool cuts) : impl_(std::make_unique<impl>(std::move(what), cuts)) {}
store::~store() = default;

const model::state_shape& store::what() const noexcept { return impl_->what; }
void store::set_time(std::int64_t now_us, std::int64_t watermark_us) { impl_->set_time(now_us, watermark_us); }
std::uint32_t store::epoch() const noexcept { return impl_->epoch; }
const std::string& store::why() const noexcept { return impl_->why; }
std::uint64_t store::memory_bytes() const noexcept { return impl_->memory.held_bytes() + impl_->heap_bytes; }
std::uint64_t store::entries() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& s : impl_->all)
    for (const auto& [ns, t] : s->tables) sum += t->used + t->cold;
  return sum;
}

weir_code store::scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, model::batch_ref* keys,
                      weir_slot*** out) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, cat("state number ", state, " was not declared"));
  return impl_->scan(*s, name_space, nullptr, cursor, keys, out);
}

weir_code store::drop(std::uint32_t state, std::int64_t name_space) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, cat("state number ", state, " was not declared"));
  for (keyed* form = s; form; form = form->older)
    if (table* t = form->find_table(name_space)) impl_->drop_table(*form, *t);
  return WEIR_OK;
}

weir_code store::next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, cat("state number ", state, " was not declared"));
  bool found = false;
  for (keyed* form = s; form; form = form->older)
    for (auto it = form->tables.lower_bound(from); it != form->tables.end() && !(found && it->first >= *out); ++it) {
      if (it->second->cold == 0 && !impl_->any_present(*form, *it->second)) continue;
      *out = it->first;
      found = true;
      break;
    }
  return found ? WEIR_OK : WEIR_IDLE;
}

}  // namespace weir::state
