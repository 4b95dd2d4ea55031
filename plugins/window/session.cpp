#include "window/session.hpp"

#include <algorithm>
#include <cstring>

#include "window/slot_numbers.hpp"

namespace window {

using weir::shared::in_slot;

session::session(const weir::config& c)
    : gap_{c.get<weir::duration>("gap").count()},
      lateness_{c.get<weir::duration>("allowed_lateness").count()},
      results_{c, result_times::both} {
  if (gap_ <= 0 || gap_ > time_most / 4) throw c.error("gap", "must be longer than nothing, and no age of the world");
  if (lateness_ < 0 || lateness_ > time_most / 4)
    throw c.error("allowed_lateness", "must be at least 0, and no age of the world");
}

void session::bind(weir::binder& b) {
  weir::shared::value_layout layout;
  start_at_ = layout.add("session_start", weir::type::timestamp);
  last_at_ = layout.add("session_last", weir::type::timestamp);
  timer_at_ = layout.add("session_timer", weir::type::timestamp);
  older_at_ = layout.add("session_older", weir::type::int64);
  if (lateness_) told_at_ = layout.add("session_told", weir::type::int64);
  results_.bind(b, layout, {.side_space_at = &space_at_});
  if (b.first_error() != WEIR_OK) return;
  std::uint32_t next = 1 + static_cast<std::uint32_t>(results_.sides().size()), family = 0;
  weir::schema key, value;
  key.fields = {{.name = "start", .kind = weir::type::timestamp, .nullable = false}};
  value.fields = {{.name = "session", .kind = weir::type::binary, .nullable = false}};
  older_.declare(b, next,
                 {.name = "older", .kind = WEIR_STATE_MAP, .value = std::move(value), .map_key = std::move(key)});
  ends_.declare(b, family, "session_end", WEIR_TIMER_EVENT_TIME);
}

void session::open() {
  results_.open(host());
  older_.open(host());
  ends_.open(host());
}

void session::process(const weir::batch_view& batch, weir::batch_output& out) {
  const std::int64_t count = batch.row_count();
  if (count == 0) return;
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{"a session needs records with an event time: give the source a [watermark] with a field"};
  work_.begin(batch.raw());
  const std::uint32_t* const rows = work_.rows();
  std::int64_t least = times[rows[0]], most = least;
  for (std::int64_t k = 1; k < count; ++k) {
    const std::int64_t t = times[rows[k]];
    least = t < least ? t : least;
    most = t > most ? t : most;
  }
  const std::int64_t at = std::min(weir::detail::micros(watermark()), time_most);
  if (least <= time_least || most >= time_most || (at > time_least && least <= doubtful(at))) [[unlikely]]
    return part_late(batch, rows, count, at, out);
  take(batch, rows, count, batch.raw().rows);
}

// Rows up to here may be late, or fall into a session that was told: one that ended at the watermark or before took
// nothing later.
std::int64_t session::doubtful(std::int64_t watermark) const { return lateness_ ? watermark : watermark - gap_ + 1; }

void session::send_timers(const weir_batch& batch) {
  ends_.set(context(), batch, timer_rows_.data(), timer_times_.data(), static_cast<std::int64_t>(timer_rows_.size()));
  timer_rows_.clear();
  timer_times_.clear();
}

void session::take(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                   const std::uint32_t* given) {
  if (count == 0) return;
  results_.state().slots(context(), batch.raw(), given, count, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                         work_.slots());
  add(batch, rows, work_.slots(), count);
  send_timers(batch.raw());
}

void session::add(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot* const* slots,
                  std::int64_t count) {
  const std::int64_t* const times = batch.raw().event_time;
  const bool sides = results_.has_sides();
  if (sides) spaces_.resize(std::max(spaces_.size(), static_cast<std::size_t>(count)));
  std::int64_t from = 0;  // rows before are in their accumulators
  const auto flush = [&](std::int64_t to) {
    if (to > from) {
      const weir::aggregate::rows_in in{batch, rows + from, to - from};
      results_.fixed().update(in, slots + from);
      for (side_result* side : results_.sides()) side->update(context(), in, slots + from, spaces_.data() + from);
    }
    from = to;
  };
  for (std::int64_t k = 0; k < count; ++k) {
    weir_slot* const s = slots[k];
    const std::int64_t t = times[rows[k]];
    if (!(s->flags & WEIR_SLOT_PRESENT)) {
      begin_session(s, t);
      store(s, timer_at_, t + gap_ - 1);
      set_timer(rows[k], t + gap_ - 1);
    } else if (const std::int64_t start = load(s, start_at_), last = load(s, last_at_); t >= start && t < last + gap_)
        [[likely]] {
      if (t > last) store(s, last_at_, t);
    } else if (t < start && t > start - gap_ && load(s, older_at_) == 0) {
      store(s, start_at_, t);
    } else {
      flush(k);
      from = k + 1;
      add_apart(batch, rows[k], t, s, INT64_MIN);
      continue;
    }
    if (sides) spaces_[static_cast<std::size_t>(k)] = space_of(s);
  }
  flush(count);
}

void session::part_late(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                        std::int64_t watermark, weir::batch_output& out) {
  const std::int64_t* const times = batch.raw().event_time;
  std::uint32_t* const late = out.row_buffer(count);
  std::int64_t n = 0;
  on_time_.clear();
  begin_telling();
  // Rows before a doubtful one are added first: it may belong to a session that one of them has begun.
  const auto add_waiting = [&] {
    take(batch, on_time_.data(), static_cast<std::int64_t>(on_time_.size()), on_time_.data());
    on_time_.clear();
  };
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint32_t row = rows[k];
    const std::int64_t t = times[row];
    if (t <= time_least || t >= time_most) {
      out.dead_letter(batch, row, "the record has no event time that a session could hold");
      continue;
    }
    if (watermark <= time_least || t > doubtful(watermark)) {
      on_time_.push_back(row);
      continue;
    }
    add_waiting();
    weir_slot* slot = nullptr;
    results_.state().slots(context(), batch.raw(), &row, 1, nullptr, 0, &slot);
    // A session of its own would be gone; one that is still there may take it.
    if (t <= watermark - gap_ - lateness_ + 1 && is_late(slot, older_slot(batch.raw(), row, false), t)) {
      late[n++] = row;
      continue;
    }
    if (!lateness_) {
      on_time_.push_back(row);
      continue;
    }
    results_.state().slots(context(), batch.raw(), &row, 1, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &slot);
    add_apart(batch, row, t, slot, watermark);
    send_timers(batch.raw());
  }
  add_waiting();
  if (!told_.empty()) {
    std::vector<weir::column_view> keys;
    for (const std::uint32_t i : results_.key()) keys.push_back(batch.at(i));
    send(keys, out);
  }
  if (n) out.emit_rows(late_port, batch, late, n);
}

bool session::is_late(weir_slot* slot, weir_slot* older, std::int64_t t) {
  const auto takes = [&](const weir_slot* s) { return t < load(s, last_at_) + gap_ && t > load(s, start_at_) - gap_; };
  if (!slot || !(slot->flags & WEIR_SLOT_PRESENT)) return true;
  if (takes(slot)) return false;
  for (const copy& c : read_older(older))
    if (takes(slot_of(c))) return false;
  return true;
}

// The session of no row yet, from the time of its first one.
void session::begin_session(weir_slot* s, std::int64_t t) const {
  results_.fixed().start(s);
  store(s, start_at_, t);
  store(s, last_at_, t);
  store(s, timer_at_, INT64_MAX);
  store(s, older_at_, 0);
  if (told_at_) store(s, told_at_, 0);
  if (space_at_) store(s, space_at_, grid::floor_to(t, gap_, 0));
}

void session::add_apart(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, weir_slot* slot,
                        std::int64_t watermark) {
  weir_slot* const older = older_slot(batch.raw(), row, true);
  // All sessions of the key, oldest first: those that the row touches, and the others.
  std::vector<copy> all, touched, apart;
  const bool there = (slot->flags & WEIR_SLOT_PRESENT) != 0;
  if (there && load(slot, older_at_) != 0) all = read_older(older);
  for (const copy& c : all) remove_older(older, c);
  if (there) all.push_back(copy_of(slot));
  for (copy& c : all) {
    const std::int64_t start = load(slot_of(c), start_at_), last = load(slot_of(c), last_at_);
    (t < last + gap_ && t > start - gap_ ? touched : apart).push_back(std::move(c));
  }
  // What was told of them is taken back. The oldest comes last: it may be told again as the same session.
  for (auto c = touched.rbegin(); c != touched.rend(); ++c)
    if (was_told(slot_of(*c))) tell(batch.raw(), row, slot_of(*c), WEIR_DELETE);
  const bool same = !touched.empty() && was_told(slot_of(touched[0])) && t >= load(slot_of(touched[0]), start_at_);
  // They become one.
  copy own;
  if (touched.empty()) {
    own.assign((sizeof(weir_slot) + results_.fixed().value_size()) / 8, 0);
    begin_session(slot_of(own), t);
  } else {
    own = std::move(touched[0]);
  }
  weir_slot* const mine = slot_of(own);
  for (std::size_t i = 1; i < touched.size(); ++i) {
    const weir_slot* const s = slot_of(touched[i]);
    results_.fixed().merge(&mine, &s, 1);
    for (side_result* side : results_.sides()) side->move(context(), batch.raw(), row, space_of(s), space_of(mine));
    store(mine, last_at_, std::max(load(mine, last_at_), load(s, last_at_)));
    store(mine, timer_at_, std::min(load(mine, timer_at_), load(s, timer_at_)));
  }
  store(mine, start_at_, std::min(load(mine, start_at_), t));
  store(mine, last_at_, std::max(load(mine, last_at_), t));
  results_.update_one(context(), {batch, &row, 1}, mine, space_of(mine));
  // It may have ended already, or may no longer have.
  std::int64_t end = load(mine, last_at_) + gap_ - 1;
  const bool ended = end <= watermark;
  if (told_at_) store(mine, told_at_, ended);
  if (ended) {
    if (same) told_changes_.back() = WEIR_UPDATE_BEFORE;
    tell(batch.raw(), row, mine, same ? WEIR_UPDATE_AFTER : WEIR_INSERT);
    end += lateness_;
  }
  if (load(mine, timer_at_) > end) {
    store(mine, timer_at_, end);
    set_timer(row, end);
  }
  apart.push_back(std::move(own));
  std::sort(apart.begin(), apart.end(),
            [&](const copy& a, const copy& b) { return load(slot_of(a), start_at_) < load(slot_of(b), start_at_); });
  // The newest one in the slot.
  results_.fixed().start(slot);
  std::memcpy(in_slot(slot, sizeof(weir_slot)), apart.back().data() + 1, results_.fixed().value_size());
  store(slot, older_at_, static_cast<std::int64_t>(apart.size() - 1));
  for (std::size_t i = 0; i + 1 < apart.size(); ++i) put_older(older, apart[i]);
  if (apart.size() == 1) older_.clear(context(), older);
}

}  // namespace window
