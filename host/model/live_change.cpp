#include "model/live_change.hpp"

#include <algorithm>

#include "base/cat.hpp"

namespace weir::model {

using base::cat;

std::string against_live_change(const state_shape& was, const state_shape& now) {
  if (was.empty() != now.empty()) return was.empty() ? "nothing was kept before" : "nothing is kept any more";
  if (!(was.key == now.key)) return "its key is another one";
  const auto same_timers = [](const timer_declaration& a, const timer_declaration& b) {
    return a.name == b.name && a.time_kind == b.time_kind;
  };
  if (!std::equal(was.timers.begin(), was.timers.end(), now.timers.begin(), now.timers.end(), same_timers))
    return "its timers are others";
  for (const state_declaration& before : was.states) {
    const auto after = std::find_if(now.states.begin(), now.states.end(),
                                    [&](const state_declaration& d) { return d.name == before.name; });
    if (after == now.states.end()) return cat("state ", before.name, " is not declared any more");
    if (before.ttl_us != after->ttl_us || before.ttl_time != after->ttl_time)
      return cat("state ", before.name, " has another time to live");
  }
  return {};
}

}  // namespace weir::model
