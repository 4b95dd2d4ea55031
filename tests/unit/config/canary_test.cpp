#include "config/canary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CanaryText, SharesEndWithAll) {
  EXPECT_THAT(parse_percents("5%").take(), ElementsAre(5, 100));
  EXPECT_THAT(parse_percents("0.5%, 25 % ,100%").take(), ElementsAre(0.5, 25, 100));
  EXPECT_THAT(parse_percents("100%").take(), ElementsAre(100));
  EXPECT_THAT(parse_percents("none").take(), IsEmpty());
  EXPECT_EQ(percent_text(0.5), "0.5%");
  EXPECT_EQ(percent_text(25), "25%");
}

TEST(CanaryText, WhatIsNoShareIsNamed) {
  for (const char* wrong :
       {"", "5", "5%,", "0%", "-1%", "101%", "nan%", "inf%", "5%,5%", "50%,20%", "x%", "%", "5%25%"})
    EXPECT_FALSE(parse_percents(wrong)) << wrong;
  EXPECT_THAT(parse_percents("5%,25").why().text(), HasSubstr("not \"25\""));
}

TEST(CanaryText, AStepIsATimeOrCheckpoints) {
  canary c;
  ASSERT_TRUE(parse_step("10m", c));
  EXPECT_EQ(c.step_us, 600'000'000);
  EXPECT_EQ(c.step_cuts, 1u);
  ASSERT_TRUE(parse_step(" 3 ", c));
  EXPECT_EQ(c.step_us, 0);
  EXPECT_EQ(c.step_cuts, 3u);
  for (const char* wrong : {"", "0", "0s", "-1", "soon", "99999999999"}) EXPECT_FALSE(parse_step(wrong, c)) << wrong;
}

}  // namespace
}  // namespace weir::config
