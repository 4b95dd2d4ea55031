// The event before an event, by event time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <weir/operator.hpp>

namespace features {

struct last_event {
  std::int64_t amount = 0;  // hundredths
  std::string channel{};
};
WEIR_RECORD(last_event, amount, channel)

/// The key is minus the event time in microseconds: so the one before a time is one step in the map. Of events with the
/// same time the one that came last counts. [task], inside a keyed operator.
class last_events {
 public:
  explicit last_events(weir::component* owner) : events_{owner, "last_events"} {}

  /// The newest of this time or before.
  [[nodiscard]] std::optional<std::pair<weir::time, last_event>> before(weir::time at) const {
    auto e = events_.after(key(at) - 1);
    if (!e) return std::nullopt;
    return std::pair{weir::time{weir::duration{-e->first}}, std::move(e->second)};
  }
  void add(weir::time at, const last_event& e) { events_.put(key(at), e); }
  /// Nobody will ask for a time before `at` any more: of what is older, the newest is enough.
  void forget(weir::time at) {
    const auto kept = events_.after(key(at) - 1);
    if (!kept) return;
    for (auto e = events_.after(kept->first); e; e = events_.after(e->first)) events_.erase(e->first);
  }
  void clear() { events_.clear(); }

 private:
  static std::int64_t key(weir::time at) { return -at.time_since_epoch().count(); }
  weir::map_state<std::int64_t, last_event> events_;
};

}  // namespace features
