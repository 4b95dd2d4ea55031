// Values in two forms while rows flow: another version of the operator declares them otherwise. The newer form begins empty beside the
// older one, and each entry comes over once: when its key is asked for, when its name space is looked through, or with the sweep. For cuts
// and for the disk the two are states of their own; an entry that comes over is removed from one and put into the other.
#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "state/evolution.hpp"
#include "state/impl.hpp"

namespace weir::state {
namespace {

/// So many entries are looked at together, that the waits for the newer form's index overlap.
constexpr std::size_t at_once = 64;
/// Records of what came over are kept in parts of this size until the next cut.
constexpr std::size_t taken_part_bytes = 64 << 10;

}  // namespace

void store::impl::leave(keyed& o, table& t, char* e) {
  if (cuts && (word_of(e) & entry_known) != 0) {
    const key_bytes key = key_of(o.lay, e);
    o.taken.begin_record(record::removed, t.name_space, key.bits);
    o.taken.put_key(key);
    if (o.taken.text.size() >= taken_part_bytes) {
      heap_bytes += o.taken.text.size();
      o.taken_parts.push_back(std::move(o.taken.text));
      o.taken.clear();
    }
  }
  free_value(o, e);
  forget_stored(o, t, e);
  remove_entry(memory, o.lay, t, e);
}

std::string_view store::impl::stored_body(keyed& s, char* e) {
  if (s.kind == WEIR_STATE_VALUE) return {value_of(e), s.value_size};
  if (s.kind == WEIR_STATE_BYTES) {
    auto* v = pointer_in<bytes_value>(e);
    return v ? v->view() : std::string_view();
  }
  carried.clear();
  write_body(s, e, carried, false);
  block_cursor in(carried);
  if (s.lay.ttl_at != 0) in.take(8);
  return in.text();
}

char* store::impl::carry(keyed& n, table& t, keyed& o, table& from, char* e, weir_code& code) {
  // The cut in work must have the value as it was; and before it is read, which changes what lists and maps say of themselves.
  if (capturing && epoch_of(o, e) == epoch - 1) {
    write_early(o, from, e);
    epoch_of(o, e) = 0;
  }
  char* made = nullptr;
  if (is_present(e) && !expired(o, e)) {
    const key_bytes key = key_of(o.lay, e);
    made = insert_entry(memory, n.lay, t, hash_of(key), key, epoch);
    if (!made) {
      code = no_memory(n);
      return nullptr;
    }
    stored_record r;
    r.key = key;
    r.body = stored_body(o, e);
    auto done = load_value({.to = &n, .how = o.becomes.get()}, made, r);
    const bool room = done && touch(n, t, made);
    if (!room) {
      code = done ? no_memory(n) : fail(WEIR_E_STATE, std::move(done).why().text());
      free_value(n, made);
      remove_entry(memory, n.lay, t, made);
      return nullptr;
    }
    // Cuts have nothing of it in this form: the next one says all of it.
    if (n.kind == WEIR_STATE_LIST) pointer_in<list_value>(made)->based = false;
    if (n.kind == WEIR_STATE_MAP) pointer_in<map_value>(made)->based = false;
    if (n.lay.ttl_at != 0) {
      written_of(n, made) = written_of(o, e);
      slot_of(made)->epoch = 0;
    }
    slot_of(made)->flags |= WEIR_SLOT_PRESENT;
  }
  leave(o, from, e);
  return made;
}

char* store::impl::take_over(keyed& n, table& t, std::uint64_t hash, const key_bytes& key, weir_code& code) {
  keyed& o = *n.older;
  table* const from = o.find_table(t.name_space);
  char* const e = from ? find_entry(memory, o.lay, *from, hash, key) : nullptr;
  return e ? carry(n, t, o, *from, e, code) : nullptr;
}

void store::impl::prefetch_older(keyed& n, table* const* tables, const std::uint64_t* hashes, const place* found,
                                 std::int64_t count) {
  keyed& o = *n.older;
  const auto wanted = [&](std::int64_t i) -> table* {
    if (found[i] != 0 || !tables[i]) return nullptr;
    table* const from = o.find_table(tables[i]->name_space);
    return from && from->directory ? from : nullptr;
  };
  for (std::int64_t i = 0; i < count; ++i)
    if (const table* from = wanted(i)) {
      const std::uint64_t tag = table::tag_of(hashes[i]);
      __builtin_prefetch(from->buckets_of(tag) + (tag & from->mask), 1);
    }
  for (std::int64_t i = 0; i < count; ++i)
    if (const table* from = wanted(i)) {
      const std::uint64_t tag = table::tag_of(hashes[i]);
      const place at = find_tag(from->buckets_of(tag), from->mask, tag);
      if (at == 0) continue;
      const char* e = memory.at(at);
      __builtin_prefetch(e, 1);
      __builtin_prefetch(e + 64, 1);
    }
}

/// False with code WEIR_OK: nothing can come over now.
bool store::impl::take_over_part(keyed& n, table& from, std::size_t most, std::size_t& looked_at, weir_code& code) {
  keyed& o = *n.older;
  // Entries that the cut in work has still to write stay where they are.
  if (capturing && (whole_now || pending(from))) return false;
  const std::size_t first = o.sweep_cursor >> 32;
  scratch_entries.clear();
  if (from.used == 0 && from.cold > 0) {
    code = bring_back_some(o, from, most, &o.cold_from);
    if (code == WEIR_OK && scratch_entries.empty())
      code = fail(WEIR_E_STATE, base::cat("state ", o.name, ": rows on disk are not there"));
    if (code != WEIR_OK) return false;
  } else if (from.used > 0) {
    o.sweep_cursor = walk_entries(memory, o.lay, from, o.sweep_cursor, [&](char* e) {
      scratch_entries.push_back(e);
      return scratch_entries.size() < most;
    });
  }
  looked_at += std::max<std::size_t>(scratch_entries.size(), 1);
  if (!scratch_entries.empty()) {
    table& t = make_table(n, from.name_space);
    for (char* e : scratch_entries) {
      const std::uint64_t tag = table::tag_of(word_of(e));
      __builtin_prefetch(from.buckets_of(tag) + (tag & from.mask), 1);
      if (t.directory) __builtin_prefetch(t.buckets_of(tag) + (tag & t.mask), 1);
    }
    for (std::size_t i = 0; i < scratch_entries.size(); ++i) {
      carry(n, t, o, from, scratch_entries[i], code);
      if (code == WEIR_OK) continue;
      o.sweep_cursor = 0;  // the ones that are left are still there
      return false;
    }
    if (t.used == 0 && !t.tidy_listed) {  // all of them had expired
      t.tidy_listed = true;
      to_tidy.emplace_back(&n, t.name_space);
    }
  }
  // What the sweep has passed holds nothing any more.
  const std::size_t end =
      o.sweep_cursor == 0 ? from.chunks.size() - std::min<std::size_t>(from.chunks.size(), 1) : o.sweep_cursor >> 32;
  if (from.dirty.empty() && from.captured.done() && from.empties.empty())
    for (std::size_t c = first; c < end; ++c) release_chunk(memory, from, c);
  if (from.used == 0 && from.cold == 0) {
    o.sweep_cursor = 0;
    take_table(o, from);
  }
  return true;
}

weir_code store::impl::take_over_all(keyed& n, std::int64_t ns) {
  if (!n.older) return WEIR_OK;
  keyed& o = *n.older;
  table* from = o.find_table(ns);
  if (!from) return WEIR_OK;
  weir_code code = bring_all_back(o, *from);
  if (code != WEIR_OK) return code;
  std::vector<char*> entries;
  walk_entries(memory, o.lay, *from, 0, [&](char* e) { return entries.push_back(e), true; });
  table& t = make_table(n, ns);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 8 < entries.size()) __builtin_prefetch(entries[i + 8]);
    carry(n, t, o, *from, entries[i], code);
    if (code != WEIR_OK) return code;
  }
  if (o.sweep_name_space == ns) o.sweep_cursor = 0;
  take_table(o, *from);
  if (t.used == 0 && !t.tidy_listed) {
    t.tidy_listed = true;
    to_tidy.emplace_back(&n, ns);
  }
  return WEIR_OK;
}

weir_code store::impl::take_over_all(keyed& n) {
  weir_code code = WEIR_OK;
  while (code == WEIR_OK && n.older && !n.older->tables.empty())
    code = take_over_all(n, n.older->tables.begin()->first);
  return code;
}

weir_code store::impl::evolve_some(std::size_t most, bool* did) {
  *did = false;
  weir_code code = WEIR_OK;
  std::size_t looked_at = 0;
  for (std::size_t i = 0; i < what.states.size() && code == WEIR_OK; ++i) {
    keyed& n = *states[i];
    while (n.older && !n.older->tables.empty() && looked_at < most && code == WEIR_OK) {
      keyed& o = *n.older;
      auto it = o.tables.lower_bound(o.sweep_name_space);
      if (it == o.tables.end()) it = o.tables.begin();
      if (it->first != o.sweep_name_space) o.sweep_cursor = 0;
      o.sweep_name_space = it->first;
      if (!take_over_part(n, *it->second, std::min(most - looked_at, at_once), looked_at, code)) break;
      *did = true;
    }
  }
  if (!cuts) retire_ended();
  return code;
}

weir_code store::impl::evolve_rest() {
  weir_code code = WEIR_OK;
  for (std::size_t i = 0; i < what.states.size() && code == WEIR_OK; ++i) code = take_over_all(*states[i]);
  if (!cuts) retire_ended();
  return code;
}

weir_code store::impl::evolve(std::unique_ptr<evolution> by) {
  WEIR_CHECK(by->was().states.size() == what.states.size(), "an evolution of another store");
  const std::shared_ptr<evolution> how = std::move(by);
  // Three forms at once are not kept: what has not come over by now does so here.
  if (const weir_code code = evolve_rest(); code != WEIR_OK) return code;
  const std::vector<keyed*> before = states;
  const std::size_t declared = what.states.size();
  what.states = how->now().states;
  states.clear();
  std::vector<keyed*> older;
  for (std::uint32_t i = 0; i < what.states.size(); ++i) {
    const evolution::step& step = how->steps()[i];
    if (step.was != evolution::step::nowhere && !step.how) {
      states.push_back(before[step.was]);
      states.back()->number = i;
      continue;
    }
    keyed& n = declare(what.states[i], i);
    states.push_back(&n);
    if (step.was == evolution::step::nowhere) continue;
    keyed& o = *before[step.was];
    o.lay.leaving = true;
    o.becomes = {how, step.how.get()};
    o.sweep_name_space = INT64_MIN;
    o.sweep_cursor = 0;
    n.older = &o;
    n.follows = true;
    n.expected = o.expected;
    older.push_back(&o);
  }
  states.insert(states.end(), older.begin(), older.end());
  states.insert(states.end(), before.begin() + static_cast<std::ptrdiff_t>(declared), before.end());
  return WEIR_OK;
}

void store::impl::forget_taken(keyed& o) {
  for (const std::string& part : o.captured_taken) heap_bytes -= part.size();
  o.captured_taken.clear();
}

void store::impl::note_ended() {
  for (auto& o : all) o->ends = o->lay.leaving && o->tables.empty() && o->graves.empty() && o->zombies.empty();
}

void store::impl::retire_ended() {
  if (!cuts) note_ended();
  for (auto& n : all)
    if (n->older && n->older->ends) {
      n->older = nullptr;
      n->follows = false;
    }
  std::erase_if(to_tidy, [](const auto& one) { return one.first->ends; });
  std::erase_if(states, [](const keyed* o) { return o->ends; });
  std::erase_if(all, [](const auto& o) { return o->ends; });
}

weir_code store::evolve(std::unique_ptr<evolution> how) { return impl_->evolve(std::move(how)); }
weir_code store::evolve_some(std::size_t most, bool* did) { return impl_->evolve_some(most, did); }
weir_code store::evolve_rest() { return impl_->evolve_rest(); }
std::uint64_t store::evolves() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = impl_->what.states.size(); i < impl_->states.size(); ++i)
    for (const auto& [ns, t] : impl_->states[i]->tables) sum += t->used + t->cold;
  return sum;
}

}  // namespace weir::state
