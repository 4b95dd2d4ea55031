// Restore: blocks become entries again.
#include "base/cat.hpp"
#include "base/check.hpp"
#include "state/impl.hpp"

namespace weir::state {

using base::cat;
using base::result;

namespace {

template <class T>
T*& pointer_in(char* entry) noexcept {
  return *reinterpret_cast<T**>(value_of(entry));
}

std::string_view kind_name(std::uint32_t kind) {
  switch (kind) {
    case WEIR_STATE_VALUE:
      return "a value";
    case WEIR_STATE_BYTES:
      return "bytes";
    case WEIR_STATE_LIST:
      return "a list";
    case WEIR_STATE_MAP:
      return "a map";
    default:
      return "timers";
  }
}

base::error refused(const std::string& name, std::string why) {
  return base::config_error(std::move(why), cat("state ", name));
}

/// Key columns are told by their types; their names may change.
result<bool> same_types(std::string_view stored, const model::schema& now) {
  if (stored == now.text()) return true;
  const model::schema_ref was = WEIR_TRY(model::parse_schema(stored));
  if (was->size() != now.size()) return false;
  for (std::size_t i = 0; i < was->size(); ++i)
    if (!((*was)[i].type == now[i].type)) return false;
  return true;
}

base::error damaged(const keyed& s, std::string_view what) {
  return base::external_error(cat("this block of state is damaged (", what, "); restore from an older checkpoint"),
                              cat("state ", s.name), base::retry::never);
}

}  // namespace

std::uint64_t store::impl::key_hash(const keyed& s, key_bytes key) const noexcept {
  if (s.is_timers()) {
    key.data += 8;
    key.size -= 8;
  }
  return hash_of(key);
}

result<keyed*> store::impl::stored_state(const section_head& head, const load_options& how) {
  const bool timers = head.kind == block_timer_kind;
  keyed* found = nullptr;
  for (auto& s : all)
    if (s->is_timers() == timers && s->name == head.name) found = s.get();
  if (!found && adopts) {
    const model::schema_ref key = WEIR_TRY(model::parse_schema(head.key));
    if (all.empty()) {
      what.key = key->fields();
      codec = key_codec(what.key);
    }
    keyed& s = add_keyed(head.name, head.kind, static_cast<std::uint32_t>(all.size()));
    s.value_size = head.value_size;
    s.ttl_us = head.timed ? 1 : 0;
    if (!timers) s.value = WEIR_TRY(model::parse_schema(head.value));
    if (!head.map_key.empty()) s.map_key = WEIR_TRY(model::parse_schema(head.map_key));
    finish_layout(s);
    (timers ? families : states).push_back(&s);
    found = &s;
  }
  if (!found) {
    if (how.allow_dropped) return static_cast<keyed*>(nullptr);
    return refused(head.name,
                   cat(timers ? "the checkpoint has timers of this name, but" : "the checkpoint has this state, but",
                       " the operator does not declare it; bring it back, or start with --allow-dropped-state"));
  }
  keyed& s = *found;
  if (s.kind != head.kind)
    return refused(s.name, cat("it is ", kind_name(head.kind), " in the checkpoint, but ", kind_name(s.kind),
                               " now; give the new one another name"));
  if (!WEIR_TRY(same_types(head.key, *codec.schema())))
    return refused(s.name, cat("its key is (", head.key, ") in the checkpoint, but (", codec.schema()->text(),
                               ") now; state cannot move to another key"));
  if (head.map_key != s.head.map_key)
    return refused(
        s.name, cat("the keys of the map are (", head.map_key, ") in the checkpoint, but (", s.head.map_key, ") now"));
  if (head.key_width != s.head.key_width) return damaged(s, "the width of keys");
  if (head.value == s.head.value) {
    if (head.value_size != s.value_size)
      return refused(s.name, cat("a value has ", head.value_size, " bytes in the checkpoint, but ", s.value_size,
                                 " now, for the same fields; give the new one another name"));
    return found;
  }
  if (how.convert) return found;
  const model::schema_ref was = WEIR_TRY(model::parse_schema(head.value));
  return refused(s.name, cat("its values have other fields than in the checkpoint: ",
                             model::schema_difference(*was, s.value ? *s.value : *model::schema::of({})),
                             "; declare the old fields, or give the new state another name"));
}

result<void> store::impl::take_groups(keyed& s, table& t, const section_head& head) {
  const bool whole =
      head.groups == what.key_groups && head.group_begin <= what.own.begin && head.group_end >= what.own.end;
  if (!whole) {
    const model::key_group_range range{head.group_begin, head.group_end};
    if (t.cold > 0) WEIR_TRY(forget_cold_groups(s, t, head));
    std::vector<char*> gone;
    walk_entries(memory, s.lay, t, 0, [&](char* e) {
      const key_bytes key = key_of(s.lay, e);
      const bool no_key_at_all = key.size == (s.is_timers() ? 8u : 0u) && (key.bits & key_nulls) != 0;
      if (no_key_at_all || range.contains(model::key_group(key_hash(s, key), head.groups))) gone.push_back(e);
      return true;
    });
    for (char* e : gone) {
      free_value(s, e);
      if (s.is_timers() && is_present(e)) --t.live;
      remove_entry(memory, s.lay, t, e);
    }
    if (t.used > 0 || t.cold > 0) return {};
  }
  take_table(s, t);
  return {};
}

result<void> store::impl::load_value(keyed& s, char* e, const stored_record& r, const load_options& how,
                                     const model::schema* stored) {
  declaration now;
  if (stored) {
    now = s.number < what.states.size() ? what.states[s.number] : declaration{};
  }
  std::string converted;
  auto current = [&](std::string_view value) -> result<std::string_view> {
    if (!stored) return value;
    converted = WEIR_TRY(how.convert(now, *stored, value));
    return std::string_view(converted);
  };
  block_cursor body(r.body);
  switch (s.kind) {
    case WEIR_STATE_VALUE: {
      const std::string_view v = WEIR_TRY(current(r.body));
      if (v.size() != s.value_size)
        return refused(s.name, cat("a converted value has ", v.size(), " bytes, not ", s.value_size));
      std::memcpy(value_of(e), v.data(), v.size());
      return {};
    }
    case WEIR_STATE_BYTES:
      if (!put_bytes(e, WEIR_TRY(current(r.body))))
        return base::host_error("no memory for state", cat("state ", s.name));
      return {};
    case WEIR_STATE_LIST: {
      auto*& p = pointer_in<list_value>(e);
      if (r.what == record::put) free_value(s, e);
      std::uint64_t before = 0;
      if (p)
        before = p->bytes();
      else
        p = new list_value;
      if (r.what == record::merge) {
        const std::uint64_t gone = body.varint();
        if (gone > p->size()) return damaged(s, "a list shrinks below nothing");
        p->trim(gone);
      }
      while (!body.done()) {
        const std::string_view element = body.text();
        if (!body.failed()) p->add(WEIR_TRY(current(element)));
      }
      p->now_cut();
      heap_bytes += p->bytes() - before;
      break;
    }
    default: {
      auto*& p = pointer_in<map_value>(e);
      if (r.what == record::put) free_value(s, e);
      std::uint64_t before = 0;
      if (p)
        before = p->bytes();
      else
        p = new map_value;
      std::uint64_t set = r.what == record::merge ? body.varint() : UINT64_MAX;
      for (; set > 0 && !body.done(); --set) {
        const std::string_view key = body.text();
        const std::string_view value = body.text();
        if (body.failed()) break;
        const auto [it, fresh] = p->entries.try_emplace(std::string(key));
        p->content += fresh ? key.size() : std::size_t{0} - it->second.size();
        it->second = WEIR_TRY(current(value));
        p->content += it->second.size();
      }
      while (!body.done()) {
        const auto it = p->entries.find(body.text());
        if (body.failed() || it == p->entries.end()) continue;
        p->content -= it->first.size() + it->second.size();
        p->entries.erase(it);
      }
      p->based = true;
      p->changed.clear();
      heap_bytes += p->bytes() - before;
      break;
    }
  }
  if (body.failed()) return damaged(s, "a value");
  return {};
}

result<void> store::impl::load_record(keyed& s, const section_head& head, const stored_record& r,
                                      const load_options& how, const model::schema* stored) {
  if (r.what == record::reset) {
    std::vector<table*> tables;
    for (auto& [ns, t] : s.tables) tables.push_back(t.get());
    for (table* t : tables) WEIR_TRY(take_groups(s, *t, head));
    return {};
  }
  if (r.what == record::dropped) {
    if (table* t = s.find_table(r.name_space)) return take_groups(s, *t, head);
    return {};
  }
  const bool no_key_at_all = (r.key.bits & key_nulls) != 0 && r.key.size == (s.is_timers() ? 8u : 0u);
  if (r.key.size > key_bytes_max) return damaged(s, "a key");
  std::uint64_t hash = key_hash(s, r.key);
  if (!no_key_at_all && !what.own.contains(model::key_group(hash, what.key_groups))) return {};
  std::int64_t time = 0;
  if (s.is_timers()) {
    std::memcpy(&time, r.key.data, sizeof time);
    hash = timer_hash(hash, time);
  }
  if (r.what == record::removed) {
    table* t = s.find_table(r.name_space);
    char* e = t ? find_entry(memory, s.lay, *t, hash, r.key) : nullptr;
    if (!e) return {};
    free_value(s, e);
    if (s.is_timers() && is_present(e)) --t->live;
    remove_entry(memory, s.lay, *t, e);
    if (t->used == 0 && t->cold == 0) take_table(s, *t);
    return {};
  }
  table& t = make_table(s, r.name_space);
  char* e = find_entry(memory, s.lay, t, hash, r.key);
  if (!e) e = insert_entry(memory, s.lay, t, hash, r.key, epoch);
  if (!e) return base::host_error("no memory for state", cat("state ", s.name));
  word_of(e) |= entry_known;
  t.known = true;
  if (s.is_timers()) {
    if (!is_present(e)) ++t.live;
    t.earliest = std::min(t.earliest, time);
  } else {
    if (s.lay.ttl_at != 0) written_of(s, e) = r.written_us;
    WEIR_TRY(load_value(s, e, r, how, stored));
  }
  slot_of(e)->flags |= WEIR_SLOT_PRESENT;
  return {};
}

result<void> store::impl::load(std::string_view block, const load_options& how) {
  WEIR_CHECK(!capturing, "a block is loaded while a cut is written");
  block_parser parser = WEIR_TRY(block_parser::open(block));
  section_head head;
  while (WEIR_TRY(parser.next_section(head))) {
    keyed* s = WEIR_TRY(stored_state(head, how));
    if (!s) continue;
    model::schema_ref stored;
    if (head.value != s->head.value) stored = WEIR_TRY(model::parse_schema(head.value));
    stored_record r;
    // Some records at a time, so that the waits for the index overlap.
    constexpr std::size_t at_once = 64;
    std::vector<stored_record> records;
    records.reserve(at_once);
    for (bool more = true; more;) {
      records.clear();
      while (records.size() < at_once && (more = WEIR_TRY(parser.next_record(r)))) {
        records.push_back(r);
        if (r.what > record::removed || r.key.size > key_bytes_max) continue;
        const table* t = s->find_table(r.name_space);
        if (!t || !t->directory) continue;
        std::uint64_t hash = key_hash(*s, r.key);
        if (s->is_timers()) {
          std::int64_t time = 0;
          std::memcpy(&time, r.key.data, sizeof time);
          hash = timer_hash(hash, time);
        }
        const std::uint64_t tag = table::tag_of(hash);
        __builtin_prefetch(t->buckets_of(tag) + (tag & t->mask));
      }
      if (s->cold > 0) {
        // A change of a row that has left memory already.
        std::vector<wanted_row> wanted;
        for (const stored_record& one : records) {
          table* t = one.what <= record::removed ? s->find_table(one.name_space) : nullptr;
          if (t && t->cold > 0 && !find_entry(memory, s->lay, *t, hash_of(one.key), one.key))
            wanted.push_back({cold_key(*s, one.name_space, one.key), t});
        }
        if (bring_back(*s, wanted) != WEIR_OK)
          return base::external_error(why, cat("state ", s->name), base::retry::from_checkpoint);
      }
      for (const stored_record& one : records) WEIR_TRY(load_record(*s, head, one, how, stored.get()));
      while (spill && !cold_broken && evict() > 0) {
      }
    }
  }
  return {};
}

void store::impl::loaded() {
  scratch_text = {};
  builder.reset();
}

result<void> store::load(std::string_view block, const load_options& how) { return impl_->load(block, how); }
void store::loaded() { impl_->loaded(); }

}  // namespace weir::state
