#pragma once
// How a new version takes over bit by bit: "5%,25%,100%", a step of it "10m" or "3" checkpoints. As people write it.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::config {

/// Shares of the key groups, one after the other. The last one is 100.
struct canary {
  std::vector<double> percents;  ///< ascending; empty: everything at once
  /// A step is over when both have passed since it began.
  std::int64_t step_us = 0;
  std::uint32_t step_cuts = 1;  ///< complete checkpoints
};

/// "5%", "5%, 25%, 100%"; 100% at the end need not be said. "none": everything at once.
base::result<std::vector<double>> parse_percents(std::string_view text);
/// "10m", or a number of checkpoints; into the step of `to`.
base::result<void> parse_step(std::string_view text, canary& to);
/// "5%", "0.25%"
std::string percent_text(double percent);

}  // namespace weir::config
