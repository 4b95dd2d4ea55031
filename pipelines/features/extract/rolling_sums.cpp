#include "extract/rolling_sums.hpp"

#include <algorithm>

namespace features {
namespace {

weir::int128 day_squares(const newest_totals& t) {
  return static_cast<weir::int128>(t.day_squares_high) * (static_cast<weir::int128>(1) << 64) +
         static_cast<weir::int128>(t.day_squares_low);
}
void set_day_squares(newest_totals& t, weir::int128 squares) {
  t.day_squares_high = static_cast<std::int64_t>(squares >> 64);
  t.day_squares_low = static_cast<std::uint64_t>(squares);
}
void change(window_sums& w, const minute_sums& m, int sign) {
  w.count += sign * m.count;
  w.sum += sign * m.sum;
  w.squares += sign * m.squares.unscaled;
}

}  // namespace

void rolling_sums::advance(newest_totals& t, std::int64_t to) {
  each(t.minute - hour, std::min(to - hour, t.minute + 1), [&](const minute_sums& m) {
    t.hour_count -= m.count;
    t.hour_sum -= m.sum;
  });
  auto squares = day_squares(t);
  each(t.minute - day, std::min(to - day, t.minute + 1), [&](const minute_sums& m) {
    t.day_count -= m.count;
    t.day_sum -= m.sum;
    squares -= m.squares.unscaled;
  });
  set_day_squares(t, squares);
  t.minute = to;
}

std::optional<std::int64_t> rolling_sums::largest(std::int64_t from, std::int64_t to) const {
  const auto peak = peaks_.after(from - 1);
  if (!peak) return std::nullopt;
  if (peak->first <= to) return peak->second;
  // The largest one since `from` is later than the window: the minutes themselves must tell.
  std::optional<std::int64_t> out;
  each(from, to + 1, [&](const minute_sums& m) { out = std::max(out.value_or(m.largest), m.largest); });
  return out;
}

rolling_sums::windows rolling_sums::until(std::int64_t minute) {
  const bool first = !totals_;
  auto& t = totals_.write();
  if (first) t.minute = minute, t.forgotten = minute - day;
  if (minute > t.minute) advance(t, minute);
  windows w{.hour = {.count = t.hour_count, .sum = t.hour_sum},
            .day = {.count = t.day_count, .sum = t.day_sum, .squares = day_squares(t)}};
  if (minute < t.minute) {
    each(std::max(minute + 1, t.minute - hour), t.minute + 1, [&](const minute_sums& m) { change(w.hour, m, -1); });
    each(std::max(minute + 1, t.minute - day), t.minute + 1, [&](const minute_sums& m) { change(w.day, m, -1); });
    each(minute - hour, std::min(minute + 1, t.minute - hour), [&](const minute_sums& m) { change(w.hour, m, 1); });
    each(minute - day, std::min(minute + 1, t.minute - day), [&](const minute_sums& m) { change(w.day, m, 1); });
  }
  if (w.hour.count) w.hour.largest = largest(minute - hour, minute);
  if (w.day.count) w.day.largest = largest(minute - day, minute);
  return w;
}

void rolling_sums::add(std::int64_t minute, std::int64_t amount) {
  const auto square = static_cast<weir::int128>(amount) * amount;
  auto m = minutes_.value_or(minute, {});
  m.largest = m.count ? std::max(m.largest, amount) : amount;
  ++m.count;
  m.sum += amount;
  m.squares.unscaled += square;
  minutes_.put(minute, m);

  auto& t = totals_.write();
  if (minute >= t.minute - hour) ++t.hour_count, t.hour_sum += amount;
  if (minute >= t.minute - day) {
    ++t.day_count, t.day_sum += amount;
    set_day_squares(t, day_squares(t) + square);
  }
  const auto above = peaks_.after(minute - 1);
  if (above && above->second >= amount) return;
  peaks_.put(minute, amount);
  for (auto e = peaks_.first(); e && e->first < minute; e = peaks_.after(e->first))
    if (e->second <= amount) peaks_.erase(e->first);
}

bool rolling_sums::forget(std::int64_t minute) {
  if (minute <= totals_->forgotten) return false;
  totals_.write().forgotten = minute;
  for (auto e = minutes_.first(); e && e->first < minute; e = minutes_.after(e->first)) minutes_.erase(e->first);
  for (auto e = peaks_.first(); e && e->first < minute; e = peaks_.after(e->first)) peaks_.erase(e->first);
  return true;
}

void rolling_sums::clear() {
  minutes_.clear();
  peaks_.clear();
  totals_.clear();
}

}  // namespace features
