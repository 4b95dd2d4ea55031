#include "supervisor/restart_strategy.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::supervisor {

using base::cat;
using base::print_duration_us;

restart_decision restart_policy::failed(std::int64_t now_us, std::uint64_t random) {
  ++failures_;
  switch (how_.strategy) {
    case config::restart_strategy::fixed_delay:
      return fixed_delay();
    case config::restart_strategy::failure_rate:
      return failure_rate(now_us);
    case config::restart_strategy::exponential_delay:
      return exponential_delay(now_us, random);
    case config::restart_strategy::none:
      break;
  }
  return {false, 0, "strategy none: a failure ends the run"};
}

restart_decision restart_policy::fixed_delay() {
  const auto of = cat("fixed-delay, failure ", failures_, " of ", how_.attempts, " attempts");
  return {failures_ <= how_.attempts, how_.delay_us, of};
}

restart_decision restart_policy::failure_rate(std::int64_t now_us) {
  recent_us_.push_back(now_us);
  if (recent_us_.size() > std::size_t{how_.max_failures} + 1) recent_us_.pop_front();
  const bool too_many = recent_us_.size() > how_.max_failures && now_us - recent_us_.front() <= how_.interval_us;
  return {!too_many, how_.delay_us,
          cat("failure-rate, ", too_many ? "more than " : "no more than ", how_.max_failures, " failures within ",
              print_duration_us(how_.interval_us))};
}

restart_decision restart_policy::exponential_delay(std::int64_t now_us, std::uint64_t random) {
  const auto initial = static_cast<double>(how_.initial_backoff_us);
  const auto most = static_cast<double>(how_.max_backoff_us);
  const bool calm = failures_ == 1 ||
                    static_cast<double>(now_us - last_us_) >= static_cast<double>(how_.reset_after_us) + backoff_us_;
  backoff_us_ = calm ? initial : std::clamp(backoff_us_ * how_.multiplier, initial, std::max(initial, most));
  last_us_ = now_us;
  const double share = static_cast<double>(random >> 11) * 0x1p-53 * 2 - 1;  // -1 ... 1
  const double wait = std::min(backoff_us_ + share * how_.jitter * backoff_us_, most);
  return {true, std::max<std::int64_t>(static_cast<std::int64_t>(wait), 0),
          cat("exponential-delay, failure ", failures_)};
}

}  // namespace weir::supervisor
