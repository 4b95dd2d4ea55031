// What an account has done in the last hour and the last day: counts, sums, sums of squares, the largest amount.
#pragma once

#include <cstdint>
#include <optional>
#include <weir/operator.hpp>

namespace features {

/// Minutes since 1970 that have begun at `at`.
constexpr std::int64_t minute_of(weir::time at) {
  return std::chrono::floor<std::chrono::minutes>(at).time_since_epoch().count();
}
inline constexpr std::int64_t hour = 60, day = 24 * 60;  // minutes

/// Sums of amounts in hundredths. Whole numbers, so that they are exact in whatever order amounts come and go. They
/// hold while a day's sum of one account stays below 9e18.
struct window_sums {
  std::int64_t count = 0, sum = 0;
  weir::int128 squares = 0;
  std::optional<std::int64_t> largest{};
};

struct minute_sums {
  std::int64_t count = 0, sum = 0;
  weir::decimal<38> squares{};
  std::int64_t largest = 0;
};
/// The totals of the windows that end with the newest minute, so that an event needs no walk over the minutes. Lies in
/// its slot as it is; 128 bits are two members.
struct newest_totals {
  std::int64_t minute = 0;     // the newest that had an event
  std::int64_t forgotten = 0;  // what is before this minute is gone
  std::int64_t hour_count = 0, hour_sum = 0;
  std::int64_t day_count = 0, day_sum = 0, day_squares_high = 0;
  std::uint64_t day_squares_low = 0;
};
WEIR_RECORD(minute_sums, count, sum, squares, largest)
WEIR_RECORD(newest_totals, minute, forgotten, hour_count, hour_sum, day_count, day_sum, day_squares_high,
            day_squares_low)

///   minutes  | m-1440 ........ m-60 ........ m |     a bucket for each minute that had an event
///   totals   |<------------ day ------------->|     of the newest minute; moved on, each bucket leaves them once
///                              |<--- hour --->|
///   peaks    the minutes whose largest amount is above that of every later minute: the first one in a window is its
///            largest, for any window that ends with the newest minute
///
/// Events of an earlier minute (out of order) take the totals, less the later buckets, plus those that had left; so
/// buckets stay until no accepted event can ask for them (forget()). [task], inside a keyed operator.
class rolling_sums {
 public:
  explicit rolling_sums(weir::component* owner)
      : minutes_{owner, "minutes"}, peaks_{owner, "peaks"}, totals_{owner, "totals"} {}

  struct windows {
    window_sums hour, day;
  };
  [[nodiscard]] bool empty() const { return !totals_; }
  /// The newest minute that had an event. Not when it is empty.
  [[nodiscard]] std::int64_t newest() const { return totals_->minute; }
  /// What was added so far and lies in the minutes [minute - 60, minute] and [minute - 1440, minute].
  windows until(std::int64_t minute);
  /// After until(minute).
  void add(std::int64_t minute, std::int64_t amount);
  /// No window will begin before `minute`. Not beyond newest() - 1440. False: that was known already.
  bool forget(std::int64_t minute);
  void clear();

 private:
  void advance(newest_totals& t, std::int64_t to);
  std::optional<std::int64_t> largest(std::int64_t from, std::int64_t to) const;
  template <class Each>
  void each(std::int64_t from, std::int64_t end, Each f) const {
    for (auto e = minutes_.after(from - 1); e && e->first < end; e = minutes_.after(e->first)) f(e->second);
  }

  weir::map_state<std::int64_t, minute_sums> minutes_;
  weir::map_state<std::int64_t, std::int64_t> peaks_;
  weir::value_state<newest_totals> totals_;
};

}  // namespace features
