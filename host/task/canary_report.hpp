#pragma once
// What both versions of an operator have done while one of them serves a share of the keys: shared by the subtasks of the
// operator, and by whoever watches.
#include <atomic>
#include <cstdint>
#include <vector>

namespace weir::task {

/// Of one version; only grows.
struct canary_side {
  std::uint64_t records_in = 0, records_out = 0;
  std::uint64_t errors = 0;  ///< dead letters and skipped
  std::uint64_t calls = 0;   ///< that had rows: an older and a newer version get rows in batches of other sizes
  std::int64_t busy_ns = 0;  ///< in all calls, with what the nodes behind it in the thread did for them
  friend canary_side operator-(const canary_side& a, const canary_side& b) {
    return {a.records_in - b.records_in, a.records_out - b.records_out, a.errors - b.errors, a.calls - b.calls,
            a.busy_ns - b.busy_ns};
  }
};

class canary_report {
 public:
  explicit canary_report(std::uint32_t subtasks) : of_(subtasks) {}

  /// [task]
  void add(std::uint32_t subtask, bool is_new, const canary_side& more) {
    side& to = is_new ? of_[subtask].now : of_[subtask].old;
    add(to.records_in, more.records_in);
    add(to.records_out, more.records_out);
    add(to.errors, more.errors);
    add(to.calls, more.calls);
    add(to.busy_ns, static_cast<std::uint64_t>(more.busy_ns));
  }
  /// [any] Of all subtasks.
  canary_side sum(bool is_new) const {
    canary_side all;
    for (const of_subtask& s : of_) {
      const side& from = is_new ? s.now : s.old;
      all.records_in += from.records_in.load(std::memory_order_relaxed);
      all.records_out += from.records_out.load(std::memory_order_relaxed);
      all.errors += from.errors.load(std::memory_order_relaxed);
      all.calls += from.calls.load(std::memory_order_relaxed);
      all.busy_ns += static_cast<std::int64_t>(from.busy_ns.load(std::memory_order_relaxed));
    }
    return all;
  }

 private:
  using count = std::atomic<std::uint64_t>;
  struct side {
    count records_in{0}, records_out{0}, errors{0}, calls{0}, busy_ns{0};
  };
  struct of_subtask {
    side old, now;
  };
  /// One writer: no locked instruction.
  static void add(count& to, std::uint64_t n) {
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::vector<of_subtask> of_;
};

}  // namespace weir::task
