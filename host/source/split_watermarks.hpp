#pragma once
#include <cstdint>
#include <vector>

#include "model/watermark_merge.hpp"

namespace weir::source {

struct watermark_rule {
  std::int64_t out_of_orderness_us = 0;
  /// How long a split must have said "nothing at the end of my log" before it stops holding the others back; -1: never.
  std::int64_t idle_after_us = -1;
};

/// The watermark of one source subtask: newest event time of each split minus the bound minus one microsecond, merged by
/// minimum. One thread. Splits are numbered by the caller, densely from 0.
class split_watermarks {
 public:
  explicit split_watermarks(watermark_rule rule) : rule_(rule) {}

  std::int64_t bound_us() const { return rule_.out_of_orderness_us; }
  void open(std::uint32_t split);
  /// After open: where the split's watermark stood at the cut that is restored.
  void restore(std::uint32_t split, std::int64_t watermark_us);
  /// Of one split; watermark_merge::none: it has none yet.
  std::int64_t of(std::uint32_t split);
  /// As of() was when settle() was called last, or restored: between two calls the ports of a source emit their records one port
  /// after the other, and of() depends on which port is first.
  std::int64_t settled(std::uint32_t split);
  void settle();
  /// Records up to this event time have been emitted.
  void observe(std::uint32_t split, std::int64_t newest_us);
  /// An empty fetch at the end of the split's log, at this monotonic time.
  void nothing_to_read(std::uint32_t split, std::int64_t now_ns);
  void finish(std::uint32_t split);
  /// Records have arrived (with or without event times): the split is not idle.
  void active(std::uint32_t split);

  /// Looks at the clock for splits that have become idle. Call before current().
  void tick(std::int64_t now_ns);
  std::int64_t current() const { return merge_.current(); }
  /// Idle, or without any open split.
  bool idle() const { return known_ == finished_ || merge_.idle(); }
  /// The split that holds the watermark; UINT32_MAX: none.
  std::uint32_t holder() const;
  /// The split that is furthest, ended ones aside; UINT32_MAX: none has a watermark.
  std::uint32_t newest() const;
  /// Since when the split has had nothing to read, monotonic; -1: it has something.
  std::int64_t quiet_since_ns(std::uint32_t number) const {
    return number < splits_.size() ? splits_[number].quiet_since_ns : -1;
  }

 private:
  struct split {
    std::uint32_t input = UINT32_MAX;  // in merge_; UINT32_MAX: not opened
    std::int64_t quiet_since_ns = -1;  // -1: has not said that it has nothing
    std::int64_t settled = model::watermark_merge::none;
    bool done = false;
  };
  split* find(std::uint32_t number) {
    return number < splits_.size() && splits_[number].input != UINT32_MAX ? &splits_[number] : nullptr;
  }
  watermark_rule rule_;
  model::watermark_merge merge_;
  std::vector<split> splits_;
  std::size_t known_ = 0, finished_ = 0, quiet_ = 0;
};

}  // namespace weir::source
