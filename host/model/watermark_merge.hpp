#pragma once
#include <cstdint>
#include <vector>

namespace weir::model {

/// Merges the watermarks of several inputs (splits of a source, channels of a subtask) by minimum. One thread.
///
/// An input is active, idle or finished. Idle ones do not hold the others back; one that comes back from idle counts
/// again as soon as it has caught up with what was given out (Flink's StatusWatermarkValve, so that a late comer cannot
/// stop the rest). The result never goes back.
class watermark_merge {
 public:
  static constexpr std::int64_t none = INT64_MIN;
  static constexpr std::int64_t end = INT64_MAX;

  /// Adds an input, active and without a watermark; returns its number.
  std::uint32_t add();
  /// The watermark of an input has moved. One that goes back is ignored.
  void advance(std::uint32_t input, std::int64_t time_us);
  void set_idle(std::uint32_t input, bool idle);
  /// Nothing more comes from this input.
  void finish(std::uint32_t input);

  /// The merged watermark: none before every active input has one, end when all have finished.
  std::int64_t current() const { return current_; }
  /// All inputs that have not finished are idle, and there is at least one of them.
  bool idle() const;
  bool finished() const;
  /// The input that holds the watermark: the smallest active one; UINT32_MAX when there is none.
  std::uint32_t holder() const;
  std::int64_t of(std::uint32_t input) const { return inputs_[input].time; }
  bool is_idle(std::uint32_t input) const { return inputs_[input].how == state::idle; }
  std::size_t size() const { return inputs_.size(); }

 private:
  enum class state : std::uint8_t { active, idle, finished };
  struct one {
    std::int64_t time = none;
    state how = state::active;
    bool counts = true;  // false: back from idle, and still behind
  };
  void merge();
  std::vector<one> inputs_;
  std::int64_t current_ = none;
};

}  // namespace weir::model
