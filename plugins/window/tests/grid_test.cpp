#include "window/grid.hpp"

#include <gtest/gtest.h>

namespace {

using window::grid;

TEST(Grid, FindsTheWindowsOfAPaneAndOfATime) {
  for (const auto& [size, slide, offset] : {std::tuple{10, 2, 0}, {10, 4, 1}, {10, 10, 3}, {7, 3, 2}, {5, 1, 0}}) {
    const grid g{size, slide, offset};
    for (std::int64_t t = -60; t <= 60; ++t) {
      const std::int64_t pane = g.pane_of(t);
      EXPECT_LE(pane, t);
      EXPECT_GT(pane + g.pane, t);
      std::int64_t first = INT64_MAX, last = INT64_MIN;
      for (std::int64_t start = -100 * slide + offset; start <= 100 * slide; start += slide)
        if (start <= t && t < start + size) {
          first = std::min(first, start);
          last = std::max(last, start);
        }
      EXPECT_EQ(g.first_window(pane), first) << size << ' ' << slide << ' ' << offset << " at " << t;
      EXPECT_EQ(g.last_window(t), last);
      const std::int64_t open = g.first_open(t);  // the first window with a time after t in it
      EXPECT_GT(open + size - 1, t);
      EXPECT_LE(open - slide + size - 1, t);
    }
  }
}

TEST(Grid, KnowsTheEndsOfTime) {
  const grid g{10, 2, 0};
  EXPECT_EQ(g.first_open(INT64_MIN), INT64_MIN);
  EXPECT_EQ(g.first_open(INT64_MAX), INT64_MAX);
}

}  // namespace
