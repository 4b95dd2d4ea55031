// Cuts: what changed, and how it is written in slices while work goes on.
#include <algorithm>

#include "base/check.hpp"
#include "state/impl.hpp"

namespace weir::state {
namespace {

/// A text whose size is only known behind it: five bytes for the size, as a varint of that length.
std::size_t begin_text(std::string& out) {
  out.append(5, '\0');
  return out.size();
}
void end_text(std::string& out, std::size_t from) {
  std::uint64_t size = out.size() - from;
  for (std::size_t i = 5; i > 1; --i, size >>= 7) out[from - i] = static_cast<char>((size & 0x7f) | 0x80);
  out[from - 1] = static_cast<char>(size & 0x7f);
}

void put_list(std::string& out, list_value& v, bool merge) {
  const std::size_t from = begin_text(out);
  std::uint64_t i = 0;
  if (merge) {
    put_varint(out, v.cut_trimmed);
    i = v.cut_size - v.cut_trimmed;
  }
  for (; i < v.size(); ++i) put_text(out, v.at(i));
  end_text(out, from);
  v.now_cut();
}

void put_map(std::string& out, map_value& v, bool merge) {
  const std::size_t from = begin_text(out);
  if (!merge) {
    for (const auto& [key, value] : v.entries) {
      put_text(out, key);
      put_text(out, value);
    }
  } else {
    std::size_t set = 0;
    for (const std::string& key : v.changed) set += v.entries.count(key);
    put_varint(out, set);
    for (const std::string& key : v.changed) {
      const auto it = v.entries.find(key);
      if (it == v.entries.end()) continue;
      put_text(out, key);
      put_text(out, it->second);
    }
    for (const std::string& key : v.changed)
      if (!v.entries.contains(key)) put_text(out, key);
  }
  end_text(out, from);
  v.based = true;
  v.changed.clear();
}

}  // namespace

void store::impl::write_entry(keyed& s, table& t, char* entry, record_writer& to) {
  const bool known = (word_of(entry) & entry_known) != 0;
  const key_bytes key = key_of(s.lay, entry);
  if (!is_present(entry)) {
    if (!known) return;
    to.begin_record(record::removed, t.name_space, key.bits);
    to.put_key(key);
    word_of(entry) &= ~std::uint64_t{entry_known};
    return;
  }
  const bool merge =
      known && ((s.kind == WEIR_STATE_LIST && pointer_in<list_value>(entry) && pointer_in<list_value>(entry)->based) ||
                (s.kind == WEIR_STATE_MAP && pointer_in<map_value>(entry) && pointer_in<map_value>(entry)->based));
  to.begin_record(merge ? record::merge : record::put, t.name_space, key.bits);
  to.put_key(key);
  word_of(entry) |= entry_known;
  t.known = true;
  if (!s.is_timers()) write_body(s, entry, to.text, merge);
}

void store::impl::write_body(keyed& s, char* entry, std::string& out, bool merge) {
  if (s.lay.ttl_at != 0) put_fixed(out, written_of(s, entry));
  switch (s.kind) {
    case WEIR_STATE_VALUE:
      out.append(value_of(entry), s.value_size);
      break;
    case WEIR_STATE_BYTES: {
      auto* v = pointer_in<bytes_value>(entry);
      put_text(out, v ? v->view() : std::string_view());
      break;
    }
    case WEIR_STATE_LIST: {
      auto* v = pointer_in<list_value>(entry);
      if (!v) {
        put_text(out, {});
        break;
      }
      heap_bytes -= v->bytes();
      put_list(out, *v, merge);
      heap_bytes += v->bytes();
      break;
    }
    default: {
      auto* v = pointer_in<map_value>(entry);
      if (!v) {
        put_text(out, {});
        break;
      }
      heap_bytes -= v->bytes();
      put_map(out, *v, merge);
      heap_bytes += v->bytes();
      break;
    }
  }
}

void store::impl::write_early(keyed& s, table& t, char* entry) {
  if (s.early.text.size() > (std::size_t{1} << 16)) s.early.text.reserve(s.early.text.size() * 2);
  write_entry(s, t, entry, s.early);
  if (whole_now && (word_of(entry) & entry_stored) != 0)
    s.passed_over.insert(cold_key(s, t.name_space, key_of(s.lay, entry)));
}

bool store::impl::touch_slow(keyed& s, table& t, char* entry) {
  std::uint32_t& last = epoch_of(s, entry);
  if (capturing && last == epoch - 1) {
    // The cut in work must have the bytes from before this write.
    write_early(s, t, entry);
  }
  if (t.list_epoch != epoch) {
    if (capturing && t.list_epoch == epoch - 1 && t.done_epoch != epoch - 1 && !t.dirty.empty())
      t.captured = place_list::reader(t.dirty.take());
    t.previous_epoch = t.list_epoch;
    t.list_epoch = epoch;
    t.dirty_index = static_cast<std::uint32_t>(s.dirty_tables.size());
    s.dirty_tables.push_back(&t);
  }
  last = epoch;
  return t.dirty.push(memory, memory.place_of(entry));
}

void store::impl::touch_all() {
  for (auto& s : all)
    for (auto& [ns, t] : s->tables)
      walk_entries(memory, s->lay, *t, 0, [&](char* e) {
        if (!is_present(e)) {
          word_of(e) &= ~std::uint64_t{entry_known};
          forget_stored(*s, *t, e);
        }
        if (s->kind == WEIR_STATE_LIST && pointer_in<list_value>(e)) pointer_in<list_value>(e)->based = false;
        if (s->kind == WEIR_STATE_MAP && pointer_in<map_value>(e)) {
          pointer_in<map_value>(e)->based = false;
          pointer_in<map_value>(e)->changed.clear();
        }
        std::uint32_t& last = epoch_of(*s, e);
        if (last != epoch) WEIR_CHECK(touch_slow(*s, *t, e), "no memory for the list of all entries of ", s->name);
        return true;
      });
}

void store::impl::cut() {
  WEIR_CHECK(!capturing, "a cut while the one before is still being written");
  WEIR_CHECK(cuts, "a cut of a store that was told there will be none");
  whole_now = std::exchange(whole_next, false);
  if (whole_now) touch_all();
  for (auto& s : all) {
    s->captured_tables.clear();
    s->captured_tables.swap(s->dirty_tables);
    s->captured_drops.clear();
    s->captured_drops.swap(s->drops);
    if (whole_now) s->captured_drops.clear();
    s->captured_end = s->left_end;
    s->captured_left = std::move(s->left.text);
    s->left.clear();
    s->captured_taken.swap(s->taken_parts);
    if (!s->taken.empty()) {
      heap_bytes += s->taken.text.size();
      s->captured_taken.push_back(std::move(s->taken.text));
      s->taken.clear();
    }
    if (!whole_now) continue;
    forget_taken(*s);
    // It says so of what is on disk by itself.
    s->captured_left.clear();
    forget_left(*s, s->captured_end);
  }
  if (whole_now && cold) {
    if (const auto done = cold->flush(); !done) cold_failed(done.why());
    cold_at_cut = cold->hold();
  }
  cold_from.clear();
  cold_said = false;
  ++epoch;
  ++look_number;
  captured_since = UINT64_MAX / 2;
  capturing = true;
  at_state = at_drop = at_table = at_taken = 0;
  end_state = all.size();
  table_open = false;
  reset_said = false;
  note_ended();
}

/// False: the limit is reached and there is more.
bool store::impl::capture_state(keyed& s, std::size_t limit, record_writer& to) {
  if (whole_now && !reset_said && !s.follows) {
    to.text.push_back(static_cast<char>(record::reset));
    reset_said = true;
  }
  for (; at_drop < s.captured_drops.size(); ++at_drop) {
    if (to.text.size() >= limit) return false;
    to.begin_record(record::dropped, s.captured_drops[at_drop]);
  }
  if (!capture_left(s, limit, to)) return false;
  if (!s.early.empty()) {
    to.text += s.early.text;
    to.forget_name_space();
    s.early.clear();
  }
  if (!s.is_timers() && !capture_cold(s, limit, to)) return false;
  for (; at_table < s.captured_tables.size(); ++at_table) {
    table* t = s.captured_tables[at_table];
    if (!t) continue;
    if (!table_open) {
      if (t->list_epoch == epoch - 1) t->captured = place_list::reader(t->dirty.take());
      table_open = true;
    }
    while (!t->captured.done()) {
      if (to.text.size() >= limit) return false;
      const place* p = t->captured.data(memory);
      const std::uint32_t n = t->captured.size(memory);
      std::uint32_t i = 0;
      for (; i < n && to.text.size() < limit; ++i) {
        if (i + 8 < n) __builtin_prefetch(memory.at(p[i + 8]));
        char* e = memory.at(p[i]);
        if ((word_of(e) & entry_free) != 0) continue;
        std::uint32_t& last = epoch_of(s, e);
        if (last != epoch - 1) continue;  // written early
        last = 0;
        write_entry(s, *t, e, to);
        if (!t->zombie) reclaim(s, *t, e);
      }
      t->captured.consume(memory, i);
    }
    table_open = false;
    t->done_epoch = epoch - 1;
    if (t->zombie) {
      const auto at = std::find_if(s.zombies.begin(), s.zombies.end(), [&](const auto& z) { return z.get() == t; });
      std::unique_ptr<table> gone = std::move(*at);
      s.zombies.erase(at);
      bury(s, std::move(gone));
    } else if (t->used == 0 && t->cold == 0 && !t->pinned) {
      take_table(s, *t);
    }
  }
  for (; at_taken < s.captured_taken.size(); ++at_taken) {
    if (to.text.size() >= limit) return false;
    to.text += s.captured_taken[at_taken];
    to.forget_name_space();
  }
  if (s.ends) to.text.push_back(static_cast<char>(record::ended));
  return true;
}

bool store::impl::capture(std::size_t about, std::string& block) {
  if (!capturing) return false;
  const std::size_t start = block.size();
  const std::size_t limit = start + about;
  record_writer records;
  while (at_state < end_state) {
    keyed& s = *all[at_state];
    const std::size_t so_far = block.size();
    records.clear();
    const bool whole = capture_state(s, limit > so_far ? limit - so_far : 0, records);
    if (!records.empty()) put_section(block, start, s.head, records.text);
    if (!whole) return true;
    s.captured_tables.clear();
    s.captured_drops.clear();
    s.passed_over.clear();
    forget_taken(s);
    ++at_state;
    at_drop = at_table = at_taken = 0;
    reset_said = false;
    cold_from.clear();
    cold_said = false;
    if (block.size() >= limit && at_state < end_state) return true;
  }
  if (whole_now)
    for (section_head& head : left_out) {
      head.group_begin = what.own.begin, head.group_end = what.own.end, head.groups = what.key_groups;
      put_section(block, start, head, std::string(1, static_cast<char>(record::reset)));
    }
  capturing = false;
  cold_at_cut.reset();
  retire_ended();
  return false;
}

void store::impl::abandon() {
  whole_next = true;
  if (!capturing) return;
  capturing = false;
  cold_at_cut.reset();
  for (auto& s : all) {
    s->early.clear();
    s->passed_over.clear();
    s->captured_drops.clear();
    s->ends = false;
    forget_taken(*s);
    for (auto& [ns, t] : s->tables) {
      if (t->list_epoch == epoch - 1) t->dirty.release(memory);
      t->captured.release(memory);
    }
    for (auto& t : s->zombies) bury(*s, std::move(t));
    s->zombies.clear();
    s->captured_tables.clear();
  }
  table_open = false;
}

bool store::capturing() const noexcept { return impl_->capturing; }
void store::cut() { impl_->cut(); }
bool store::capture(std::size_t about_bytes, std::string& block) {
  const std::size_t before = block.size();
  const bool more = impl_->capture(about_bytes, block);
  impl_->captured_since += block.size() - before;
  return more;
}
void store::abandon() { impl_->abandon(); }

}  // namespace weir::state
