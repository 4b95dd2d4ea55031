#pragma once
#include <atomic>
#include <cstdint>

namespace weir::op {

/// Counts of one node in one subtask. Written by the subtask's thread, read by any: each is right by itself, not one against
/// the other while the pipeline runs.
struct counters {
  using count = std::atomic<std::uint64_t>;
  count records_in{0}, batches_in{0}, bytes_in{0};
  count records_out{0}, batches_out{0}, bytes_out{0};
  count late{0};
  count dead_letters{0};  ///< kept on the dead-letter port
  count skipped{0};       ///< could not be processed and were dropped, because on_error says skip
  std::atomic<std::int64_t> watermark_us{INT64_MIN};
  std::atomic<std::int64_t> newest_event_us{INT64_MIN};  ///< of what has come in

  /// One writer: no locked instruction.
  static void add(count& c, std::uint64_t n) noexcept {
    c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
};

}  // namespace weir::op
