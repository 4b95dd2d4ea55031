// Values: in place, bytes, lists, maps; and when they end.
#include "state/values.hpp"

#include "base/cat.hpp"
#include "state/impl.hpp"

namespace weir::state {

using base::cat;

namespace {

std::string_view text(weir_view v) noexcept { return {v.data, v.size}; }
weir_view view(std::string_view v) noexcept { return {v.data() ? v.data() : "", v.size()}; }

}  // namespace

void list_value::trim(std::uint64_t from) {
  from = std::min(from, size());
  if (based) {
    const std::uint64_t of_cut = std::min(from, cut_size - cut_trimmed);
    cut_trimmed += of_cut;
  }
  first_ += from;
  if (first_ < 16 || first_ * 2 < ends_.size()) return;
  const std::uint64_t gone = ends_[first_ - 1];
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(first_));
  for (std::uint64_t& e : ends_) e -= gone;
  data_.erase(0, gone);
  first_ = 0;
}

void store::impl::free_value(keyed& s, char* entry) noexcept {
  switch (s.kind) {
    case WEIR_STATE_BYTES:
      if (auto*& p = pointer_in<bytes_value>(entry)) {
        heap_bytes -= sizeof(bytes_value) + p->capacity;
        std::free(p);
        p = nullptr;
      }
      break;
    case WEIR_STATE_LIST:
      if (auto*& p = pointer_in<list_value>(entry)) {
        heap_bytes -= p->bytes();
        delete p;
        p = nullptr;
      }
      break;
    case WEIR_STATE_MAP:
      if (auto*& p = pointer_in<map_value>(entry)) {
        heap_bytes -= p->bytes();
        delete p;
        p = nullptr;
      }
      break;
    default:
      break;
  }
}

void store::impl::note_empty(keyed& s, table& t, char* entry) {
  if ((word_of(entry) & entry_listed) != 0) return;
  if (!t.empties.push(memory, memory.place_of(entry))) return;  // it stays until the table goes
  word_of(entry) |= entry_listed;
  if (t.tidy_listed) return;
  t.tidy_listed = true;
  to_tidy.emplace_back(&s, t.name_space);
}

bool store::impl::reclaim(keyed& s, table& t, char* entry) {
  if (is_present(entry) || (word_of(entry) & entry_known) != 0 || t.pinned) return false;
  free_value(s, entry);
  forget_stored(s, t, entry);
  remove_entry(memory, s.lay, t, entry);
  return true;
}

weir_code store::impl::clear(keyed& s, table& t, char* entry) {
  if (!touch(s, t, entry)) return no_memory(s);
  free_value(s, entry);
  forget_stored(s, t, entry);
  std::memset(value_of(entry), 0, s.lay.value_bytes);
  slot_of(entry)->flags = 0;
  note_empty(s, t, entry);
  return WEIR_OK;
}

bool store::impl::expired(keyed& s, char* entry) noexcept {
  if (s.lay.ttl_at == 0) return false;
  std::int64_t& written = written_of(s, entry);
  const std::int64_t now = clock_of(s);
  if (written == WEIR_TIME_MIN) {
    written = now;  // written before event time began: it lives from the first watermark on
    return false;
  }
  return now != WEIR_TIME_MIN && now > written &&
         static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(written) >= static_cast<std::uint64_t>(s.ttl_us);
}

void store::impl::sweep(keyed& s, int most) {
  auto it = s.tables.lower_bound(s.sweep_name_space);
  if (it == s.tables.end()) {
    s.sweep_name_space = INT64_MIN;
    s.sweep_cursor = 0;
    return;
  }
  table& t = *it->second;
  if (it->first != s.sweep_name_space) s.sweep_cursor = 0;
  s.sweep_name_space = it->first;
  bool ended = false;
  s.sweep_cursor = walk_entries(memory, s.lay, t, s.sweep_cursor, [&](char* e) {
    if (is_present(e) && expired(s, e)) clear(s, t, e);
    return --most > 0;
  });
  ended = s.sweep_cursor == 0;
  if (ended) s.sweep_name_space = it->first == INT64_MAX ? INT64_MIN : it->first + 1;
}

bool store::impl::put_bytes(char* entry, std::string_view value) {
  auto*& p = pointer_in<bytes_value>(entry);
  if (!p || p->capacity < value.size() || p->capacity > 2 * value.size() + 64) {
    const auto capacity = static_cast<std::uint32_t>((value.size() + 15) & ~std::size_t{15});
    auto* made = static_cast<bytes_value*>(std::malloc(sizeof(bytes_value) + capacity));
    if (!made) return false;
    if (p) {
      heap_bytes -= sizeof(bytes_value) + p->capacity;
      std::memcpy(made->data(), value.data(), value.size());  // value may lie in the old one
      std::free(p);
    } else if (!value.empty()) {
      std::memcpy(made->data(), value.data(), value.size());
    }
    p = made;
    p->capacity = capacity;
    heap_bytes += sizeof(bytes_value) + capacity;
  } else if (!value.empty()) {
    std::memmove(p->data(), value.data(), value.size());
  }
  p->size = static_cast<std::uint32_t>(value.size());
  return true;
}

weir_code store::touch(std::uint32_t state, weir_slot* slot) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, UINT32_MAX, s); c != WEIR_OK) return c;
  return impl_->touch(*s, *arena::owner_of(slot), entry_of(slot)) ? WEIR_OK : impl_->no_memory(*s);
}

weir_code store::clear(std::uint32_t state, weir_slot* slot) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, UINT32_MAX, s); c != WEIR_OK) return c;
  char* e = entry_of(slot);
  if (!is_present(e) && (word_of(e) & entry_known) == 0 && epoch_of(*s, e) != impl_->epoch) return WEIR_OK;
  return impl_->clear(*s, *arena::owner_of(slot), e);
}

weir_code store::bytes_get(std::uint32_t state, weir_slot* slot, weir_view* out) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_BYTES, s); c != WEIR_OK) return c;
  const auto* p = pointer_in<bytes_value>(entry_of(slot));
  *out = p ? view({const_cast<bytes_value*>(p)->data(), p->size}) : weir_view{nullptr, 0};
  return WEIR_OK;
}

weir_code store::bytes_put(std::uint32_t state, weir_slot* slot, weir_view value) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_BYTES, s); c != WEIR_OK) return c;
  if (value.size > UINT32_MAX - 64)
    return impl_->fail(WEIR_E_STATE, cat("a value of ", value.size, " bytes for state ", s->name));
  char* e = entry_of(slot);
  if (!impl_->touch(*s, *arena::owner_of(slot), e) || !impl_->put_bytes(e, text(value))) return impl_->no_memory(*s);
  slot->flags |= WEIR_SLOT_PRESENT;
  return WEIR_OK;
}

weir_code store::list_size(std::uint32_t state, weir_slot* slot, std::uint64_t* out) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_LIST, s); c != WEIR_OK) return c;
  const auto* p = pointer_in<list_value>(entry_of(slot));
  *out = p ? p->size() : 0;
  return WEIR_OK;
}

weir_code store::list_add(std::uint32_t state, weir_slot* slot, weir_view element) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_LIST, s); c != WEIR_OK) return c;
  char* e = entry_of(slot);
  if (!impl_->touch(*s, *arena::owner_of(slot), e)) return impl_->no_memory(*s);
  auto*& p = pointer_in<list_value>(e);
  std::uint64_t before = 0;
  if (p)
    before = p->bytes();
  else
    p = new list_value;
  p->add(text(element));
  impl_->heap_bytes += p->bytes() - before;
  slot->flags |= WEIR_SLOT_PRESENT;
  return WEIR_OK;
}

weir_code store::list_at(std::uint32_t state, weir_slot* slot, std::uint64_t i, weir_view* out) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_LIST, s); c != WEIR_OK) return c;
  const auto* p = pointer_in<list_value>(entry_of(slot));
  const std::uint64_t size = p ? p->size() : 0;
  if (i >= size) return impl_->fail(WEIR_E_CONTRACT, cat("element ", i, " of a list of ", size, " in state ", s->name));
  *out = view(p->at(i));
  return WEIR_OK;
}

weir_code store::list_trim(std::uint32_t state, weir_slot* slot, std::uint64_t from) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_LIST, s); c != WEIR_OK) return c;
  char* e = entry_of(slot);
  auto* p = pointer_in<list_value>(e);
  if (!p || from == 0) return WEIR_OK;
  if (from >= p->size()) return impl_->clear(*s, *arena::owner_of(slot), e);
  if (!impl_->touch(*s, *arena::owner_of(slot), e)) return impl_->no_memory(*s);
  const std::uint64_t before = p->bytes();
  p->trim(from);
  impl_->heap_bytes += p->bytes() - before;
  return WEIR_OK;
}

weir_code store::map_get(std::uint32_t state, weir_slot* slot, weir_view key, weir_view* out) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_MAP, s); c != WEIR_OK) return c;
  *out = {nullptr, 0};
  if (const auto* p = pointer_in<map_value>(entry_of(slot)))
    if (const auto it = p->entries.find(text(key)); it != p->entries.end()) *out = view(it->second);
  return WEIR_OK;
}

weir_code store::map_put(std::uint32_t state, weir_slot* slot, weir_view key, weir_view value) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_MAP, s); c != WEIR_OK) return c;
  char* e = entry_of(slot);
  if (!impl_->touch(*s, *arena::owner_of(slot), e)) return impl_->no_memory(*s);
  auto*& p = pointer_in<map_value>(e);
  std::uint64_t before = 0;
  if (p)
    before = p->bytes();
  else
    p = new map_value;
  const auto it = p->entries.lower_bound(text(key));
  if (it != p->entries.end() && it->first == text(key)) {
    p->content += value.size - it->second.size();
    it->second.assign(value.data, value.size);
  } else {
    p->entries.emplace_hint(it, text(key), text(value));
    p->content += key.size + value.size;
  }
  if (p->based && impl_->cuts) p->changed.emplace(text(key));
  impl_->heap_bytes += p->bytes() - before;
  slot->flags |= WEIR_SLOT_PRESENT;
  return WEIR_OK;
}

weir_code store::map_remove(std::uint32_t state, weir_slot* slot, weir_view key) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_MAP, s); c != WEIR_OK) return c;
  char* e = entry_of(slot);
  auto* p = pointer_in<map_value>(e);
  if (!p) return WEIR_OK;
  const auto it = p->entries.find(text(key));
  if (it == p->entries.end()) return WEIR_OK;
  if (p->entries.size() == 1) return impl_->clear(*s, *arena::owner_of(slot), e);
  if (!impl_->touch(*s, *arena::owner_of(slot), e)) return impl_->no_memory(*s);
  const std::uint64_t before = p->bytes();
  p->content -= it->first.size() + it->second.size();
  if (p->based) p->changed.emplace(text(key));
  p->entries.erase(it);
  impl_->heap_bytes += p->bytes() - before;
  return WEIR_OK;
}

weir_code store::map_next(std::uint32_t state, weir_slot* slot, weir_view after, weir_view* key, weir_view* value) {
  keyed* s = nullptr;
  if (const weir_code c = impl_->check_slot(state, slot, WEIR_STATE_MAP, s); c != WEIR_OK) return c;
  *key = *value = {nullptr, 0};
  const auto* p = pointer_in<map_value>(entry_of(slot));
  if (!p) return WEIR_OK;
  const auto it = after.data ? p->entries.upper_bound(text(after)) : p->entries.begin();
  if (it == p->entries.end()) return WEIR_OK;
  *key = view(it->first);
  *value = view(it->second);
  return WEIR_OK;
}

}  // namespace weir::state
