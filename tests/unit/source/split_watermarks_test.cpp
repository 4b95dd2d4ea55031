#include "source/split_watermarks.hpp"

#include <gtest/gtest.h>

namespace weir::source {
namespace {

constexpr std::int64_t none = model::watermark_merge::none;

TEST(SplitWatermarks, FollowTheNewestTimeOfTheSlowestSplit) {
  split_watermarks w({.out_of_orderness_us = 10, .idle_after_us = -1});
  w.open(0);
  w.open(1);
  w.observe(0, 1000);
  EXPECT_EQ(w.current(), none) << "split 1 has said nothing yet";
  w.observe(1, 500);
  EXPECT_EQ(w.current(), 489);
  EXPECT_EQ(w.holder(), 1u);
  w.observe(1, 2000);
  EXPECT_EQ(w.current(), 989);
  EXPECT_EQ(w.holder(), 0u);
}

TEST(SplitWatermarks, NeverGoBackWhenRecordsAreOutOfOrder) {
  split_watermarks w({.out_of_orderness_us = 10, .idle_after_us = -1});
  w.open(0);
  w.observe(0, 1000);
  w.observe(0, 400);
  EXPECT_EQ(w.current(), 989);
}

TEST(SplitWatermarks, WaitForASplitThatHasNothingUnlessIdleAfterIsSet) {
  split_watermarks w({.out_of_orderness_us = 0, .idle_after_us = -1});
  w.open(0);
  w.open(1);
  w.observe(0, 1000);
  w.observe(1, 100);
  w.observe(0, 5000);
  w.nothing_to_read(1, 0);
  w.tick(INT64_MAX);
  EXPECT_EQ(w.current(), 99);
}

TEST(SplitWatermarks, LeaveOutASplitThatHasHadNothingForLongEnough) {
  split_watermarks w({.out_of_orderness_us = 0, .idle_after_us = 1000});
  w.open(0);
  w.open(1);
  w.observe(0, 5000);
  w.observe(1, 100);
  w.nothing_to_read(1, 10'000'000);
  w.tick(10'999'999);
  EXPECT_EQ(w.current(), 99) << "not yet idle";
  w.tick(11'000'000);
  EXPECT_EQ(w.current(), 4999);
  EXPECT_FALSE(w.idle()) << "split 0 is active";
}

TEST(SplitWatermarks, ARecordEndsIdlenessAndABackwardSplitMustCatchUp) {
  split_watermarks w({.out_of_orderness_us = 0, .idle_after_us = 0});
  w.open(0);
  w.open(1);
  w.observe(0, 5000);
  w.nothing_to_read(1, 1);
  w.tick(2);
  ASSERT_EQ(w.current(), 4999);
  w.observe(1, 100);
  EXPECT_EQ(w.current(), 4999) << "never back";
  w.observe(0, 9000);
  EXPECT_EQ(w.current(), 8999) << "split 1 is behind what was told: it must not stop the others";
  w.observe(1, 9500);
  w.observe(0, 20000);
  EXPECT_EQ(w.current(), 9499) << "it has caught up and counts again";
}

TEST(SplitWatermarks, AreIdleWithoutAnySplit) {
  split_watermarks w({});
  EXPECT_TRUE(w.idle());
  w.open(3);
  EXPECT_FALSE(w.idle());
  w.finish(3);
  EXPECT_TRUE(w.idle());
  EXPECT_EQ(w.current(), model::watermark_merge::end);
}

TEST(SplitWatermarks, WhatIsSettledIsNotWhatWasObservedSince) {
  split_watermarks w({.out_of_orderness_us = 0, .idle_after_us = -1});
  w.open(0);
  w.open(1);
  w.restore(1, 700);
  EXPECT_EQ(w.settled(0), none);
  EXPECT_EQ(w.settled(1), 700);
  w.observe(0, 5000);
  EXPECT_EQ(w.of(0), 4999);
  EXPECT_EQ(w.settled(0), none) << "other ports of the poll may still emit what came before";
  w.settle();
  EXPECT_EQ(w.settled(0), 4999);
  EXPECT_EQ(w.settled(1), 700);
}

TEST(SplitWatermarks, ABoundLargerThanTheTimeDoesNotWrapAround) {
  split_watermarks w({.out_of_orderness_us = INT64_MAX, .idle_after_us = -1});
  w.open(0);
  w.observe(0, -5);
  EXPECT_EQ(w.current(), none);
}

}  // namespace
}  // namespace weir::source
