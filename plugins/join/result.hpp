// The rows that a join sends: built column by column, sent when there are many or at the end of a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "join/side.hpp"

namespace join {

class result {
 public:
  result(weir::batch_output& out, const side (&sides)[2]) : out_{&out}, sides_{sides} {}

  // left, right: packed rows; data null: the columns are null. The time of a result is the later of its rows'.
  void add(std::string_view left, std::string_view right, std::uint8_t change = WEIR_INSERT) {
    if (!to_) to_.emplace(out_->build(0, 64));
    const std::string_view both[2] = {left, right};
    std::int64_t at = WEIR_TIME_MIN;
    for (int i = 0; i < 2; ++i) {
      if (!both[i].data()) {
        sides_[i].write_nulls(*to_);
        continue;
      }
      sides_[i].write(both[i], *to_);
      at = std::max(at, side::time_of(both[i]));
    }
    times_.push_back(at);
    changes_.push_back(change);
    changed_ |= change != WEIR_INSERT;
    if (times_.size() >= rows_max) send();
  }
  void send() {
    if (!to_) return;
    const auto count = static_cast<std::int64_t>(times_.size());
    to_->reserve(count);
    std::copy(times_.begin(), times_.end(), to_->times());
    if (changed_) std::copy(changes_.begin(), changes_.end(), to_->changes());
    to_->emit(count);
    to_.reset();
    times_.clear();
    changes_.clear();
    changed_ = false;
  }

 private:
  static constexpr std::size_t rows_max = 4096;
  weir::batch_output* out_;
  const side (&sides_)[2];
  std::optional<weir::batch_builder> to_;
  std::vector<std::int64_t> times_;
  std::vector<std::uint8_t> changes_;
  bool changed_ = false;
};

}  // namespace join
