// Restore: blocks become entries again.
#include <algorithm>
#include <optional>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "state/impl.hpp"
#include "state/kind_name.hpp"

namespace weir::state {

using base::cat;
using base::result;

namespace {

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

result<keyed*> store::impl::adopted(const section_head& head) {
  const bool timers = head.kind == block_timer_kind;
  for (auto& s : all)
    if (s->name == head.name && s->is_timers() == timers && s->kind == head.kind && s->head.value == head.value &&
        s->head.map_key == head.map_key && s->value_size == head.value_size && s->head.timed == head.timed)
      return s.get();
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
  return &s;
}

void store::impl::join_forms() {
  for (std::size_t i = 0; i < all.size();) {
    keyed& s = *all[i];
    const auto same = [&](const std::unique_ptr<keyed>& o) {
      return o->name == s.name && o->is_timers() == s.is_timers();
    };
    const bool more = std::any_of(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(), same);
    const bool before = std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), same);
    if (s.tables.empty() && (more || before)) {
      auto& list = s.is_timers() ? families : states;
      list.erase(std::find(list.begin(), list.end(), &s));
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    s.follows = before;
    ++i;
  }
}

result<conversion*> store::impl::conversion_of(const keyed& s, const section_head& head, const load_options& how) {
  for (auto& form : stored_forms)
    if (form->of == &s && form->head.kind == head.kind && form->head.value == head.value &&
        form->head.map_key == head.map_key && form->head.value_size == head.value_size)
      return form->how.nothing_to_do() ? nullptr : &form->how;
  auto made = std::make_unique<stored_form>();
  made->of = &s;
  made->head = head;
  made->was = {.name = head.name,
               .kind = head.kind,
               .value = WEIR_TRY(model::parse_schema(head.value)),
               .map_key = nullptr,
               .ttl_us = 0,
               .ttl_time = 0,
               .value_size = head.value_size};
  if (head.kind == WEIR_STATE_MAP) made->was.map_key = WEIR_TRY(model::parse_schema(head.map_key));
  made->how = WEIR_TRY(conversion::make(made->was, what.states[s.number], s.number, how.migrate));
  stored_forms.push_back(std::move(made));
  conversion& ready = stored_forms.back()->how;
  return ready.nothing_to_do() ? nullptr : &ready;
}

result<store::impl::section_form> store::impl::form_of(const section_head& head, const load_options& how) {
  const bool timers = head.kind == block_timer_kind;
  section_form form;
  form.head = &head;
  const auto set_aside = [&](std::optional<base::error> reason) {
    form.to = nullptr;
    form.aside = &not_taken.add(head, std::move(reason));
    return form;
  };
  if (adopts) {
    form.to = WEIR_TRY(adopted(head));
  } else {
    for (auto& s : all)
      if (s->is_timers() == timers && s->name == head.name) form.to = s.get();
  }
  if (!form.to) {
    if (how.allow_dropped) return set_aside(std::nullopt);
    return set_aside(refused(
        head.name, cat(timers ? "the checkpoint has timers of this name, but" : "the checkpoint has this state, but",
                       " the operator does not declare it; bring it back, or start with --allow-dropped-state")));
  }
  keyed& s = *form.to;
  if (!WEIR_TRY(same_types(head.key, *codec.schema())))
    return set_aside(refused(s.name, cat("its key is (", head.key, ") in the checkpoint, but (", codec.schema()->text(),
                                         ") now; state cannot move to another key")));
  if (head.key_width != s.head.key_width) return damaged(s, "the width of keys");
  if (timers || adopts) return form;
  auto converts = conversion_of(s, head, how);
  if (!converts) return set_aside(std::move(converts).why());
  form.how = *converts;
  rewritten = rewritten || form.how || head.timed != s.head.timed;
  return form;
}

result<void> store::impl::take_groups(keyed& s, table& t, const section_head& head) {
  const bool whole =
      head.groups == what.key_groups && head.group_begin <= what.own.begin && head.group_end >= what.own.end;
  if (!whole) {
    const model::key_group_range range{head.group_begin, head.group_end};
    if (t.stored > 0) WEIR_TRY(forget_cold_groups(s, t, head));
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
      forget_stored(s, t, e);
      remove_entry(memory, s.lay, t, e);
    }
    if (t.used > 0 || t.cold > 0) return {};
  }
  take_table(s, t);
  return {};
}

result<void> store::impl::load_map(const section_form& of, char* e, const stored_record& r, block_cursor& body) {
  keyed& s = *of.to;
  auto*& p = pointer_in<map_value>(e);
  if (r.what == record::put) free_value(s, e);
  std::uint64_t before = 0;
  if (p)
    before = p->bytes();
  else
    p = new map_value;
  const auto declared_key = [&](std::string_view key) -> result<std::string_view> {
    return of.how ? of.how->map_key(key) : key;
  };
  std::uint64_t set = r.what == record::merge ? body.varint() : UINT64_MAX;
  for (; set > 0 && !body.done(); --set) {
    const std::string_view key = body.text();
    const std::string_view value = body.text();
    if (body.failed()) break;
    const auto [it, fresh] = p->entries.try_emplace(std::string(WEIR_TRY(declared_key(key))));
    if (!fresh && r.what == record::put && of.how)
      return refused(s.name, "two keys of a map are one after they were migrated");
    p->content += fresh ? it->first.size() : std::size_t{0} - it->second.size();
    it->second = of.how ? WEIR_TRY(of.how->value(value)) : value;
    p->content += it->second.size();
  }
  while (!body.done()) {
    const std::string_view key = body.text();
    if (body.failed()) break;
    const auto it = p->entries.find(WEIR_TRY(declared_key(key)));
    if (it == p->entries.end()) continue;
    p->content -= it->first.size() + it->second.size();
    p->entries.erase(it);
  }
  p->based = true;
  p->changed.clear();
  heap_bytes += p->bytes() - before;
  return {};
}

result<void> store::impl::load_value(const section_form& of, char* e, const stored_record& r) {
  keyed& s = *of.to;
  const auto declared = [&](std::string_view value) -> result<std::string_view> {
    return of.how ? of.how->value(value) : value;
  };
  block_cursor body(r.body);
  switch (s.kind) {
    case WEIR_STATE_VALUE: {
      const std::string_view v = WEIR_TRY(declared(r.body));
      if (v.size() != s.value_size)
        return refused(s.name, cat("a converted value has ", v.size(), " bytes, not ", s.value_size));
      std::memcpy(value_of(e), v.data(), v.size());
      return {};
    }
    case WEIR_STATE_BYTES:
      if (!put_bytes(e, WEIR_TRY(declared(r.body))))
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
        if (!body.failed()) p->add(WEIR_TRY(declared(element)));
      }
      p->now_cut();
      heap_bytes += p->bytes() - before;
      break;
    }
    default:
      WEIR_TRY(load_map(of, e, r, body));
  }
  if (body.failed()) return damaged(s, "a value");
  return {};
}

void store::impl::note_unread(unread_state& aside, const stored_record& r) {
  if (r.what == record::reset) return not_taken.reset(aside.head);
  if (r.what == record::ended) return not_taken.ended(aside.head);
  if (r.what != record::put && r.what != record::merge) return;
  key_bytes key = r.key;
  if (aside.head.kind == block_timer_kind) {
    key.data += 8;
    key.size -= 8;
  }
  if ((key.bits & key_nulls) != 0 && key.size == 0)
    aside.empty_key = true;
  else
    aside.groups[model::key_group(hash_of(key), static_cast<std::uint32_t>(aside.groups.size()))] = true;
}

result<void> store::impl::reset(const section_head& head) {
  not_taken.reset(head);
  for (auto& one : all) {  // a folder has a state once for each form
    if (one->name != head.name || one->is_timers() != (head.kind == block_timer_kind)) continue;
    std::vector<table*> tables;
    for (auto& [ns, t] : one->tables) tables.push_back(t.get());
    for (table* t : tables) WEIR_TRY(take_groups(*one, *t, head));
  }
  return {};
}

result<void> store::impl::load_record(const section_form& of, const stored_record& r) {
  keyed& s = *of.to;
  if (r.what == record::reset) return reset(*of.head);
  if (r.what == record::ended) return {};  // each of its entries was removed, or taken into another form
  if (r.what == record::dropped) {
    if (table* t = s.find_table(r.name_space)) return take_groups(s, *t, *of.head);
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
    forget_stored(s, *t, e);
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
    // Written when the state had no time to live: it is as old as the first look at it.
    if (s.lay.ttl_at != 0) written_of(s, e) = of.head->timed ? r.written_us : WEIR_TIME_MIN;
    WEIR_TRY(load_value(of, e, r));
  }
  slot_of(e)->flags |= WEIR_SLOT_PRESENT;
  return {};
}

result<void> store::impl::load(std::string_view block, const load_options& how) {
  WEIR_CHECK(!capturing, "a block is loaded while a cut is written");
  block_parser parser = WEIR_TRY(block_parser::open(block));
  section_head head;
  while (WEIR_TRY(parser.next_section(head))) {
    const section_form form = WEIR_TRY(form_of(head, how));
    keyed* s = form.to;
    if (!s) {
      stored_record r;
      while (WEIR_TRY(parser.next_record(r))) note_unread(*form.aside, r);
      continue;
    }
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
      for (const stored_record& one : records) WEIR_TRY(load_record(form, one));
      while (spill && !cold_broken && evict() > 0) {
      }
    }
  }
  return {};
}

result<void> store::impl::loaded() {
  for (const auto& form : stored_forms)
    if (!form->how.nothing_to_do()) told.push_back(cat(form->of->name, ": ", form->how.told()));
  stored_forms.clear();
  scratch_text = {};
  builder.reset();
  left_out = WEIR_TRY(not_taken.left(what.own, what.key_groups));
  for (const section_head& head : left_out) told.push_back(cat(head.name, ": dropped"));
  // What follows in the chain must not be changes of values of another form, and what was left out must not come back.
  if (std::exchange(rewritten, false) || !left_out.empty()) whole_next = true;
  return {};
}

result<void> store::load(std::string_view block, const load_options& how) { return impl_->load(block, how); }
result<void> store::loaded() { return impl_->loaded(); }
const std::vector<std::string>& store::conversions() const noexcept { return impl_->told; }

}  // namespace weir::state
