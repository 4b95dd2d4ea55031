#pragma once
// memory_pool: one memory budget for all stores of a pipeline. A store may use what the others leave; above the budget
// those that use more than their even share give back.
#include <algorithm>
#include <atomic>
#include <cstdint>

namespace weir::state {

/// All methods: [any].
class memory_pool {
 public:
  /// budget_bytes: of tables and values in memory, to a page of 2 MiB a store. stores: how many share it.
  memory_pool(std::uint64_t budget_bytes, std::uint64_t stores)
      : budget_(budget_bytes - budget_bytes / 8),  // what leaves a table leaves holes, and pages come whole
        share_(budget_ / std::max<std::uint64_t>(stores, 1)) {}

  /// One store's use went from `before` to `now`.
  void changed(std::uint64_t before, std::uint64_t now) noexcept {
    used_.fetch_add(now - before, std::memory_order_relaxed);  // wraps: a negative difference too
  }
  /// What a store that uses `own` bytes should give back.
  std::uint64_t over(std::uint64_t own) const noexcept {
    const std::uint64_t used = used_.load(std::memory_order_relaxed);
    if (used <= budget_ || own <= share_) return 0;
    return std::min(used - budget_, own - share_);
  }
  std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t budget() const noexcept { return budget_; }
  std::uint64_t share() const noexcept { return share_; }

 private:
  const std::uint64_t budget_, share_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace weir::state
