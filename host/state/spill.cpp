// What leaves memory when the budget is used up, and how it comes back. A table all of whose entries are in memory
// (cold == 0) never asks the disk.
#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "state/impl.hpp"

namespace weir::state {
namespace {

template <class T>
void put_ordered(std::string& out, T v) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift));
}

constexpr std::size_t prefix_bytes = 2 + 8;
/// In front of what left memory and belongs to the next cut; higher than the number of any state.
constexpr std::uint16_t left_prefix = 0xffff;
/// So much of it is kept in memory before it is written.
constexpr std::size_t left_part_bytes = 64 << 10;

}  // namespace

std::string store::impl::cold_prefix(const keyed& s, std::int64_t ns) const {
  std::string out;
  put_ordered(out, static_cast<std::uint16_t>(s.index));
  put_ordered(out, static_cast<std::uint64_t>(ns) ^ (std::uint64_t{1} << 63));
  return out;
}
std::string store::impl::cold_key(const keyed& s, std::int64_t ns, const key_bytes& key) const {
  std::string out = cold_prefix(s, ns);
  out.push_back(static_cast<char>(key.bits));
  out.append(key.data, key.size);
  return out;
}
namespace {
key_bytes key_in(std::string_view cold_key) {
  cold_key.remove_prefix(prefix_bytes);
  return {cold_key.data() + 1, static_cast<std::uint32_t>(cold_key.size() - 1), static_cast<std::uint8_t>(cold_key[0])};
}
}  // namespace

weir_code store::impl::cold_failed(base::error what_failed) {
  cold_broken = true;
  cold_why = std::move(what_failed).text();
  return fail(WEIR_E_EXTERNAL, cold_why);
}

std::uint64_t store::impl::over_budget() noexcept {
  const std::uint64_t now = in_use();
  spill->pool->changed(told_to_pool, now);
  told_to_pool = now;
  return spill->pool->over(now);
}

std::uint64_t store::impl::in_use() const noexcept { return memory.used_bytes() - memory.unused + heap_bytes; }

/// Called between calls into the plugin. Bounded: what is over the budget now goes in a few calls.
std::uint64_t store::impl::evict(bool until_kept) {
  if (cold_broken || states.empty() || over_budget() == 0) return 0;
  if (spill->directory.empty()) {
    cold_failed(
        base::external_error(base::cat("the state is larger than its memory of ", spill->pool->budget() >> 20,
                                       " MiB; raise state.memory, or let it go to disk (state.backend = \"rocksdb\")"),
                             "", base::retry::from_checkpoint));
    return 0;
  }
  if (!cold) {
    auto opened = cold_rows::open(spill->directory, spill->disk_bytes);
    if (!opened) {
      cold_failed(std::move(opened).why());
      return 0;
    }
    cold = std::move(opened).take();
  }
  // Twice what a batch brings; far above the budget four times what came since the last call, however much that was.
  eviction work{.look = 16'384, .most = 2048, .goal = over_budget(), .freed = 0};
  const std::uint64_t now = in_use();
  if (work.goal > slack()) {
    work.look = work.most = SIZE_MAX;
    if (!until_kept) work.goal = std::min(work.goal, slack() / 16 + 4 * (now - std::min(now, in_use_before)));
  }
  std::uint64_t left = 0;
  // The hand has gone around once when it has come to the end of each state, and of the one where it began. The first time it only takes
  // note of what was used lately.
  const std::size_t rounds = until_kept ? 2 : 1;
  for (std::size_t ends = 0; ends <= rounds * states.size() && work.goes_on();) {
    keyed& s = *states[hand_state % states.size()];
    const std::uint64_t cold_before = s.cold;
    const bool more = evict_from(s, work);
    if (cold_broken) break;
    left += s.cold - cold_before;
    if (more) continue;
    ++hand_state;
    ++ends;
  }
  in_use_before = in_use();
  return left;
}

/// False: the hand has come to the end of the state.
bool store::impl::evict_from(keyed& s, eviction& work) {
  auto it = s.tables.lower_bound(s.hand_name_space);
  if (it == s.tables.end()) {
    s.hand_name_space = INT64_MIN;
    s.hand_cursor = 0;
    return false;
  }
  if (it->first != s.hand_name_space) s.hand_cursor = 0;
  s.hand_name_space = it->first;
  table& t = *it->second;
  if (--work.look == 0) return true;
  scratch_entries.clear();
  leaving.clear();
  const bool more = evict_chunk(s, t, work);
  leaving.put_in_order(*cold);
  if (const auto done = cold->flush(); !done) {
    cold_failed(done.why());
    return false;
  }
  for (char* e : scratch_entries) {
    free_value(s, e);
    if ((word_of(e) & entry_stored) == 0) ++t.stored;
    remove_entry(memory, s.lay, t, e);
  }
  t.cold += scratch_entries.size();
  s.cold += scratch_entries.size();
  if (more) return true;
  s.hand_cursor = 0;
  if (it->first == INT64_MAX) {
    s.hand_name_space = INT64_MIN;
    return false;
  }
  s.hand_name_space = it->first + 1;
  return true;
}

/// What can leave the chunk under the hand is in `leaving`, and in scratch_entries. False: it was the last of the table.
bool store::impl::evict_chunk(keyed& s, table& t, eviction& work) {
  constexpr std::size_t most_at_once = 2048;
  std::size_t c = s.hand_cursor >> 32;
  const auto from = static_cast<std::uint32_t>(s.hand_cursor);
  while (c < t.chunks.size() && capturing && t.chunks[c].stuck == look_number) ++c;
  if (c >= t.chunks.size()) return false;
  const std::uint32_t offset = c == s.hand_cursor >> 32 ? from : 0;
  bool stuck = offset == 0 && c + 1 < t.chunks.size();  // the last one still gets new entries
  const std::uint32_t next = walk_chunk(memory, s.lay, t, c, offset, [&](char* e) {
    --work.look;
    const std::uint64_t word = word_of(e);
    const std::uint32_t last = epoch_of(s, e);
    const bool changed = cuts && last == epoch;
    const bool free_to_go = !cuts || changed || ((word & entry_known) != 0 && !(capturing && last == epoch - 1));
    if (free_to_go) stuck = false;
    if ((word & entry_hot) != 0) {
      word_of(e) &= ~std::uint64_t{entry_hot};
    } else if (free_to_go && is_present(e) && (word & entry_listed) == 0) {
      if (changed) {
        write_entry(s, t, e, s.left);
        if (s.left.text.size() >= left_part_bytes) {
          cold->put(left_key(s, s.left_end++), s.left.text);
          s.left.clear();
        }
      }
      std::string& value = leaving.add(cold_key(s, t.name_space, key_of(s.lay, e)));
      const std::size_t before = value.size();
      value.push_back(static_cast<char>((word_of(e) & entry_known) != 0));
      write_body(s, e, value, false);
      scratch_entries.push_back(e);
      work.freed += bytes_of(s.lay, e) + value.size() - before;
      --work.most;
    }
    return work.goes_on() && scratch_entries.size() < most_at_once;
  });
  if (next != 0) {
    s.hand_cursor = static_cast<std::uint64_t>(c) << 32 | next;
    return true;
  }
  if (stuck) t.chunks[c].stuck = look_number;
  s.hand_cursor = static_cast<std::uint64_t>(c + 1) << 32;
  return c + 1 < t.chunks.size();
}

/// So much of the cut in work is in the way of what should leave that no rows may come.
bool store::impl::is_jammed() {
  if (!spill || cold_broken || !capturing || over_budget() <= slack()) return false;
  if (captured_since < slack()) return true;
  captured_since = 0;
  ++look_number;
  evict(true);
  return over_budget() > slack();
}

weir_code store::impl::bring_back(keyed& s, table& t, const key_bytes& key, std::string_view stored) {
  const std::uint64_t hash = hash_of(key);
  char* e = insert_entry(memory, s.lay, t, hash, key, epoch);
  if (!e) return no_memory(s);
  block_cursor in(stored);
  const bool known = in.fixed<std::uint8_t>() != 0;
  stored_record r;
  r.key = key;
  if (s.lay.ttl_at != 0) written_of(s, e) = in.fixed<std::int64_t>();
  r.body = s.kind == WEIR_STATE_VALUE ? in.take(in.left()) : in.text();
  if (known) word_of(e) |= entry_known;
  word_of(e) |= entry_hot | entry_stored;
  slot_of(e)->flags |= WEIR_SLOT_PRESENT;
  if (auto done = load_value({.to = &s}, e, r); !done) return cold_failed(std::move(done).why());
  --t.cold;
  --s.cold;
  return WEIR_OK;
}

weir_code store::impl::bring_back(keyed& s, std::vector<wanted_row>& rows) {
  if (rows.empty()) return WEIR_OK;
  if (cold_broken) return fail(WEIR_E_EXTERNAL, cold_why);
  std::sort(rows.begin(), rows.end(), [](const wanted_row& a, const wanted_row& b) { return a.key < b.key; });
  rows.erase(
      std::unique(rows.begin(), rows.end(), [](const wanted_row& a, const wanted_row& b) { return a.key == b.key; }),
      rows.end());
  std::vector<std::string> keys;
  for (wanted_row& r : rows) keys.push_back(std::move(r.key));
  weir_code code = WEIR_OK;
  const auto got = cold->get(keys, [&](std::size_t i, std::string_view stored) {
    if (code != WEIR_OK) return;
    code = bring_back(s, *rows[i].at, key_in(keys[i]), stored);
  });
  if (!got) return cold_failed(got.why());
  return code;
}

/// At most `most` rows of a table, those with the smallest keys first. from: where the call before has left off; its rows were
/// taken away.
weir_code store::impl::bring_back_some(keyed& s, table& t, std::size_t most, std::string* from) {
  if (cold_broken) return fail(WEIR_E_EXTERNAL, cold_why);
  weir_code code = WEIR_OK;
  const std::string prefix = cold_prefix(s, t.name_space);
  const bool goes_on = from && from->starts_with(prefix);
  const auto got =
      cold->scan(nullptr, prefix, goes_on ? *from : prefix, [&](std::string_view key, std::string_view stored) {
        if (from) *from = key;
        const key_bytes k = key_in(key);
        char* e = find_entry(memory, s.lay, t, hash_of(k), k);
        if (!e) {
          code = bring_back(s, t, k, stored);
          if (code != WEIR_OK) return false;
          e = find_entry(memory, s.lay, t, hash_of(k), k);
          scratch_entries.push_back(e);
          --most;
        }
        forget_stored(s, t, e);  // the next call must not see it again
        return most > 0;
      });
  if (!got) return cold_failed(got.why());
  return code;
}

void store::impl::forget_stored(keyed& s, table& t, char* entry) {
  if ((word_of(entry) & entry_stored) == 0) return;
  word_of(entry) &= ~std::uint64_t{entry_stored};
  std::string key = cold_key(s, t.name_space, key_of(s.lay, entry));
  cold->remove(key);
  --t.stored;
  // The cut in work reads the disk as it was, and has this entry from here.
  if (capturing && whole_now && epoch_of(s, entry) == epoch - 1) s.passed_over.insert(std::move(key));
}

void store::impl::forget_cold(keyed& s, table& t) {
  if (t.stored == 0) return;
  if (const auto done = cold->remove_prefix(cold_prefix(s, t.name_space)); !done) cold_failed(done.why());
  s.cold -= t.cold;
  t.cold = t.stored = 0;
}

base::result<void> store::impl::forget_cold_groups(keyed& s, table& t, const section_head& head) {
  std::uint64_t gone = 0;
  const model::key_group_range range{head.group_begin, head.group_end};
  const std::string prefix = cold_prefix(s, t.name_space);
  WEIR_TRY(cold->scan(nullptr, prefix, prefix, [&](std::string_view key, std::string_view) {
    const key_bytes k = key_in(key);
    const bool no_key_at_all = k.size == 0 && (k.bits & key_nulls) != 0;
    if (!no_key_at_all && !range.contains(model::key_group(hash_of(k), head.groups))) return true;
    if (find_entry(memory, s.lay, t, hash_of(k), k)) return true;  // goes with its entry
    cold->remove(key);
    ++gone;
    return true;
  }));
  t.cold -= gone;
  t.stored -= gone;
  s.cold -= gone;
  return cold->flush();
}

/// The cold part of a cut that says everything: from how the disk was when the cut was made. False: there is more.
bool store::impl::capture_cold(keyed& s, std::size_t limit, record_writer& to) {
  if (!cold_at_cut || cold_said) return true;
  std::string prefix = cold_prefix(s, 0).substr(0, 2);
  std::string next;
  const auto got = cold->scan(cold_at_cut.get(), prefix, cold_from, [&](std::string_view key, std::string_view stored) {
    if (to.text.size() >= limit) {
      next = key;
      return false;
    }
    if (!s.passed_over.empty() && s.passed_over.contains(std::string(key))) return true;
    const key_bytes k = key_in(key);
    std::uint64_t ns = 0;
    for (std::size_t i = 2; i < prefix_bytes; ++i) ns = ns << 8 | static_cast<std::uint8_t>(key[i]);
    to.begin_record(record::put, static_cast<std::int64_t>(ns ^ (std::uint64_t{1} << 63)), k.bits);
    to.put_key(k);
    to.text.append(stored.substr(1));
    return true;
  });
  // A cut without these rows must not be taken for a whole one.
  WEIR_CHECK(got, "state on disk cannot be read for a cut: ", got ? std::string() : got.why().text());
  cold_from = next;
  if (!next.empty()) return false;
  cold_said = true;
  return true;
}

std::string store::impl::left_key(const keyed& s, std::uint64_t part) const {
  std::string out;
  put_ordered(out, left_prefix);
  put_ordered(out, static_cast<std::uint16_t>(s.index));
  put_ordered(out, part);
  return out;
}

void store::impl::forget_left(keyed& s, std::uint64_t end) {
  if (s.left_begin == end) return;
  for (; s.left_begin < end; ++s.left_begin) cold->remove(left_key(s, s.left_begin));
  if (const auto done = cold->flush(); !done) cold_failed(done.why());
}

/// What left memory before the cut and had changed, in the order in which it left. False: there is more.
bool store::impl::capture_left(keyed& s, std::size_t limit, record_writer& to) {
  while (s.left_begin < s.captured_end) {
    if (to.text.size() >= limit) return false;
    bool found = false;
    const auto got = cold->get({left_key(s, s.left_begin)}, [&](std::size_t, std::string_view records) {
      to.text += records;
      found = true;
    });
    WEIR_CHECK(got && found, "state on disk cannot be read for a cut: ", got ? std::string() : got.why().text());
    forget_left(s, s.left_begin + 1);
  }
  to.text += s.captured_left;
  s.captured_left.clear();
  to.forget_name_space();
  return true;
}

void store::spill(spill_options how) { impl_->spill = std::move(how); }
bool store::wants_cut() noexcept {
  impl& i = *impl_;
  return i.cuts && i.spill && !i.capturing && i.over_budget() > i.slack();
}
bool store::is_over_budget() noexcept { return impl_->spill && impl_->over_budget() > 0; }
bool store::is_jammed() { return impl_->is_jammed(); }
std::uint64_t store::cold_entries() const noexcept {
  std::uint64_t sum = 0;
  for (const keyed* s : impl_->states) sum += s->cold;
  return sum;
}

}  // namespace weir::state
