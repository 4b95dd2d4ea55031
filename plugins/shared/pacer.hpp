// Keeps a source to a rate, by the clock it is given: so many records a second, no more than a second of them at once after a stall.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace weir::shared {

class pacer {
 public:
  // Records that may come now. rate: records a second, 0: no limit. now_us: never goes back.
  std::uint64_t due(std::int64_t now_us, double rate) {
    if (rate <= 0) return std::numeric_limits<std::uint64_t>::max();
    if (!began_) {
      began_ = true;
      since_us_ = now_us;
      taken_ = 0;
    }
    const double owed = static_cast<double>(now_us - since_us_) * rate / 1e6 - static_cast<double>(taken_);
    if (owed > rate && owed > 1) {
      since_us_ = now_us - 1'000'000;
      taken_ = 0;
      return static_cast<std::uint64_t>(std::max(rate, 1.0));
    }
    return owed < 1 ? 0 : static_cast<std::uint64_t>(owed);
  }
  void take(std::uint64_t records) { taken_ += records; }
  // Begins anew, for example when the rate has changed.
  void reset() { began_ = false; }

 private:
  bool began_ = false;
  std::int64_t since_us_ = 0;
  std::uint64_t taken_ = 0;  // since then
};

}  // namespace weir::shared
