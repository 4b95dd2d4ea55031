#include "window/pane_window.hpp"

#include <algorithm>
#include <cstring>

#include "weir/packed.hpp"

namespace window {

namespace {

std::int64_t positive(const weir::config& c, const char* name) {
  const auto us = c.get<weir::duration>(name).count();
  if (us <= 0) throw c.error(name, "must be longer than nothing");
  if (us > time_most / 4) throw c.error(name, "is too long");
  return us;
}
std::int64_t within(const weir::config& c, std::int64_t step) {
  const auto us = c.get<weir::duration>("offset").count();
  if (us < 0 || us >= step) throw c.error("offset", "must be at least 0 and shorter than the step between two windows");
  return us;
}
grid tumbling_grid(const weir::config& c) {
  const std::int64_t size = positive(c, "size");
  return {size, size, within(c, size)};
}
grid sliding_grid(const weir::config& c) {
  const std::int64_t size = positive(c, "size"), slide = positive(c, "slide");
  if (slide > size) throw c.error("slide", "is longer than the size: rows between two windows would be lost");
  if (size / std::gcd(size, slide) > 10'000)
    throw c.error("slide", "cuts a window into more than 10000 panes: choose a slide that divides the size");
  return {size, slide, within(c, slide)};
}

// Room for n elements; what is there stays.
template <class T>
T* room(std::vector<T>& v, std::int64_t n) {
  if (v.size() < static_cast<std::size_t>(n)) v.resize(static_cast<std::size_t>(n));
  return v.data();
}

}  // namespace

tumbling::tumbling(const weir::config& c) : pane_window{c, tumbling_grid(c)} {}
sliding::sliding(const weir::config& c) : pane_window{c, sliding_grid(c)} {}

pane_window::pane_window(const weir::config& c, grid g)
    : grid_{g}, lateness_{c.get<weir::duration>("allowed_lateness").count()}, results_{c, result_times::both, true} {
  if (lateness_ < 0 || lateness_ > time_most / 4)
    throw c.error("allowed_lateness", "must be at least 0, and no age of the world");
  if (lateness_ && results_.has_best_keys())
    throw c.error("best_keys", "has no meaning together with allowed_lateness: an update would be about other keys");
  if (lateness_ && is_given(c, "best_rows"))
    throw c.error("best_rows", "has no meaning together with allowed_lateness: an update has one row, not several");
}

void pane_window::bind(weir::binder& b) {
  keyed_ = !b.key().empty();
  weir::shared::value_layout layout;
  results_.bind(b, layout);
  groups_.bind(results_.key_fields(), results_.fixed().value_size());
}

void pane_window::open() {
  results_.open(host());
  // After a restore the clock stands where the cut was made.
  const std::int64_t at = weir::detail::micros(watermark());
  next_start_ = grid_.first_open(at);
  kept_start_ = grid_.first_open(at - (at > time_least ? lateness_ : 0));
}

void pane_window::save(std::string& to) const {
  weir::packed_row row;
  row.add(next_start_);
  row.add(kept_start_);
  to += row.bytes();
}
void pane_window::restore(std::string_view saved) {
  weir::packed_reader in{saved};
  next_start_ = std::max(next_start_, in.get<std::int64_t>());
  kept_start_ = std::max(kept_start_, in.get<std::int64_t>());
}

void pane_window::process(const weir::batch_view& batch, weir::batch_output& out) {
  std::int64_t count = batch.row_count();
  if (count == 0) return;
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{"a window needs records with an event time: give the source a [watermark] with a field"};
  work_.begin(batch.raw());
  const std::uint32_t* rows = work_.rows();
  const std::uint32_t* given = batch.raw().rows;  // what slots() is told: null for all
  std::int64_t least = times[rows[0]], most = least;
  for (std::int64_t k = 1; k < count; ++k) {
    const std::int64_t t = times[rows[k]];
    least = t < least ? t : least;
    most = t > most ? t : most;
  }
  if (least < kept_start_ || least <= time_least || most >= time_most) [[unlikely]] {
    part_late(batch, rows, count, out);
    rows = given = on_time_.data();
    count = static_cast<std::int64_t>(on_time_.size());
    if (count == 0) return;
  }
  // Rows in windows that have fired already: what those said is taken back.
  const bool changes = lateness_ && least < next_start_ + grid_.size - grid_.slide;
  if (changes) [[unlikely]] {
    find_changes(batch, rows, count);
    emit_changes(batch, out, true);
  }
  add_panes(times, rows, count);
  if (keyed_)
    add(batch, rows, count, given);
  else
    add_unkeyed(batch, rows, count);
  if (changes) [[unlikely]]
    emit_changes(batch, out, false);
}

void pane_window::part_late(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                            weir::batch_output& out) {
  const std::int64_t* const times = batch.raw().event_time;
  std::uint32_t* const late = out.row_buffer(count);
  std::int64_t n = 0;
  on_time_.clear();
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t t = times[rows[k]];
    if (t <= time_least || t >= time_most)
      out.dead_letter(batch, rows[k], "the record has no event time that a window could hold");
    else if (t < kept_start_)
      late[n++] = rows[k];
    else
      on_time_.push_back(rows[k]);
  }
  if (n) out.emit_rows(late_port, batch, late, n);
}

void pane_window::add_panes(const std::int64_t* times, const std::uint32_t* rows, std::int64_t count) {
  std::int64_t* const panes = room(panes_, count);
  std::int64_t pane = grid_.pane_of(times[rows[0]]);
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t t = times[rows[k]];
    if (static_cast<std::uint64_t>(t - pane) >= static_cast<std::uint64_t>(grid_.pane)) [[unlikely]]
      pane = grid_.pane_of(t);
    panes[k] = pane;
  }
}

void pane_window::add(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                      const std::uint32_t* given) {
  weir_slot** const slots = work_.slots();
  results_.state().slots(context(), batch.raw(), given, count, panes_.data(), WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                         slots);
  results_.update(context(), {batch, rows, count}, slots, panes_.data());
}

void pane_window::add_unkeyed(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count) {
  // One slot for a stretch of rows in one pane.
  for (std::int64_t from = 0; from < count;) {
    std::int64_t to = from + 1;
    while (to < count && panes_[static_cast<std::size_t>(to)] == panes_[static_cast<std::size_t>(from)]) ++to;
    weir_slot* slot = nullptr;
    results_.state().slots(context(), batch.raw(), rows + from, 1, panes_.data() + from,
                           WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &slot);
    results_.update_one(context(), {batch, rows + from, to - from}, slot, panes_[static_cast<std::size_t>(from)]);
    from = to;
  }
}

void pane_window::on_watermark(weir::time at, weir::batch_output& out) {
  const std::int64_t us = weir::detail::micros(at);
  const std::int64_t open = grid_.first_open(us);
  if (open > next_start_) {
    // The panes that are there say which windows are.
    std::int64_t from = next_start_, pane = 0;
    while (results_.state().next_name_space(context(), from, pane)) {
      const std::int64_t start = std::max(grid_.first_window(pane), next_start_);
      if (start >= open) break;
      fire(start, out);
      next_start_ = start + grid_.slide;
      if (!lateness_) drop_panes(next_start_);
      from = next_start_;
    }
    next_start_ = open;
  }
  const std::int64_t kept = us >= time_most    ? INT64_MAX
                            : us <= time_least ? INT64_MIN
                                               : grid_.first_open(us - lateness_);
  if (kept > kept_start_) {
    kept_start_ = kept;
    drop_panes(kept);
  }
}

void pane_window::drop_panes(std::int64_t first_kept) {
  std::int64_t pane = 0;
  while (results_.state().next_name_space(context(), INT64_MIN, pane) && pane < first_kept)
    results_.drop(context(), pane);
}

void pane_window::fire(std::int64_t start, weir::batch_output& out) {
  if (grid_.pane == grid_.size && !results_.has_best_keys()) {
    fire_directly(start, out);
    return;
  }
  groups_.clear();
  for (side_result* s : results_.sides()) s->begin();
  const auto& state = results_.state();
  std::int64_t pane = start;
  for (std::int64_t from = start; state.next_name_space(context(), from, pane) && pane < start + grid_.size;
       from = pane + 1) {
    std::uint64_t cursor = 0;
    do {
      const weir_batch* keys = nullptr;
      weir_slot** slots = nullptr;
      const std::int64_t count = state.scan(context(), pane, cursor, keys, slots);
      if (!count) continue;
      std::vector<weir::column_view> columns;
      for (std::size_t i = 0; i < results_.key_fields().size(); ++i)
        columns.emplace_back(results_.key_fields()[i], *keys->columns[i]);
      std::uint32_t* const rows = room(part_rows_, count);
      for (std::int64_t k = 0; k < count; ++k) rows[k] = keys->rows ? keys->rows[k] : static_cast<std::uint32_t>(k);
      std::uint32_t* const ids = room(ids_, count);
      const std::int64_t known = groups_.size();
      groups_.find_or_add(columns, keys->key_hash, rows, count, ids);
      // New groups start as what they are merged with.
      weir_slot** const into = room(into_, count);
      weir_slot** const from_slots = room(from_, count);
      std::int64_t n = 0, fresh = known;
      for (std::int64_t k = 0; k < count; ++k) {
        weir_slot* const to = groups_.slot(ids[k]);
        if (ids[k] >= fresh) {
          ++fresh;
          std::memcpy(to, slots[k], sizeof(weir_slot) + results_.fixed().value_size());
        } else {
          into[n] = to;
          from_slots[n++] = slots[k];
        }
      }
      results_.fixed().merge(into, from_slots, n);
      for (side_result* s : results_.sides()) s->collect(context(), *keys, rows, count, pane, ids, groups_.size());
    } while (cursor != 0);
  }
  emit_groups(start, out);
}

void pane_window::emit_groups(std::int64_t start, weir::batch_output& out) {
  const std::int64_t all = groups_.size();
  if (!all) return;
  for (side_result* s : results_.sides()) s->finish();
  group_slots_.clear();
  for (std::int64_t g = 0; g < all; ++g) group_slots_.push_back(groups_.slot(static_cast<std::uint32_t>(g)));
  chosen_.clear();
  if (results_.has_best_keys()) {
    results_.pick_best(group_slots_, chosen_);
    for (std::size_t i = 0; i < chosen_.size(); ++i) group_slots_[i] = group_slots_[chosen_[i]];
  } else {
    for (std::int64_t g = 0; g < all; ++g) chosen_.push_back(static_cast<std::uint32_t>(g));
  }
  const auto keys = groups_.keys();
  starts_.assign(chosen_.size(), start);
  ends_.assign(chosen_.size(), start + grid_.size);
  results_.emit(out, {&keys, chosen_.data(), group_slots_.data(), starts_.data(), ends_.data(), chosen_.data(),
                      static_cast<std::int64_t>(chosen_.size())});
}

// A window of one pane: what the scan shows is the result.
void pane_window::fire_directly(std::int64_t start, weir::batch_output& out) {
  std::uint64_t cursor = 0;
  do {
    const weir_batch* keys = nullptr;
    weir_slot** slots = nullptr;
    const std::int64_t count = results_.state().scan(context(), start, cursor, keys, slots);
    if (!count) continue;
    std::vector<weir::column_view> columns;
    for (std::size_t i = 0; i < results_.key_fields().size(); ++i)
      columns.emplace_back(results_.key_fields()[i], *keys->columns[i]);
    std::uint32_t* const rows = room(part_rows_, count);
    std::uint32_t* const ids = room(ids_, count);
    for (std::int64_t k = 0; k < count; ++k) {
      rows[k] = keys->rows ? keys->rows[k] : static_cast<std::uint32_t>(k);
      ids[k] = static_cast<std::uint32_t>(k);
    }
    for (side_result* s : results_.sides()) {
      s->begin();
      s->collect(context(), *keys, rows, count, start, ids, count);
      s->finish();
    }
    starts_.assign(static_cast<std::size_t>(count), start);
    ends_.assign(static_cast<std::size_t>(count), start + grid_.size);
    results_.emit(out, {&columns, rows, slots, starts_.data(), ends_.data(), ids, count});
  } while (cursor != 0);
}

std::vector<weir::column_view> pane_window::key_columns(const weir::batch_view& batch) const {
  std::vector<weir::column_view> out;
  for (const std::uint32_t i : results_.key()) out.push_back(batch.at(i));
  return out;
}

void pane_window::find_changes(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count) {
  changes_.clear();
  const std::int64_t* const times = batch.raw().event_time;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t t = times[rows[k]];
    const std::int64_t last = std::min(grid_.last_window(t), next_start_ - grid_.slide);
    for (std::int64_t start = std::max(grid_.first_window(grid_.pane_of(t)), kept_start_); start <= last;
         start += grid_.slide) {
      auto at = std::find_if(changes_.begin(), changes_.end(), [&](const change& c) { return c.start == start; });
      if (at == changes_.end()) at = changes_.insert(at, {start, {}, {}});
      at->rows.push_back(rows[k]);
    }
  }
}

// The results of the changed keys of one window as they are now, in groups_. there: by group, whether it has one.
void pane_window::gather(const weir::batch_view& batch, const change& c, std::vector<std::uint8_t>& there) {
  groups_.clear();
  for (side_result* s : results_.sides()) s->begin();
  std::vector<std::uint32_t> first;  // a row of each group
  for (const std::uint32_t row : c.rows) {
    std::uint32_t id = 0;
    groups_.find_or_add(key_columns(batch), batch.raw().key_hash, &row, 1, &id);
    if (id == first.size()) first.push_back(row);
  }
  const auto count = static_cast<std::int64_t>(first.size());
  there.assign(first.size(), 0);
  std::uint32_t* const ids = room(ids_, count);
  for (std::int64_t k = 0; k < count; ++k) ids[k] = static_cast<std::uint32_t>(k);
  weir_slot** const found = room(from_, count);
  std::vector<std::int64_t> spaces(first.size());
  std::int64_t pane = c.start;
  for (std::int64_t from = c.start;
       results_.state().next_name_space(context(), from, pane) && pane < c.start + grid_.size; from = pane + 1) {
    std::fill(spaces.begin(), spaces.end(), pane);
    results_.state().slots(context(), batch.raw(), first.data(), count, spaces.data(), 0, found);
    for (std::int64_t k = 0; k < count; ++k) {
      weir_slot* const to = groups_.slot(static_cast<std::uint32_t>(k));
      if (!found[k] || !(found[k]->flags & WEIR_SLOT_PRESENT)) continue;
      if (there[static_cast<std::size_t>(k)])
        results_.fixed().merge(&to, found + k, 1);
      else
        std::memcpy(to, found[k], sizeof(weir_slot) + results_.fixed().value_size());
      there[static_cast<std::size_t>(k)] = 1;
    }
    for (side_result* s : results_.sides()) s->collect(context(), batch.raw(), first.data(), count, pane, ids, count);
  }
  for (side_result* s : results_.sides()) s->finish();
}

void pane_window::emit_changes(const weir::batch_view& batch, weir::batch_output& out, bool before) {
  for (change& c : changes_) {
    std::vector<std::uint8_t> there;
    gather(batch, c, there);
    if (before) c.told = there;
    const auto keys = groups_.keys();
    const auto send = [&](std::uint8_t told, std::uint8_t kind) {
      chosen_.clear();
      group_slots_.clear();
      for (std::uint32_t g = 0; g < there.size(); ++g)
        if (there[g] && c.told[g] == told) {
          chosen_.push_back(g);
          group_slots_.push_back(groups_.slot(g));
        }
      if (chosen_.empty()) return;
      starts_.assign(chosen_.size(), c.start);
      ends_.assign(chosen_.size(), c.start + grid_.size);
      results_.emit(out, {&keys, chosen_.data(), group_slots_.data(), starts_.data(), ends_.data(), chosen_.data(),
                          static_cast<std::int64_t>(chosen_.size()), kind});
    };
    if (before) {
      send(1, WEIR_UPDATE_BEFORE);
    } else {
      send(1, WEIR_UPDATE_AFTER);
      send(0, WEIR_INSERT);
    }
  }
}

}  // namespace window
