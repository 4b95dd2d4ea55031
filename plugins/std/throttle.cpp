#include "throttle.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace weir::standard {

using namespace std::chrono_literals;

namespace {
constexpr std::chrono::microseconds pause_max = 10ms;
}

throttle::throttle(const weir::config& c) : rate_{c.get<double>("rate")} {
  if (!(rate_ > 0) || !std::isfinite(rate_)) throw c.error("rate", "must be larger than 0");
  burst_ = static_cast<double>(c.get<std::int64_t>("burst", std::max<std::int64_t>(1, std::llround(rate_ / 100))));
  if (burst_ < 1) throw c.error("burst", "must be at least 1");
  tokens_ = burst_;
}

void throttle::refill() {
  const weir::time at = now();
  if (last_ != weir::no_time && at > last_) {
    const double seconds = std::chrono::duration<double>(at - last_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * rate_);
  }
  last_ = at;
}

void throttle::wait_for(double tokens) {
  const double missing_us = (tokens - tokens_) / rate_ * 1e6;
  const auto pause = std::chrono::microseconds{
      std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(missing_us)), 1, pause_max.count())};
  const double before = tokens_;
  std::this_thread::sleep_for(pause);
  refill();
  // A host whose clock stands still (a test that moves it by hand): the pause has passed all the same.
  const double least = std::min(burst_, before + std::chrono::duration<double>(pause).count() * rate_);
  tokens_ = std::max(tokens_, least);
}

void throttle::process(const weir::batch_view& batch, weir::batch_output& out) {
  refill();
  const std::int64_t count = batch.row_count();
  if (tokens_ >= static_cast<double>(count)) {
    tokens_ -= static_cast<double>(count);
    return out.emit_all(0, batch);
  }
  for (std::int64_t done = 0; done < count;) {
    // A part is what comes together in a pause, so that sleeping costs little even where records are many.
    const double part = std::min({static_cast<double>(count - done), burst_, std::max(1.0, std::floor(rate_ / 100))});
    while (tokens_ < part) wait_for(part);
    const auto n = std::min<std::int64_t>(count - done, static_cast<std::int64_t>(tokens_));
    std::uint32_t* rows = out.row_buffer(n);
    for (std::int64_t k = 0; k < n; ++k) rows[k] = batch.row(done + k);
    out.emit_rows(0, batch, rows, n);
    tokens_ -= static_cast<double>(n);
    done += n;
  }
}

}  // namespace weir::standard
