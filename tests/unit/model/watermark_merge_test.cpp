#include "model/watermark_merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace weir::model {
namespace {

TEST(WatermarkMerge, IsTheSmallestOfTheActiveInputs) {
  watermark_merge m;
  const auto a = m.add(), b = m.add();
  m.advance(a, 10);
  EXPECT_EQ(m.current(), watermark_merge::none);
  m.advance(b, 7);
  EXPECT_EQ(m.current(), 7);
  EXPECT_EQ(m.holder(), b);
  m.set_idle(b, true);
  EXPECT_EQ(m.current(), 10);
}

TEST(WatermarkMerge, EndsWhenAllInputsHaveFinished) {
  watermark_merge m;
  const auto a = m.add(), b = m.add();
  m.finish(a);
  EXPECT_EQ(m.current(), watermark_merge::none);
  m.advance(b, 3);
  EXPECT_EQ(m.current(), 3);
  m.finish(b);
  EXPECT_EQ(m.current(), watermark_merge::end);
  EXPECT_TRUE(m.finished());
}

TEST(WatermarkMerge, IsIdleOnlyWhenNobodyIsActive) {
  watermark_merge m;
  const auto a = m.add(), b = m.add();
  m.set_idle(a, true);
  EXPECT_FALSE(m.idle());
  m.finish(b);
  EXPECT_TRUE(m.idle());
  m.set_idle(a, false);
  EXPECT_FALSE(m.idle());
}

// A model of the promises, stepped at random: never back; never beyond the slowest input that counts; not stuck: once
// every active input has passed the result, the result moves.
TEST(WatermarkMerge, KeepsItsPromisesUnderRandomSteps) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    watermark_merge m;
    const std::size_t inputs = 1 + random() % 4;
    std::vector<std::int64_t> time(inputs, watermark_merge::none);
    std::vector<int> how(inputs, 0);  // 0 active, 1 idle, 2 finished
    for (std::size_t i = 0; i < inputs; ++i) m.add();
    std::int64_t before = watermark_merge::none;
    for (int step = 0; step < 500; ++step) {
      const auto i = static_cast<std::uint32_t>(random() % inputs);
      switch (random() % 8) {
        case 0:
          m.set_idle(i, true);
          if (how[i] != 2) how[i] = 1;
          break;
        case 1:
          m.set_idle(i, false);
          if (how[i] != 2) how[i] = 0;
          break;
        case 2:
          if (random() % 50 == 0) {
            m.finish(i);
            how[i] = 2;
          }
          break;
        default: {
          const auto t = static_cast<std::int64_t>(random() % 1000) + step * 10;
          m.advance(i, t);
          if (how[i] != 2) time[i] = std::max(time[i], t);
        }
      }
      ASSERT_GE(m.current(), before) << "round " << round << " step " << step;
      before = m.current();
      std::int64_t slowest = watermark_merge::end;
      std::int64_t fastest = watermark_merge::none;
      bool any_active = false;
      for (std::size_t k = 0; k < inputs; ++k) {
        fastest = std::max(fastest, how[k] == 2 ? watermark_merge::end : time[k]);
        if (how[k] != 0) continue;
        any_active = true;
        slowest = std::min(slowest, time[k]);
      }
      ASSERT_LE(m.current(), fastest) << "round " << round << " step " << step;
      if (any_active) {
        ASSERT_GE(m.current(), slowest) << "stuck in round " << round << " step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace weir::model
