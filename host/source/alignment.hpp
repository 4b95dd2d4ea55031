#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>

#include "model/watermark_merge.hpp"

namespace weir::source {

/// Sources of one align_group: none of them reads further than max_drift ahead of the slowest, so that what waits for the slowest
/// in windows and joins stays bounded. Subtasks join before they run; then each tells its own watermark. [any]
class alignment_group {
 public:
  explicit alignment_group(std::int64_t max_drift_us) : max_drift_us_(max_drift_us) {}

  class member {
   public:
    /// waits: it is idle or has ended, and holds nobody back.
    void tell(std::int64_t watermark_us, bool waits) {
      watermark_us_.store(waits ? model::watermark_merge::end : watermark_us, std::memory_order_relaxed);
    }

   private:
    friend class alignment_group;
    std::atomic<std::int64_t> watermark_us_{model::watermark_merge::none};
  };

  /// [control]
  member& join() { return members_.emplace_back(); }
  /// Watermark up to which members may read; none: a member has no watermark yet, which holds nobody back before it has one.
  std::int64_t bound() const {
    std::int64_t least = model::watermark_merge::end;
    for (const member& m : members_) {
      const std::int64_t at = m.watermark_us_.load(std::memory_order_relaxed);
      if (at != model::watermark_merge::none) least = std::min(least, at);
    }
    std::int64_t sum = 0;
    return __builtin_add_overflow(least, max_drift_us_, &sum) ? model::watermark_merge::end : sum;
  }

 private:
  const std::int64_t max_drift_us_;
  std::deque<member> members_;
};

}  // namespace weir::source
