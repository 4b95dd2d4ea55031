#include "window/running.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "weir/packed.hpp"
#include "window/grid.hpp"
#include "window/slot_numbers.hpp"

namespace window {

namespace {

std::int64_t ttl_of(const weir::config& c) {
  const auto us = c.get<weir::duration>("ttl").count();
  if (us < 0) throw c.error("ttl", "must not be negative");
  return us;
}
std::int64_t rows_of(const weir::config& c, std::int64_t least) {
  const auto rows = c.get<std::int64_t>("rows");
  if (rows < least) throw c.error("rows", "must be at least " + std::to_string(least));
  return rows;
}

}  // namespace

row_by_row::row_by_row(const weir::config& c, result_times times, std::int64_t ttl_us)
    : results_{c, times}, ttl_us_{ttl_us} {}

void row_by_row::bind(weir::binder& b) {
  weir::shared::value_layout layout;
  bind_more(layout);
  results_.bind(b, layout, {.late_port = false, .ttl_us = ttl_us_});
}

row_by_row::result_copy row_by_row::copy_of(const weir::batch_view& batch, std::uint32_t row, const weir_slot* s) {
  const std::size_t size = sizeof(weir_slot) + results_.fixed().value_size();
  result_copy out{std::vector<std::uint64_t>(size / 8), groups_};
  std::memcpy(out.slot.data(), s, size);
  if (!results_.has_sides()) return out;
  ++groups_;
  for (side_result* side : results_.sides())
    side->collect(context(), batch.raw(), &row, 1, 0, &out.group, static_cast<std::int64_t>(groups_));
  return out;
}

void row_by_row::tell(std::uint32_t row, result_copy what, std::int64_t start, std::int64_t end, std::uint8_t change) {
  told_rows_.push_back(row);
  told_groups_.push_back(what.group);
  told_.push_back(std::move(what));
  starts_.push_back(start);
  ends_.push_back(end);
  changes_.push_back(change);
}

void row_by_row::forget(const weir::batch_view& batch, std::uint32_t row, weir_slot* s) {
  results_.state().clear(context(), s);
  results_.clear_sides(context(), batch.raw(), row, 0);
}

void row_by_row::send(const weir::batch_view& batch, weir::batch_output& out) {
  if (told_.empty()) return;
  std::vector<weir::column_view> keys;
  for (const std::uint32_t i : results_.key()) keys.push_back(batch.at(i));
  std::vector<const weir_slot*> slots;
  for (const result_copy& c : told_) slots.push_back(reinterpret_cast<const weir_slot*>(c.slot.data()));
  for (side_result* s : results_.sides()) s->finish();
  results_.emit(out, {.keys = &keys,
                      .key_rows = told_rows_.data(),
                      .slots = slots.data(),
                      .start = starts_.data(),
                      .end = ends_.data(),
                      .groups = told_groups_.data(),
                      .count = static_cast<std::int64_t>(slots.size()),
                      .changes = changes_.data()});
  told_rows_.clear();
  told_groups_.clear();
  told_.clear();
  starts_.clear();
  ends_.clear();
  changes_.clear();
}

void row_by_row::process(const weir::batch_view& batch, weir::batch_output& out) {
  const std::int64_t count = batch.row_count();
  if (count == 0) return;
  work_.begin(batch.raw());
  weir_slot** const slots = work_.slots();
  results_.state().slots(context(), batch.raw(), batch.raw().rows, count, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                         slots);
  groups_ = 0;
  for (side_result* s : results_.sides()) s->begin();
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint32_t row = work_.rows()[k];
    if (const auto change = batch.change(row);
        change == weir::change_kind::erase || change == weir::change_kind::update_before) {
      out.dead_letter(batch, row, "a row is taken back, which no aggregate here can do");
      continue;
    }
    weir_slot* const s = slots[k];
    const bool there = (s->flags & WEIR_SLOT_PRESENT) != 0;
    result_copy before;
    const bool changes = there && wants_before_;
    if (changes) before = copy_of(batch, row, s);
    results_.update_one(context(), {batch, &row, 1}, s, 0);
    added(batch, row, s, changes ? &before : nullptr);
  }
  send(batch, out);
}

running::running(const weir::config& c)
    : row_by_row{c, result_times::none, ttl_of(c)}, upserts_{c.get<std::string>("emit") == "upserts"} {
  wants_before_ = true;
}
void running::added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy* before) {
  const std::int64_t* const times = batch.raw().event_time;
  const std::int64_t end = times ? times[row] + 1 : 0;
  if (before && !upserts_) tell(row, std::move(*before), end, end, WEIR_UPDATE_BEFORE);
  tell(row, copy_of(batch, row, slot), end, end, before ? WEIR_UPDATE_AFTER : WEIR_INSERT);
}

count_window::count_window(const weir::config& c)
    : row_by_row{c, result_times::both, ttl_of(c)}, rows_{rows_of(c, 1)} {}
void count_window::bind_more(weir::shared::value_layout& layout) {
  count_at_ = layout.add("window_rows", weir::type::int64);
  first_at_ = layout.add("window_first", weir::type::timestamp);
  last_at_ = layout.add("window_last", weir::type::timestamp);
}
void count_window::added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy*) {
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{"a window needs records with an event time: give the source a [watermark] with a field"};
  const std::int64_t n = load(slot, count_at_) + 1, t = times[row];
  store(slot, count_at_, n);
  store(slot, first_at_, n == 1 ? t : std::min(t, load(slot, first_at_)));
  store(slot, last_at_, n == 1 ? t : std::max(t, load(slot, last_at_)));
  if (n < rows_) return;
  tell(row, copy_of(batch, row, slot), load(slot, first_at_), load(slot, last_at_) + 1, WEIR_INSERT);
  forget(batch, row, slot);
}

global_window::global_window(const weir::config& c)
    : row_by_row{c, result_times::end, 0},
      rows_{rows_of(c, 0)},
      every_{c.get<weir::duration>("every").count()},
      purge_{c.get<bool>("purge")} {
  if (every_ < 0 || every_ > time_most / 4)
    throw c.error("every", "must be longer than nothing, and no age of the world");
  if ((rows_ == 0) == (every_ == 0)) throw c.error("every", "or rows: exactly one of them says when keys are told");
}
void global_window::bind_more(weir::shared::value_layout& layout) {
  if (!rows_) return;
  count_at_ = layout.add("window_rows", weir::type::int64);
  last_at_ = layout.add("window_last", weir::type::timestamp);
}
void global_window::added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy*) {
  const std::int64_t* const times = batch.raw().event_time;
  if (every_) {
    if (!times)
      throw weir::plugin_error{"a window needs records with an event time: give the source a [watermark] with a field"};
    oldest_ = std::min(oldest_, times[row]);
    newest_ = std::max(newest_, times[row]);
    return;
  }
  const std::int64_t n = load(slot, count_at_) + 1, t = times ? times[row] : 0;
  store(slot, last_at_, n == 1 ? t : std::max(t, load(slot, last_at_)));
  store(slot, count_at_, n);
  if (n % rows_) return;
  tell(row, copy_of(batch, row, slot), 0, load(slot, last_at_) + 1, WEIR_INSERT);
  if (purge_) forget(batch, row, slot);
}
void global_window::on_watermark(weir::time at, weir::batch_output& out) {
  if (!every_) return;
  const std::int64_t us = weir::detail::micros(at);
  if (us <= time_least) return;
  if (oldest_ == INT64_MAX) return;  // no row yet
  // At the end of all input the stretch in work ends, too.
  const std::int64_t end = us >= time_most ? std::max(grid::floor_to(newest_, every_, 0), told_) + every_
                                           : grid::floor_to(us + 1, every_, 0);
  if (end <= told_ || end <= oldest_) return;
  told_ = end;
  tell_all(end, out);
}
void global_window::tell_all(std::int64_t end, weir::batch_output& out) {
  std::uint64_t cursor = 0;
  do {
    const weir_batch* keys = nullptr;
    weir_slot** slots = nullptr;
    const std::int64_t n = results_.state().scan(context(), 0, cursor, keys, slots);
    if (!n) continue;
    std::vector<weir::column_view> columns;
    for (std::size_t i = 0; i < results_.key_fields().size(); ++i)
      columns.emplace_back(results_.key_fields()[i], *keys->columns[i]);
    std::vector<std::uint32_t> rows;
    for (std::int64_t k = 0; k < n; ++k) rows.push_back(keys->rows ? keys->rows[k] : static_cast<std::uint32_t>(k));
    std::vector<std::uint32_t> groups(rows.size());
    std::iota(groups.begin(), groups.end(), 0u);
    for (side_result* s : results_.sides()) {
      s->begin();
      s->collect(context(), *keys, rows.data(), n, 0, groups.data(), n);
      s->finish();
    }
    const std::vector<std::int64_t> ends(rows.size(), end);
    results_.emit(out, {.keys = &columns,
                        .key_rows = rows.data(),
                        .slots = slots,
                        .start = ends.data(),
                        .end = ends.data(),
                        .groups = groups.data(),
                        .count = n});
  } while (cursor != 0);
  if (purge_) results_.drop(context(), 0);
}
void global_window::save(std::string& to) const {
  weir::packed_row row;
  for (const std::int64_t t : {told_, oldest_, newest_}) row.add(t);
  to += row.bytes();
}
void global_window::restore(std::string_view saved) {
  weir::packed_reader in{saved};
  told_ = std::max(told_, in.get<std::int64_t>());
  oldest_ = std::min(oldest_, in.get<std::int64_t>());
  newest_ = std::max(newest_, in.get<std::int64_t>());
}

}  // namespace window
