// Timers: tables whose name space is a bucket of time. The bucket that is being fired is sorted once.
#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "state/impl.hpp"

namespace weir::state {
namespace {

/// Earlier time first, equal times by the bytes of the keys: the same order whatever the table went through.
struct fires_before {
  const arena& memory;
  const keyed& s;
  bool operator()(const timer_queue::item& a, const timer_queue::item& b) const noexcept {
    if (a.time != b.time) return a.time < b.time;
    if (a.at == b.at) return false;
    const key_bytes x = key_of(s.lay, memory.at(a.at));
    const key_bytes y = key_of(s.lay, memory.at(b.at));
    const int c = std::memcmp(x.data, y.data, std::min(x.size, y.size));
    if (c != 0) return c < 0;
    if (x.size != y.size) return x.size < y.size;
    return x.bits < y.bits;
  }
};
/// For the heap, whose top is the last in order.
struct fires_after {
  fires_before before;
  bool operator()(const timer_queue::item& a, const timer_queue::item& b) const noexcept { return before(b, a); }
};

}  // namespace

void store::impl::close_bucket(keyed& s) {
  timer_queue& q = s.queue;
  if (!q.open) return;
  if (table* t = s.find_table(q.bucket)) {
    t->pinned = false;
    // What was cleared meanwhile can go now.
    walk_entries(memory, s.lay, *t, 0, [&](char* e) {
      if (!is_present(e)) note_empty(s, *t, e);
      return true;
    });
  }
  q.open = false;
  q.sorted.clear();
  q.added.clear();
  q.next = 0;
}

void store::impl::open_bucket(keyed& s, table& t) {
  if (s.queue.open) close_bucket(s);
  timer_queue& q = s.queue;
  q.open = true;
  q.bucket = t.name_space;
  q.next = 0;
  q.sorted.clear();
  q.added.clear();
  q.sorted.reserve(t.live);
  walk_entries(memory, s.lay, t, 0, [&](char* e) {
    if (is_present(e)) q.sorted.push_back({timer_time(s, e), memory.place_of(e)});
    return true;
  });
  std::sort(q.sorted.begin(), q.sorted.end(), fires_before{memory, s});
  t.pinned = true;
}

/// The time of the family's first timer, exactly; INT64_MAX: none. Opens its bucket.
std::int64_t store::impl::first_time(keyed& s) {
  while (!s.tables.empty()) {
    table& t = *s.tables.begin()->second;
    if (t.live == 0) {
      drop_table(s, t);
      continue;
    }
    if (!s.queue.open || s.queue.bucket != t.name_space) open_bucket(s, t);
    timer_queue& q = s.queue;
    auto set = [&](const timer_queue::item& i) { return is_present(memory.at(i.at)); };
    while (q.next < q.sorted.size() && !set(q.sorted[q.next])) ++q.next;
    while (!q.added.empty() && !set(q.added.front())) {
      std::pop_heap(q.added.begin(), q.added.end(), fires_after{{memory, s}});
      q.added.pop_back();
    }
    std::int64_t first = INT64_MAX;
    if (q.next < q.sorted.size()) first = q.sorted[q.next].time;
    if (!q.added.empty()) first = std::min(first, q.added.front().time);
    return t.earliest = first;
  }
  return INT64_MAX;
}

weir_code store::impl::timer_set(keyed& s, const model::batch& b, std::span<const std::uint32_t> key,
                                 const std::uint32_t* rows, const std::int64_t* times, std::int64_t count) {
  if (count <= 0) return WEIR_OK;
  const auto n = static_cast<std::size_t>(count);
  scratch_times.resize(n);
  scratch_slots.resize(n);
  for (std::size_t i = 0; i < n; ++i) scratch_times[i] = times[i] >> timer_bucket_bits;
  scratch_tables.resize(n);
  tables_out = scratch_tables.data();
  // All are touched: one that is set already is dirty for nothing, which costs less than asking first.
  const weir_code code = resolve(s, b, key, rows, count, scratch_times.data(), times,
                                 WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, scratch_slots.data());
  tables_out = nullptr;
  if (code != WEIR_OK) return code;
  for (std::size_t i = 0; i < n; ++i) {
    weir_slot* slot = scratch_slots[i];
    if ((slot->flags & WEIR_SLOT_PRESENT) != 0) continue;
    char* e = entry_of(slot);
    table& t = *scratch_tables[i];
    slot->flags |= WEIR_SLOT_PRESENT;
    ++t.live;
    t.earliest = std::min(t.earliest, times[i]);
    if (!s.queue.open || s.queue.bucket != t.name_space) continue;
    s.queue.added.push_back({times[i], memory.place_of(e)});
    std::push_heap(s.queue.added.begin(), s.queue.added.end(), fires_after{{memory, s}});
  }
  return WEIR_OK;
}

weir_code store::impl::timer_clear(keyed& s, const model::batch& b, std::span<const std::uint32_t> key,
                                   const std::uint32_t* rows, const std::int64_t* times, std::int64_t count) {
  if (count <= 0) return WEIR_OK;
  const auto n = static_cast<std::size_t>(count);
  scratch_times.resize(n);
  scratch_slots.resize(n);
  for (std::size_t i = 0; i < n; ++i) scratch_times[i] = times[i] >> timer_bucket_bits;
  const weir_code code = resolve(s, b, key, rows, count, scratch_times.data(), times, 0, scratch_slots.data());
  if (code != WEIR_OK) return code;
  for (std::size_t i = 0; i < n; ++i) {
    weir_slot* slot = scratch_slots[i];
    if (!slot || (slot->flags & WEIR_SLOT_PRESENT) == 0) continue;
    table& t = *arena::owner_of(slot);
    if (const weir_code c = clear(s, t, entry_of(slot)); c != WEIR_OK) return c;
    --t.live;
  }
  // Buckets without a timer go, when no slot of theirs is looked at any more.
  for (std::size_t i = 0; i < n; ++i)
    if (table* t = s.find_table(scratch_times[i]); t && t->live == 0) drop_table(s, *t);
  return WEIR_OK;
}

model::batch_ref store::impl::pop_due(std::uint32_t time_kind, std::int64_t until, std::int64_t limit,
                                      std::uint32_t* family) {
  keyed* first = nullptr;
  std::int64_t first_at = INT64_MAX;
  std::int64_t other = INT64_MAX;  // the earliest of the other families
  bool others = false;
  for (keyed* s : families) {
    if (s->time_kind != time_kind || s->tables.empty()) continue;
    table& t = *s->tables.begin()->second;
    // No need to sort a bucket before something in it is due.
    if ((t.name_space << timer_bucket_bits) > until) continue;
    const std::int64_t at = first_time(*s);
    if (s->tables.empty()) continue;
    if (!first || at < first_at) {
      if (first) other = std::min(other, first_at), others = true;
      first = s;
      first_at = at;
    } else {
      other = std::min(other, at);
      others = true;
    }
  }
  if (!first || first_at > until) return {};
  keyed& s = *first;
  const std::int64_t last = others ? std::min(until, other) : until;
  scratch_entries.clear();
  scratch_times.clear();
  while (static_cast<std::int64_t>(scratch_entries.size()) < limit) {
    // first_time would drop a table whose entries are in the answer, so buckets are followed by hand.
    timer_queue& q = s.queue;
    table& t = *s.find_table(q.bucket);
    const fires_before before{memory, s};
    auto next = [&]() -> const timer_queue::item* {
      const bool sorted = q.next < q.sorted.size();
      if (!sorted && q.added.empty()) return nullptr;
      if (!sorted) return &q.added.front();
      if (q.added.empty() || !before(q.added.front(), q.sorted[q.next])) return &q.sorted[q.next];
      return &q.added.front();
    };
    const timer_queue::item* at = next();
    if (!at) break;
    const timer_queue::item item = *at;
    if (q.next < q.sorted.size() && at == &q.sorted[q.next]) {
      if (q.next + 8 < q.sorted.size()) __builtin_prefetch(memory.at(q.sorted[q.next + 8].at));
      if (item.time > last) break;
      ++q.next;
    } else {
      if (item.time > last) break;
      std::pop_heap(q.added.begin(), q.added.end(), fires_after{before});
      q.added.pop_back();
    }
    char* e = memory.at(item.at);
    if (!is_present(e)) continue;
    if (!touch(s, t, e)) {
      close_bucket(s);  // it is still set; the bucket is sorted again when there is memory
      break;
    }
    slot_of(e)->flags = 0;
    --t.live;
    scratch_entries.push_back(e);
    scratch_times.push_back(item.time);
  }
  if (scratch_entries.empty()) return {};
  *family = s.number;
  model::batch_ref out = keys_of(s, scratch_entries, scratch_times.data());
  WEIR_CHECK(out, "no memory for the keys of due timers of ", s.name);
  if (table* t = s.find_table(s.queue.bucket)) {
    if (t->live == 0)
      drop_table(s, *t);
    else
      first_time(s);  // so that next_timer is exact
  }
  return out;
}

std::int64_t store::impl::next_timer(std::uint32_t time_kind) const {
  std::int64_t first = INT64_MAX;
  for (const keyed* s : families) {
    if (s->time_kind != time_kind) continue;
    for (const auto& [bucket, t] : s->tables) {
      if (t->live == 0) continue;
      first = std::min(first, t->earliest);
      break;
    }
  }
  return first;
}

weir_code store::timer_set(std::uint32_t family, const model::batch& rows_of, std::span<const std::uint32_t> key,
                           const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count) {
  if (family >= impl_->families.size())
    return impl_->fail(WEIR_E_CONTRACT, base::cat("timer family number ", family, " was not declared"));
  return impl_->timer_set(*impl_->families[family], rows_of, key, rows, times_us, count);
}
weir_code store::timer_clear(std::uint32_t family, const model::batch& rows_of, std::span<const std::uint32_t> key,
                             const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count) {
  if (family >= impl_->families.size())
    return impl_->fail(WEIR_E_CONTRACT, base::cat("timer family number ", family, " was not declared"));
  return impl_->timer_clear(*impl_->families[family], rows_of, key, rows, times_us, count);
}
model::batch_ref store::pop_due(std::uint32_t time_kind, std::int64_t until_us, std::int64_t limit,
                                std::uint32_t* family) {
  return impl_->pop_due(time_kind, until_us, limit, family);
}
std::int64_t store::next_timer(std::uint32_t time_kind) const { return impl_->next_timer(time_kind); }

}  // namespace weir::state
