// Whom an account has dealt with in the last day.
#pragma once

#include <cstdint>
#include <string>
#include <weir/operator.hpp>

#include "extract/rolling_sums.hpp"

namespace features {

struct met {
  std::int64_t minute = 0;
  std::string counterparty{};
};
struct met_count {
  std::int64_t minute = 0, count = 0;  // how many were met since `minute` - 1440
};
WEIR_RECORD(met, minute, counterparty)
WEIR_RECORD(met_count, minute, count)

/// Of each counterparty only the newest meeting is kept, by name and by minute, and how many there are in the day that
/// ends with the newest minute. [task], inside a keyed operator.
class counterparties {
 public:
  explicit counterparties(weir::component* owner)
      : newest_{owner, "counterparties"},
        by_minute_{owner, "counterparty_minutes"},
        count_{owner, "counterparty_count"} {}

  struct seen {
    std::int64_t count;  // how many different ones were met in or after minute - 1440
    bool is_new;         // this one was not
  };
  /// What was known before this meeting. `name` is not empty.
  seen meet(std::int64_t minute, const std::string& name) {
    const bool first = !count_;
    auto& c = count_.write();
    if (first) c.minute = minute;
    if (minute > c.minute) {
      c.count -= between(c.minute - day, minute - day);
      c.minute = minute;
    }
    const auto last = newest_.get(name);
    const seen out{.count = c.count + between(minute - day, c.minute - day), .is_new = !last || *last < minute - day};
    if (last && *last >= minute) return out;
    if (last) by_minute_.erase({*last, name});
    newest_.put(name, minute);
    by_minute_.put({minute, name}, true);
    c.count += (minute >= c.minute - day) - (last && *last >= c.minute - day);
    return out;
  }
  /// No day will begin before `minute`, which is not beyond the day of the newest meet().
  void forget(std::int64_t minute) {
    for (auto e = by_minute_.first(); e && e->first.minute < minute; e = by_minute_.after(e->first)) {
      newest_.erase(e->first.counterparty);
      by_minute_.erase(e->first);
    }
  }
  void clear() {
    newest_.clear();
    by_minute_.clear();
    count_.clear();
  }

 private:
  // How many have their newest meeting in [from, end). No name is empty, so {from, ""} comes before all of `from`.
  [[nodiscard]] std::int64_t between(std::int64_t from, std::int64_t end) const {
    std::int64_t n = 0;
    if (from < end)
      for (auto e = by_minute_.after({from, ""}); e && e->first.minute < end; e = by_minute_.after(e->first)) ++n;
    return n;
  }

  weir::map_state<std::string, std::int64_t> newest_;
  weir::map_state<met, bool> by_minute_;
  weir::value_state<met_count> count_;
};

}  // namespace features
