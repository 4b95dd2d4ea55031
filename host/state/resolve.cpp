// Slots for the rows of a batch: passes over a block of rows, so that the waits for memory overlap.
#include <algorithm>
#include <bit>

#include "base/cat.hpp"
#include "state/impl.hpp"

namespace weir::state {
namespace {

constexpr std::int64_t block_rows = 256;
/// A table of so many entries is in the caches, or will soon be.
constexpr std::uint32_t near_entries = 8192;

/// Which physical row the k-th one is.
struct all_rows {
  std::uint32_t operator()(std::int64_t k) const noexcept { return static_cast<std::uint32_t>(k); }
};
struct some_rows {
  const std::uint32_t* rows;
  std::uint32_t operator()(std::int64_t k) const noexcept { return rows[k]; }
};

template <class T>
T load(const char* from) noexcept {
  T v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// One column of 8 bytes.
template <class Rows>
struct one_long {
  const std::uint64_t* hashes;
  const std::uint64_t* a;
  Rows row;
  struct bytes {
    std::uint64_t a;
  };
  std::uint64_t hash(std::int64_t k) const noexcept { return hashes[row(k)]; }
  bool same(const layout& l, char* e, std::int64_t k) const noexcept {
    return load<std::uint64_t>(e + l.key_at) == a[row(k)] && (word_of(e) & key_long) == 0;
  }
  key_bytes key(std::int64_t k, bytes& room) const noexcept {
    room.a = a[row(k)];
    return {reinterpret_cast<const char*>(&room), 8, 0};
  }
};
template <class Rows>
struct two_longs {
  const std::uint64_t* hashes;
  const std::uint64_t* a;
  const std::uint64_t* b;
  Rows row;
  struct bytes {
    std::uint64_t a, b;
  };
  std::uint64_t hash(std::int64_t k) const noexcept { return hashes[row(k)]; }
  bool same(const layout& l, char* e, std::int64_t k) const noexcept {
    const std::uint32_t r = row(k);
    return load<std::uint64_t>(e + l.key_at) == a[r] && load<std::uint64_t>(e + l.key_at + 8) == b[r] &&
           (word_of(e) & key_long) == 0;
  }
  key_bytes key(std::int64_t k, bytes& room) const noexcept {
    room = {a[row(k)], b[row(k)]};
    return {reinterpret_cast<const char*>(&room), 16, 0};
  }
};
/// A timer of a key of one column of 8 bytes.
template <class Rows>
struct timer_long {
  const std::uint64_t* hashes;
  const std::int64_t* times;
  const std::uint64_t* a;
  Rows row;
  struct bytes {
    std::int64_t time;
    std::uint64_t a;
  };
  std::uint64_t hash(std::int64_t k) const noexcept { return timer_hash(hashes[row(k)], times[k]); }
  bool same(const layout& l, char* e, std::int64_t k) const noexcept {
    return load<std::int64_t>(e + l.key_at) == times[k] && load<std::uint64_t>(e + l.key_at + 8) == a[row(k)] &&
           (word_of(e) & key_long) == 0;
  }
  key_bytes key(std::int64_t k, bytes& room) const noexcept {
    room = {times[k], a[row(k)]};
    return {reinterpret_cast<const char*>(&room), 16, 0};
  }
};
/// Any keys, already as bytes; by k.
struct encoded {
  const std::uint64_t* hashes;
  const key_bytes* keys;
  struct bytes {};
  std::uint64_t hash(std::int64_t k) const noexcept { return hashes[k]; }
  bool same(const layout& l, char* e, std::int64_t k) const noexcept { return same_key(l, e, keys[k]); }
  key_bytes key(std::int64_t k, bytes&) const noexcept { return keys[k]; }
};

}  // namespace

char* store::impl::find_or_make(keyed& s, table& t, std::uint64_t hash, const key_bytes& key, std::uint32_t flags) {
  std::uint64_t* hole = nullptr;
  if (char* e = find_entry(memory, s.lay, t, hash, key, &hole)) return e;
  if ((flags & WEIR_SLOTS_CREATE) == 0) return nullptr;
  char* e = insert_entry(memory, s.lay, t, hash, key, epoch, hole);
  if (e && (flags & WEIR_SLOTS_TOUCH) == 0) note_empty(s, t, e);
  return e;
}

/// What a row comes to when its entry was not found at once: a look at the whole, or a new one. Null with code WEIR_OK:
/// there is none.
template <class Keys>
char* store::impl::resolve_slowly(keyed& s, table* t, const Keys& keys, std::int64_t k, std::uint64_t hash,
                                  std::uint32_t flags, weir_code& code) {
  if (!t) return nullptr;
  typename Keys::bytes room;
  const key_bytes key = keys.key(k, room);
  const bool create = (flags & WEIR_SLOTS_CREATE) != 0;
  if (create && key.size > key_bytes_max) {
    code = fail(WEIR_E_STATE, base::cat("a key of ", key.size, " bytes; state ", s.name, " takes keys of at most ",
                                        key_bytes_max, ": use a shorter key"));
    return nullptr;
  }
  char* e = nullptr;
  if (s.older) {
    e = find_entry(memory, s.lay, *t, hash, key);
    if (!e) e = take_over(s, *t, hash, key, code);
    if (e || code != WEIR_OK) return e;
  }
  e = find_or_make(s, *t, hash, key, flags);
  if (!e && create) code = no_memory(s);
  return e;
}

/// Rows of these keys that are on disk.
template <class Keys>
weir_code store::impl::bring_back_rows(keyed& s, const Keys& keys, std::int64_t count,
                                       const std::int64_t* name_spaces) {
  for (keyed* form = &s; form; form = form->older) {
    if (form->cold == 0) continue;
    std::vector<wanted_row> wanted;
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t ns = name_spaces ? name_spaces[k] : 0;
      table* t = form->find_table(ns);
      if (!t || t->cold == 0) continue;
      typename Keys::bytes room;
      const key_bytes key = keys.key(k, room);
      if (!find_entry(memory, form->lay, *t, keys.hash(k), key)) wanted.push_back({cold_key(*form, ns, key), t});
    }
    if (const weir_code code = bring_back(*form, wanted); code != WEIR_OK) return code;
  }
  return WEIR_OK;
}

/// One table that the caches of the processor hold: row by row.
template <class Keys>
weir_code store::impl::resolve_near(keyed& s, table& t, const Keys& keys, std::int64_t count, std::uint32_t flags,
                                    weir_slot** out) {
  const layout l = s.lay;
  const bool write = (flags & WEIR_SLOTS_TOUCH) != 0;
  const std::uint32_t now = epoch;
  weir_code code = WEIR_OK;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint64_t h = keys.hash(k);
    const std::uint64_t tag = table::tag_of(h);
    char* e = nullptr;
    if (t.directory) [[likely]] {
      const place p = find_tag(t.buckets_of(tag), t.mask, tag);
      e = memory.at(p);
      if (p == 0 || !keys.same(l, e, k)) e = nullptr;
    }
    if (!e) [[unlikely]] {
      e = resolve_slowly(s, &t, keys, k, h, flags, code);
      if (!e) {
        if (code != WEIR_OK) return code;
        out[k] = nullptr;
        continue;
      }
    }
    if (write && epoch_of(s, e) != now && !touch(s, t, e)) return no_memory(s);
    out[k] = slot_of(e);
  }
  if (tables_out) std::fill_n(tables_out, count, &t);
  return WEIR_OK;
}

template <class Keys>
weir_code store::impl::resolve_rows(keyed& s, const Keys& keys, std::int64_t count, const std::int64_t* name_spaces,
                                    std::uint32_t flags, weir_slot** out) {
  const bool create = (flags & WEIR_SLOTS_CREATE) != 0;
  const bool write = (flags & WEIR_SLOTS_TOUCH) != 0;
  const bool mark = cold != nullptr;
  if (cold_broken) return fail(WEIR_E_EXTERNAL, cold_why);
  if (!evolve_why.empty()) return fail(WEIR_E_STATE, evolve_why);
  if (s.cold > 0 || s.older) {
    if (const weir_code c = bring_back_rows(s, keys, count, name_spaces); c != WEIR_OK) return c;
  }
  std::int64_t ns = name_spaces ? name_spaces[0] : 0;
  const auto table_of = [&](std::int64_t of) -> table* {
    table* at = s.find_table(of);
    if (at) return at;
    if (create) return &make_table(s, of);
    if (!s.older || !s.older->find_table(of)) return nullptr;
    // Of use only when something comes over.
    at = &make_table(s, of);
    at->tidy_listed = true;
    to_tidy.emplace_back(&s, of);
    return at;
  };
  table* t = table_of(ns);
  bool one = true;
  if (name_spaces) {
    std::int64_t other = 0;
    for (std::int64_t k = 0; k < count; ++k) other |= name_spaces[k] ^ ns;
    one = other == 0;
  }
  if (one && !t) {
    std::fill_n(out, count, nullptr);
    return WEIR_OK;
  }
  if (one && t->used <= near_entries && s.lay.ttl_at == 0 && !mark) return resolve_near(s, *t, keys, count, flags, out);

  table* tables[block_rows];
  const std::uint64_t* at[block_rows];  // the bucket to begin with
  std::uint64_t hashes[block_rows];
  place found[block_rows];
  const layout l = s.lay;
  // Which line of an entry the end of the key is on decides whether a second one is fetched.
  const std::uint32_t last_byte = l.key_width >= 0 ? l.fixed_bytes() - 1 : l.key_at + 16;
  weir_code code = WEIR_OK;
  for (std::int64_t base = 0; base < count; base += block_rows) {
    const std::int64_t n = std::min(block_rows, count - base);
    if (!one) {
      for (std::int64_t i = 0; i < n; ++i) {
        if (name_spaces[base + i] != ns) {
          ns = name_spaces[base + i];
          t = table_of(ns);
          if (t) {
            __builtin_prefetch(t);
            __builtin_prefetch(reinterpret_cast<const char*>(t) + 64);
          }
        }
        tables[i] = t;
      }
    } else {
      std::fill_n(tables, n, t);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const std::uint64_t h = keys.hash(base + i);
      const table* of = tables[i];
      hashes[i] = h;
      at[i] = nullptr;
      if (of && of->directory) {
        const std::uint64_t tag = table::tag_of(h);
        at[i] = of->buckets_of(tag);
        __builtin_prefetch(at[i] + (tag & of->mask));
      }
    }
    for (std::int64_t i = 0; i < n; ++i) {
      found[i] = 0;
      const std::uint64_t* buckets = at[i];
      if (!buckets) continue;
      const std::uint64_t tag = table::tag_of(hashes[i]);
      found[i] = find_tag(buckets, tables[i]->mask, tag);
      if (found[i] == 0) {
        __builtin_prefetch(tables[i]->cursor, 1);
        continue;
      }
      const char* e = memory.at(found[i]);
      __builtin_prefetch(e);
      if (((reinterpret_cast<std::uintptr_t>(e) ^ (reinterpret_cast<std::uintptr_t>(e) + last_byte)) &
           ~std::uintptr_t{63}) != 0)
        __builtin_prefetch(e + last_byte);
    }
    if (s.older) [[unlikely]]
      prefetch_older(s, tables, hashes, found, n);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t k = base + i;
      char* e = memory.at(found[i]);
      if (found[i] == 0 || !keys.same(l, e, k)) [[unlikely]] {
        e = resolve_slowly(s, tables[i], keys, k, hashes[i], flags, code);
        if (!e) {
          if (code != WEIR_OK) return code;
          out[k] = nullptr;
          continue;
        }
      }
      if (mark) word_of(e) |= entry_hot;
      if (write && !touch(s, *tables[i], e)) return no_memory(s);
      out[k] = slot_of(e);
    }
    if (tables_out) std::copy_n(tables, n, tables_out + base);
  }
  return WEIR_OK;
}

weir_code store::impl::resolve(keyed& s, const model::batch& b, std::span<const std::uint32_t> key,
                               const std::uint32_t* rows, std::int64_t count, const std::int64_t* name_spaces,
                               const std::int64_t* times, std::uint32_t flags, weir_slot** out) {
  if (count <= 0) return WEIR_OK;
  if (rows) {
    std::uint32_t most = 0;
    for (std::int64_t k = 0; k < count; ++k) most = std::max(most, rows[k]);
    if (most >= b.length())
      return fail(WEIR_E_CONTRACT, base::cat("row ", most, " of a batch of ", b.length(), " rows, for state ", s.name));
  } else {
    if (count != b.row_count())
      return fail(WEIR_E_CONTRACT,
                  base::cat(count, " slots of a batch of ", b.row_count(), " rows, for state ", s.name));
    rows = b.rows();
  }
  if (!key.empty() && key.size() != codec.columns())
    return fail(WEIR_E_HOST,
                base::cat("a key of ", key.size(), " columns for state of ", codec.columns(), " key columns"));
  const std::uint64_t* hashes = b.view().key_hash;
  model::buffer_ref made;
  if (!hashes || key.empty()) {
    made = model::hash_keys(b, key);
    hashes = made->as<std::uint64_t>();
  }
  bool nulls = key.empty();
  for (const std::uint32_t k : key) nulls = nulls || b.column_at(k).null_count() > 0;
  if (codec.plain() && !nulls) {
    const auto* a = b.column_at(key[0]).values<std::uint64_t>();
    const auto* c = key.size() == 2 ? b.column_at(key[1]).values<std::uint64_t>() : nullptr;
    auto with = [&](auto row) {
      using rows_type = decltype(row);
      if (times && !c)
        return resolve_rows(s, timer_long<rows_type>{hashes, times, a, row}, count, name_spaces, flags, out);
      if (c) return resolve_rows(s, two_longs<rows_type>{hashes, a, c, row}, count, name_spaces, flags, out);
      return resolve_rows(s, one_long<rows_type>{hashes, a, row}, count, name_spaces, flags, out);
    };
    if (!times || !c) return rows ? with(some_rows{rows}) : with(all_rows{});
  }
  if (!times && !nulls && key.size() == 1 && codec.text()) {
    // The bytes of the column are the key.
    const model::column& c = b.column_at(key[0]);
    const auto* offsets = c.values<std::int32_t>();
    const char* data = c.data();
    scratch_keys.resize(static_cast<std::size_t>(count));
    scratch_hashes.resize(static_cast<std::size_t>(count));
    for (std::int64_t k = 0; k < count; ++k) {
      const std::uint32_t row = rows ? rows[k] : static_cast<std::uint32_t>(k);
      scratch_hashes[static_cast<std::size_t>(k)] = hashes[row];
      scratch_keys[static_cast<std::size_t>(k)] = {
          data + offsets[row], static_cast<std::uint32_t>(offsets[row + 1] - offsets[row]), key_long};
    }
    return resolve_rows(s, encoded{scratch_hashes.data(), scratch_keys.data()}, count, name_spaces, flags, out);
  }
  // Any other key: all of them as bytes first.
  scratch_text.clear();
  scratch_keys.resize(static_cast<std::size_t>(count));
  scratch_hashes.resize(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint32_t row = rows ? rows[k] : static_cast<std::uint32_t>(k);
    const std::size_t from = scratch_text.size();
    if (times) scratch_text.append(reinterpret_cast<const char*>(&times[k]), sizeof times[k]);
    key_bytes& to = scratch_keys[static_cast<std::size_t>(k)];
    to.bits = codec.append(scratch_text, b, key, row);
    to.size = static_cast<std::uint32_t>(scratch_text.size() - from);
    scratch_hashes[static_cast<std::size_t>(k)] = times ? timer_hash(hashes[row], times[k]) : hashes[row];
  }
  const char* at = scratch_text.data();
  for (key_bytes& k : scratch_keys) {
    k.data = at;
    at += k.size;
  }
  return resolve_rows(s, encoded{scratch_hashes.data(), scratch_keys.data()}, count, name_spaces, flags, out);
}

void store::impl::expire_slots(keyed& s, std::int64_t count, std::uint32_t flags, weir_slot** out) {
  for (std::int64_t k = 0; k < count; ++k) {
    if (!out[k]) continue;
    char* e = entry_of(out[k]);
    // The plugin has to say each first write of a call, because it sets the time that the value lives from.
    if ((flags & WEIR_SLOTS_TOUCH) == 0) out[k]->epoch = 0;
    if (!is_present(e) || !expired(s, e)) continue;
    clear(s, *arena::owner_of(e), e);
    if ((flags & WEIR_SLOTS_TOUCH) == 0) out[k]->epoch = 0;
    if ((flags & WEIR_SLOTS_CREATE) == 0) out[k] = nullptr;
  }
}

weir_code store::slots(std::uint32_t state, const model::batch& rows_of, std::span<const std::uint32_t> key,
                       const std::uint32_t* rows, std::int64_t count, const std::int64_t* name_spaces,
                       std::uint32_t flags, weir_slot** out) {
  keyed* s = impl_->state_at(state);
  if (!s) return impl_->fail(WEIR_E_CONTRACT, base::cat("state number ", state, " was not declared"));
  // With a time to live the old time must be looked at before it is set anew.
  const bool timed = s->lay.ttl_at != 0;
  const std::uint32_t first = timed ? flags & ~WEIR_SLOTS_TOUCH : flags;
  const weir_code code = impl_->resolve(*s, rows_of, key, rows, count, name_spaces, nullptr, first, out);
  if (code != WEIR_OK || !timed) return code;
  impl_->expire_slots(*s, count, flags & ~WEIR_SLOTS_TOUCH, out);
  if ((flags & WEIR_SLOTS_TOUCH) != 0)
    for (std::int64_t k = 0; k < count; ++k)
      if (out[k] && !impl_->touch(*s, *arena::owner_of(out[k]), entry_of(out[k]))) return impl_->no_memory(*s);
  return WEIR_OK;
}

}  // namespace weir::state
