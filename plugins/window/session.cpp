#include "window/session.hpp"

#include <algorithm>
#include <cstring>

namespace window {

using weir::shared::in_slot;

namespace {

std::int64_t load(const weir_slot* s, std::uint32_t at) {
  std::int64_t v;
  std::memcpy(&v, in_slot(s, at), sizeof v);
  return v;
}
void store(weir_slot* s, std::uint32_t at, std::int64_t v) { std::memcpy(in_slot(s, at), &v, sizeof v); }
weir_slot* slot_of(std::vector<std::uint64_t>& c) { return reinterpret_cast<weir_slot*>(c.data()); }
const weir_slot* slot_of(const std::vector<std::uint64_t>& c) { return reinterpret_cast<const weir_slot*>(c.data()); }

}  // namespace

session::session(const weir::config& c) : gap_{c.get<weir::duration>("gap").count()}, results_{c, result_times::both} {
  if (gap_ <= 0 || gap_ > time_most / 4) throw c.error("gap", "must be longer than nothing, and no age of the world");
}

void session::bind(weir::binder& b) {
  weir::shared::value_layout layout;
  start_at_ = layout.add("session_start", weir::type::timestamp);
  last_at_ = layout.add("session_last", weir::type::timestamp);
  timer_at_ = layout.add("session_timer", weir::type::timestamp);
  older_at_ = layout.add("session_older", weir::type::int64);
  results_.bind(b, layout);
  if (b.first_error() != WEIR_OK) return;
  std::uint32_t next = 1, family = 0;
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
  if (least <= time_least || most >= time_most || (at > time_least && least <= at - gap_ + 1)) [[unlikely]]
    return part_late(batch, rows, count, at, out);
  take(batch, rows, count, batch.raw().rows);
}

void session::take(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                   const std::uint32_t* given) {
  if (count == 0) return;
  results_.state().slots(context(), batch.raw(), given, count, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                         work_.slots());
  add(batch, rows, work_.slots(), count);
  ends_.set(context(), batch.raw(), timer_rows_.data(), timer_times_.data(),
            static_cast<std::int64_t>(timer_rows_.size()));
  timer_rows_.clear();
  timer_times_.clear();
}

void session::add(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot* const* slots,
                  std::int64_t count) {
  const std::int64_t* const times = batch.raw().event_time;
  std::int64_t from = 0;  // rows before are in their accumulators
  const auto flush = [&](std::int64_t to) {
    if (to > from) results_.fixed().update({batch, rows + from, to - from}, slots + from);
    from = to;
  };
  for (std::int64_t k = 0; k < count; ++k) {
    weir_slot* const s = slots[k];
    const std::int64_t t = times[rows[k]];
    if (!(s->flags & WEIR_SLOT_PRESENT)) {
      results_.fixed().start(s);
      store(s, start_at_, t);
      store(s, last_at_, t);
      store(s, timer_at_, t + gap_ - 1);
      store(s, older_at_, 0);
      set_timer(rows[k], t + gap_ - 1);
      continue;
    }
    const std::int64_t start = load(s, start_at_), last = load(s, last_at_);
    if (t >= start && t < last + gap_) [[likely]] {
      if (t > last) store(s, last_at_, t);
    } else if (t < start && t > start - gap_ && load(s, older_at_) == 0) {
      store(s, start_at_, t);
    } else {
      flush(k);
      from = k + 1;
      add_apart(batch, rows[k], t, s);
    }
  }
  flush(count);
}

weir_slot* session::older_slot(const weir_batch& batch, std::uint32_t row, bool create) {
  weir_slot* out = nullptr;
  older_.slots(context(), batch, &row, 1, nullptr, create ? WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH : 0, &out);
  return out;
}

std::vector<session::copy> session::read_older(weir_slot* older) {
  std::vector<copy> out;
  std::string after;
  std::string_view key, value;
  for (bool more = older && older_.map_next(context(), older, {}, key, value); more;
       more = older_.map_next(context(), older, after, key, value)) {
    weir::packed_reader in{value};
    const std::string bytes = in.get<weir::bytes>().value;
    copy one((bytes.size() + 7) / 8);
    std::memcpy(one.data(), bytes.data(), bytes.size());
    out.push_back(std::move(one));
    after = key;
  }
  return out;
}

void session::add_apart(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, weir_slot* slot) {
  const std::size_t size = sizeof(weir_slot) + results_.fixed().value_size();
  const auto copy_of = [&](const weir_slot* s) {
    copy c(size / 8);
    std::memcpy(c.data(), s, size);
    return c;
  };
  weir_slot* const older = older_slot(batch.raw(), row, true);
  // All sessions of the key, oldest first, and the row as a session of its own.
  std::vector<copy> all = read_older(older);
  for (const copy& c : all) {
    weir::packed_key key;
    key.add(load(slot_of(c), start_at_));
    older_.map_remove(context(), older, key.bytes());
  }
  all.push_back(copy_of(slot));
  copy own(size / 8, 0);
  weir_slot* const mine = slot_of(own);
  results_.fixed().start(mine);
  store(mine, start_at_, t);
  store(mine, last_at_, t);
  store(mine, timer_at_, INT64_MAX);
  results_.fixed().update_one({batch, &row, 1}, mine);
  // What touches it is merged, in the order of time.
  std::vector<copy> apart;
  for (copy& c : all) {
    weir_slot* const s = slot_of(c);
    const std::int64_t start = load(s, start_at_), last = load(s, last_at_);
    if (t >= last + gap_ || t <= start - gap_) {
      apart.push_back(std::move(c));
      continue;
    }
    const weir_slot* from = s;
    results_.fixed().merge(&mine, &from, 1);
    store(mine, start_at_, std::min(load(mine, start_at_), start));
    store(mine, last_at_, std::max(load(mine, last_at_), last));
    store(mine, timer_at_, std::min(load(mine, timer_at_), load(s, timer_at_)));
  }
  if (load(mine, timer_at_) == INT64_MAX) {
    store(mine, timer_at_, t + gap_ - 1);
    set_timer(row, t + gap_ - 1);
  }
  apart.push_back(std::move(own));
  std::sort(apart.begin(), apart.end(),
            [&](const copy& a, const copy& b) { return load(slot_of(a), start_at_) < load(slot_of(b), start_at_); });
  const auto keep_header = [&](const copy& c) {
    std::memcpy(in_slot(slot, sizeof(weir_slot)), c.data() + 1, size - sizeof(weir_slot));
  };
  keep_header(apart.back());
  store(slot, older_at_, static_cast<std::int64_t>(apart.size() - 1));
  for (std::size_t i = 0; i + 1 < apart.size(); ++i) {
    weir::packed_key key;
    key.add(load(slot_of(apart[i]), start_at_));
    weir::packed_row value;
    value.add(weir::bytes_view{reinterpret_cast<const char*>(apart[i].data()), size});
    older_.map_put(context(), older, key.bytes(), value.bytes());
  }
  if (apart.size() == 1) older_.clear(context(), older);
}

bool session::is_late(weir_slot* slot, weir_slot* older, std::int64_t t) {
  const auto takes = [&](const weir_slot* s) { return t < load(s, last_at_) + gap_ && t > load(s, start_at_) - gap_; };
  if (!slot || !(slot->flags & WEIR_SLOT_PRESENT)) return true;
  if (takes(slot)) return false;
  for (const copy& c : read_older(older))
    if (takes(slot_of(c))) return false;
  return true;
}

void session::part_late(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                        std::int64_t watermark, weir::batch_output& out) {
  const std::int64_t* const times = batch.raw().event_time;
  std::uint32_t* const late = out.row_buffer(count);
  std::int64_t n = 0;
  on_time_.clear();
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
    if (watermark > time_least && t <= watermark - gap_ + 1) {
      // A session of its own would have ended; one that is still open may take it.
      add_waiting();
      weir_slot* slot = nullptr;
      results_.state().slots(context(), batch.raw(), &row, 1, nullptr, 0, &slot);
      if (is_late(slot, older_slot(batch.raw(), row, false), t)) {
        late[n++] = row;
        continue;
      }
    }
    on_time_.push_back(row);
  }
  add_waiting();
  if (n) out.emit_rows(late_port, batch, late, n);
}

void session::keep(std::uint32_t row, const weir_slot* s) {
  const std::size_t size = sizeof(weir_slot) + results_.fixed().value_size();
  ended_rows_.push_back(row);
  ended_.emplace_back(size / 8);
  std::memcpy(ended_.back().data(), s, size);
}

void session::end_sessions(const weir::batch_view& fired, std::uint32_t row, weir_slot* slot, std::int64_t watermark) {
  const auto ended = [&](const weir_slot* s) { return load(s, last_at_) + gap_ - 1 <= watermark; };
  // A session whose timer has fired but that has grown since.
  const auto again = [&](weir_slot* s) {
    if (load(s, timer_at_) > watermark) return false;
    store(s, timer_at_, load(s, last_at_) + gap_ - 1);
    set_timer(row, load(s, timer_at_));
    return true;
  };
  if (load(slot, older_at_) == 0) {
    if (ended(slot)) {
      keep(row, slot);
      results_.state().clear(context(), slot);
    } else {
      again(slot);
    }
    return;
  }
  weir_slot* const older = older_slot(fired.raw(), row, true);
  std::int64_t left = 0;
  copy newest;
  for (copy& c : read_older(older)) {
    weir_slot* const s = slot_of(c);
    weir::packed_key key;
    key.add(load(s, start_at_));
    if (ended(s)) {
      keep(row, s);
      older_.map_remove(context(), older, key.bytes());
      continue;
    }
    ++left;
    if (again(s)) {
      weir::packed_row value;
      value.add(weir::bytes_view{reinterpret_cast<const char*>(c.data()), c.size() * 8});
      older_.map_put(context(), older, key.bytes(), value.bytes());
    }
  }
  // Sessions do not touch, so when the newest has ended all before it have.
  if (ended(slot)) {
    keep(row, slot);
    results_.state().clear(context(), slot);
  } else {
    again(slot);
    store(slot, older_at_, left);
  }
  if (left == 0) older_.clear(context(), older);
}

void session::on_timers(std::uint32_t, const weir::batch_view& fired, weir::batch_output& out) {
  const std::int64_t at = std::min(weir::detail::micros(watermark()), time_most);
  const std::int64_t count = fired.row_count();
  work_.begin(fired.raw());
  const std::uint32_t* const rows = work_.rows();
  weir_slot** const slots = work_.slots();
  results_.state().slots(context(), fired.raw(), fired.raw().rows, count, nullptr, WEIR_SLOTS_TOUCH, slots);
  ended_rows_.clear();
  ended_.clear();
  for (std::int64_t k = 0; k < count; ++k)
    if (slots[k] && (slots[k]->flags & WEIR_SLOT_PRESENT)) end_sessions(fired, rows[k], slots[k], at);
  ends_.set(context(), fired.raw(), timer_rows_.data(), timer_times_.data(),
            static_cast<std::int64_t>(timer_rows_.size()));
  timer_rows_.clear();
  timer_times_.clear();
  if (ended_.empty()) return;
  std::vector<weir::column_view> keys;
  for (std::size_t i = 0; i < results_.key_fields().size(); ++i)
    keys.emplace_back(results_.key_fields()[i], *fired.raw().columns[i]);
  std::vector<const weir_slot*> ended;
  std::vector<std::int64_t> starts, ends;
  for (const copy& c : ended_) {
    ended.push_back(slot_of(c));
    starts.push_back(load(ended.back(), start_at_));
    ends.push_back(load(ended.back(), last_at_) + gap_);
  }
  results_.emit(out, {&keys, ended_rows_.data(), ended.data(), starts.data(), ends.data(), ended_rows_.data(),
                      static_cast<std::int64_t>(ended.size())});
}

}  // namespace window
