#include "keyed/deadline.hpp"

#include <algorithm>
#include <cstring>

#include "shared/columns.hpp"

namespace keyed {

using weir::shared::in_slot;

namespace {

constexpr std::int64_t time_least = -(std::int64_t{1} << 61), time_most = std::int64_t{1} << 61;

std::int64_t load(const weir_slot* s, std::uint32_t at) {
  std::int64_t v;
  std::memcpy(&v, in_slot(s, at), sizeof v);
  return v;
}
void store(weir_slot* s, std::uint32_t at, std::int64_t v) { std::memcpy(in_slot(s, at), &v, sizeof v); }

}  // namespace

deadline::deadline(const weir::config& c)
    : remember_{c.get<weir::duration>("remember").count()},
      restart_{c.get<std::string>("repeat") == "restart"},
      columns_{c.get<std::vector<std::string>>("columns")} {
  if (c.has("within") == c.has("until"))
    throw c.error("within", "name either `within`, a time, or `until`, a column of the first input that says when");
  if (c.has("until")) {
    until_ = c.get<std::string>("until");
  } else {
    within_ = c.get<weir::duration>("within").count();
  }
  if (until_.empty() && (within_ <= 0 || within_ > time_most / 4))
    throw c.error("within", "must be longer than nothing, and no age of the world");
  if (remember_ < 0 || remember_ > time_most / 4)
    throw c.error("remember", "must not be negative, and no age of the world");
}

void deadline::bind(weir::binder& b) {
  for (std::uint32_t i = 0; i < 2; ++i)
    if (b.key(i).empty())
      b.error(WEIR_E_CONFIG, "",
              "input '" + b.input_name(i) +
                  "' needs a key: give the operator `exchange = { kind = \"hash\", key = \"...\" }`");
  if (b.first_error() != WEIR_OK) return;
  if (!until_.empty()) {
    until_column_ = b.input().find(until_);
    if (until_column_ < 0)
      b.error(WEIR_E_CONFIG, "until", "there is no column '" + until_ + "'" + b.input().hint(until_));
    else if (b.input()[static_cast<std::size_t>(until_column_)].kind != weir::type::timestamp)
      b.error(WEIR_E_CONFIG, "until", "the column '" + until_ + "' is no timestamp");
  }
  second_fields_ = b.input(1).fields;
  weir::schema out;
  for (const std::uint32_t i : b.key()) key_fields_.push_back(b.input()[i]);
  out.fields = key_fields_;
  out.fields.push_back({.name = "started_at", .kind = weir::type::timestamp, .nullable = false});
  out.fields.push_back({.name = "deadline", .kind = weir::type::timestamp, .nullable = false});
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const int found = b.input().find(columns_[i]);
    const std::string option = "columns[" + std::to_string(i) + "]";
    if (found < 0) {
      b.error(WEIR_E_CONFIG, option, "there is no column '" + columns_[i] + "'" + b.input().hint(columns_[i]));
      continue;
    }
    if (out.find(columns_[i]) >= 0) {
      b.error(WEIR_E_CONFIG, option,
              "a breach has a column '" + columns_[i] + "' already: leave it out, or rename it with std.project");
      continue;
    }
    shown_.push_back(static_cast<std::size_t>(found));
    shown_fields_.push_back(b.input()[shown_.back()]);
    out.fields.push_back(shown_fields_.back());
  }
  if (b.first_error() != WEIR_OK) return;
  weir::shared::value_layout layout;
  status_at_ = layout.add("status", weir::type::int64);
  started_at_ = layout.add("started_at", weir::type::timestamp);
  until_at_ = layout.add("until", weir::type::timestamp);
  std::uint32_t next = 0, family = 0;
  state_.declare(b, next, {.name = "waiting", .value = layout.fields(), .value_size = layout.size()});
  if (!shown_.empty()) rows_.declare(b, next, {.name = "started", .kind = WEIR_STATE_BYTES, .value = {shown_fields_}});
  early_rows_.declare(b, next, {.name = "early", .kind = WEIR_STATE_BYTES, .value = {second_fields_}});
  ends_.declare(b, family, "deadline", WEIR_TIMER_EVENT_TIME);
  forgets_.declare(b, family, "forget", WEIR_TIMER_EVENT_TIME);
  b.output("", std::move(out));
  b.output_like_input("late_completion", 1);
  b.output_like_input("completed", 1);
}

void deadline::open() {
  state_.open(host());
  if (!shown_.empty()) rows_.open(host());
  early_rows_.open(host());
  ends_.open(host());
  forgets_.open(host());
}

// A at t. until: of an open one its deadline, else the time it is forgotten at, of an early B its own time.
void deadline::begin(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, std::int64_t until,
                     weir_slot* s) {
  std::int64_t status = s->flags & WEIR_SLOT_PRESENT ? load(s, status_at_) : idle;
  if (status == open_ || status == overtaken) {
    if (!restart_ || t <= load(s, started_at_)) return;
    stale_timers_.add(row, load(s, until_at_));
    status = idle;
  }
  if (status == early) {
    const std::int64_t done = load(s, until_at_);
    if (done >= t && done <= until) {
      release(batch, row, done, completed_port);
      return state_.clear(context(), s);
    }
    release(batch, row, done, done > until ? late_port : 0);
    status = done > until ? overtaken : open_;
  } else {
    status = open_;
  }
  s->flags |= WEIR_SLOT_PRESENT;
  store(s, status_at_, status);
  store(s, started_at_, t);
  store(s, until_at_, until);
  end_timers_.add(row, until);
  if (shown_.empty()) return;
  weir_slot* kept = nullptr;
  rows_.slots(context(), batch.raw(), &row, 1, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &kept);
  weir::packed_row bytes;
  for (const std::size_t i : shown_) bytes.add(batch.at(i), row);
  rows_.put(context(), kept, bytes.bytes());
}

void deadline::forget(weir_slot* s, const weir_batch& batch, std::uint32_t row) {
  state_.clear(context(), s);
  if (shown_.empty()) return;
  weir_slot* kept = nullptr;
  rows_.slots(context(), batch, &row, 1, nullptr, WEIR_SLOTS_TOUCH, &kept);
  if (kept) rows_.clear(context(), kept);
}

void deadline::release(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, std::uint32_t port) {
  weir_slot* kept = nullptr;
  early_rows_.slots(context(), batch.raw(), &row, 1, nullptr, WEIR_SLOTS_TOUCH, &kept);
  if (!kept) throw weir::plugin_error{"the state lost a row that came before its start"};
  if (port != 0) released_.push_back({std::string{early_rows_.get(context(), kept)}, t, row, port});
  early_rows_.clear(context(), kept);
}

void deadline::emit_released(std::uint32_t port, weir::batch_output& out) {
  const auto n = std::ranges::count(released_, port, &released::port);
  if (n == 0) return;
  auto to = out.build(port, n);
  to.reserve(n);
  std::int64_t k = 0;
  std::int64_t* const times = to.times();
  std::uint32_t* const parents = to.parents();
  for (const auto& r : released_) {
    if (r.port != port) continue;
    weir::packed_reader in{r.bytes};
    for (std::size_t i = 0; i < second_fields_.size(); ++i) in.append_to(to[i], second_fields_[i]);
    times[k] = r.at;
    parents[k++] = r.parent;
  }
  to.emit(n);
}

std::uint32_t deadline::complete(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, weir_slot* s) {
  const std::int64_t status = s->flags & WEIR_SLOT_PRESENT ? load(s, status_at_) : idle;
  switch (status) {
    case open_:
      if (t < load(s, started_at_)) return 0;  // it does not follow
      if (t > load(s, until_at_)) {
        store(s, status_at_, overtaken);
        return late_port;
      }
      stale_timers_.add(row, load(s, until_at_));
      forget(s, batch.raw(), row);
      return completed_port;
    case breached:
      if (t < load(s, started_at_)) return 0;
      state_.clear(context(), s);
      return late_port;
    case overtaken:
      return 0;
    default: {
      if (status == early && load(s, until_at_) >= t) return 0;
      s->flags |= WEIR_SLOT_PRESENT;
      store(s, status_at_, early);
      store(s, started_at_, t);
      store(s, until_at_, t);
      forget_timers_.add(row, t);
      weir_slot* kept = nullptr;
      early_rows_.slots(context(), batch.raw(), &row, 1, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &kept);
      weir::packed_row bytes;
      for (std::size_t i = 0; i < second_fields_.size(); ++i) bytes.add(batch.at(i), row);
      early_rows_.put(context(), kept, bytes.bytes());
      return 0;
    }
  }
}

void deadline::set_timers(const weir_batch& batch) {
  const auto each = [&](timers& t, auto&& call) {
    call(t.rows.data(), t.times.data(), static_cast<std::int64_t>(t.rows.size()));
    t.rows.clear();
    t.times.clear();
  };
  each(stale_timers_, [&](auto* rows, auto* times, std::int64_t n) { ends_.clear(context(), batch, rows, times, n); });
  each(end_timers_, [&](auto* rows, auto* times, std::int64_t n) { ends_.set(context(), batch, rows, times, n); });
  each(forget_timers_,
       [&](auto* rows, auto* times, std::int64_t n) { forgets_.set(context(), batch, rows, times, n); });
}

void deadline::process(const weir::batch_view& batch, weir::batch_output& out) {
  const std::int64_t count = batch.row_count();
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{"a deadline needs records with an event time: give the source a [watermark] with a field"};
  work_.begin(batch.raw());
  weir_slot** const slots = work_.slots();
  state_.slots(context(), batch.raw(), batch.raw().rows, count, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, slots);
  std::vector<std::uint32_t> late, completed;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint32_t row = work_.rows()[k];
    const std::int64_t t = times[row];
    if (t <= time_least || t >= time_most) {
      out.dead_letter(batch, row, "the record has no event time that a deadline could count from");
    } else if (batch.port() == 0) {
      // Timers of rows before it in this batch are set first: a key may begin and begin anew.
      std::int64_t until = t + within_;
      if (until_column_ >= 0) {
        const weir::column_view column = batch.at(static_cast<std::size_t>(until_column_));
        until = column.null(row) ? time_least : column.value<std::int64_t>(row);
      }
      if (until < t || until >= time_most)
        out.dead_letter(batch, row, "the deadline in '" + until_ + "' is not there, or before the record's event time");
      else
        begin(batch, row, t, until, slots[k]);
    } else if (const std::uint32_t port = complete(batch, row, t, slots[k]); port != 0) {
      (port == late_port ? late : completed).push_back(row);
    }
    if (!stale_timers_.rows.empty()) set_timers(batch.raw());
  }
  set_timers(batch.raw());
  if (!released_.empty()) {
    emit_released(completed_port, out);
    emit_released(late_port, out);
    released_.clear();
  }
  if (!late.empty()) out.emit_rows(late_port, batch, late.data(), static_cast<std::int64_t>(late.size()));
  if (!completed.empty())
    out.emit_rows(completed_port, batch, completed.data(), static_cast<std::int64_t>(completed.size()));
}

void deadline::on_timers(std::uint32_t family, const weir::batch_view& fired, weir::batch_output& out) {
  const std::int64_t count = fired.row_count();
  work_.begin(fired.raw());
  const std::uint32_t* const rows = work_.rows();
  weir_slot** const slots = work_.slots();
  state_.slots(context(), fired.raw(), fired.raw().rows, count, nullptr, WEIR_SLOTS_TOUCH, slots);
  std::vector<std::uint32_t> missed;
  std::vector<std::int64_t> started, due;
  std::vector<weir_slot*> ended;
  for (std::int64_t k = 0; k < count; ++k) {
    weir_slot* const s = slots[k];
    if (!s || !(s->flags & WEIR_SLOT_PRESENT)) continue;
    const std::int64_t at = fired.raw().event_time[rows[k]], status = load(s, status_at_);
    if (load(s, until_at_) != at) continue;  // of an earlier turn
    if (family != 0) {
      if (status == early) {
        weir_slot* kept = nullptr;
        early_rows_.slots(context(), fired.raw(), &rows[k], 1, nullptr, WEIR_SLOTS_TOUCH, &kept);
        if (kept) early_rows_.clear(context(), kept);
      }
      if (status == early || status == breached) state_.clear(context(), s);
      continue;
    }
    if (status != open_ && status != overtaken) continue;
    missed.push_back(rows[k]);
    started.push_back(load(s, started_at_));
    due.push_back(at);
    if (status == open_ && remember_ > 0) {
      store(s, status_at_, breached);
      store(s, until_at_, at + remember_);
      forget_timers_.add(rows[k], at + remember_);
    } else {
      ended.push_back(s);
    }
  }
  if (!missed.empty()) {
    const auto n = static_cast<std::int64_t>(missed.size());
    auto to = out.build(0, n);
    to.reserve(n);
    std::size_t column = 0;
    for (; column < key_fields_.size(); ++column)
      weir::shared::copy_rows({key_fields_[column], *fired.raw().columns[column]}, missed.data(), n, to[column]);
    for (const std::int64_t t : started) to[column].append(t);
    for (const std::int64_t t : due) to[column + 1].append(t);
    if (!shown_.empty()) {
      std::vector<weir_slot*> kept(missed.size());
      rows_.slots(context(), fired.raw(), missed.data(), n, nullptr, WEIR_SLOTS_TOUCH, kept.data());
      for (weir_slot* const s : kept) {
        if (!s) throw weir::plugin_error{"the state lost the columns of a row that waits"};
        weir::packed_reader in{rows_.get(context(), s)};
        for (std::size_t i = 0; i < shown_fields_.size(); ++i) in.append_to(to[column + 2 + i], shown_fields_[i]);
        rows_.clear(context(), s);
      }
    }
    std::int64_t* const when = to.times();
    std::ranges::copy(due, when);
    to.emit(n);
  }
  for (weir_slot* const s : ended) state_.clear(context(), s);
  set_timers(fired.raw());
}

}  // namespace keyed
