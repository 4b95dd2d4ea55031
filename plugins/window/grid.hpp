// The arithmetic of windows that lie on a grid.
//
//   size 10 s, slide 4 s: pane = 2 s (their greatest common divisor)
//   panes   | a | b | c | d | e | f | g |
//   windows [ . . . . . )
//                   [ . . . . . )
#pragma once

#include <cstdint>
#include <numeric>

#include "weir/abi.h"

namespace window {

// Times that windows are made of, microseconds: everything else is no event time. Leaves room for sums and differences.
inline constexpr std::int64_t time_least = -(std::int64_t{1} << 61), time_most = std::int64_t{1} << 61;

struct grid {
  std::int64_t size, slide, offset, pane;

  grid(std::int64_t window_size, std::int64_t window_slide, std::int64_t window_offset)
      : size{window_size}, slide{window_slide}, offset{window_offset}, pane{std::gcd(window_size, window_slide)} {}

  static std::int64_t floor_to(std::int64_t t, std::int64_t step, std::int64_t offset) {
    const std::int64_t from = t - offset;
    std::int64_t n = from / step;
    n -= from % step < 0;
    return n * step + offset;
  }
  std::int64_t pane_of(std::int64_t t) const { return floor_to(t, pane, offset); }
  // The start of the last window that holds t.
  std::int64_t last_window(std::int64_t t) const { return floor_to(t, slide, offset); }
  // The start of the first window that holds the pane.
  std::int64_t first_window(std::int64_t pane_start) const {
    return floor_to(pane_start + pane - size - 1, slide, offset) + slide;
  }
  // The start of the first window that is not complete at a watermark: end - 1 > watermark.
  std::int64_t first_open(std::int64_t watermark) const {
    if (watermark <= time_least) return INT64_MIN;
    if (watermark >= time_most) return INT64_MAX;
    return floor_to(watermark + 1 - size, slide, offset) + slide;
  }
};

}  // namespace window
