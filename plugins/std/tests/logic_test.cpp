// SQL's three values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate.hpp"

namespace {

using namespace weir::expression::test;
using testing::ElementsAre;

class Logic : public testing::Test {
 protected:
  // All nine meetings of true, false and NULL.
  Logic() {
    t_.add("a", "bool", {"1", "1", "1", "0", "0", "0", "\\N", "\\N", "\\N"})
        .add("b", "bool", {"1", "0", "\\N", "1", "0", "\\N", "1", "0", "\\N"});
  }
  auto of(const std::string& text) { return values(t_, text); }
  table t_;
};

TEST_F(Logic, AndIsFalseBesideFalseAndUnknownBesideNull) {
  EXPECT_THAT(of("a AND b"), ElementsAre("1", "0", "\\N", "0", "0", "0", "\\N", "0", "\\N"));
}
TEST_F(Logic, OrIsTrueBesideTrueAndUnknownBesideNull) {
  EXPECT_THAT(of("a OR b"), ElementsAre("1", "1", "1", "1", "0", "\\N", "1", "\\N", "\\N"));
}
TEST_F(Logic, NotOfNullIsNull) {
  EXPECT_THAT(of("NOT a"), ElementsAre("0", "0", "0", "1", "1", "1", "\\N", "\\N", "\\N"));
}
TEST_F(Logic, TheShortWayGivesTheSameAsTheWholeWay) {
  // A right side that may fail is evaluated for some rows only.
  EXPECT_THAT(of("a AND (b AND 1 // (CASE WHEN b THEN 1 ELSE 1 END) = 1)"), of("a AND b"));
  EXPECT_THAT(of("a OR (b AND 1 // (CASE WHEN b THEN 1 ELSE 1 END) = 1)"), of("a OR b"));
  EXPECT_THAT(of("a AND CAST(b AS varchar) = 'true'"), of("a AND b"));
}
TEST_F(Logic, TestsAreNeverNull) {
  EXPECT_THAT(of("a IS NULL"), ElementsAre("0", "0", "0", "0", "0", "0", "1", "1", "1"));
  EXPECT_THAT(of("a IS NOT TRUE"), ElementsAre("0", "0", "0", "1", "1", "1", "1", "1", "1"));
  EXPECT_THAT(of("a IS FALSE"), ElementsAre("0", "0", "0", "1", "1", "1", "0", "0", "0"));
  EXPECT_THAT(of("a IS DISTINCT FROM b"), ElementsAre("0", "1", "1", "1", "0", "1", "1", "1", "0"));
  EXPECT_THAT(of("a IS NOT DISTINCT FROM b"), ElementsAre("1", "0", "0", "0", "1", "0", "0", "0", "1"));
}
TEST_F(Logic, ComparisonsWithNullAreNull) {
  EXPECT_THAT(of("a = b"), ElementsAre("1", "0", "\\N", "0", "1", "\\N", "\\N", "\\N", "\\N"));
  EXPECT_THAT(of("a < b"), ElementsAre("0", "0", "\\N", "1", "0", "\\N", "\\N", "\\N", "\\N"));
}
TEST_F(Logic, ChoicesTakeNullForNotTrue) {
  EXPECT_THAT(of("CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END"),
              ElementsAre("1", "1", "1", "2", "3", "3", "2", "3", "3"));
  EXPECT_THAT(of("CASE WHEN a THEN 'x' WHEN b THEN 'y' END"),
              ElementsAre("x", "x", "x", "y", "\\N", "\\N", "y", "\\N", "\\N"));
  EXPECT_THAT(of("coalesce(a, b, false)"), ElementsAre("1", "1", "1", "0", "0", "0", "1", "0", "0"));
  EXPECT_THAT(of("nullif(a, b)"), ElementsAre("\\N", "1", "1", "0", "\\N", "0", "\\N", "\\N", "\\N"));
}

}  // namespace
