// Fields of records and elements of lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate.hpp"

namespace {

using namespace weir::expression::test;
using testing::ElementsAre;

class Nested : public testing::Test {
 protected:
  Nested() {
    t_.add("l", "list<int32>", {"[1;2;3]", "[]", "\\N", "[7;\\N]"});
    t_.add("r", "record<id int64,name utf8>", {"{1;ann}", "\\N", "{\\N;bob}", "{4;\\N}"});
    t_.add("deep", "list<record<k utf8,v list<int64>>>", {"[{a;[1;2]};{b;[3]}]", "[]", "\\N", "[\\N;{c;\\N}]"});
    t_.add("k", "int64", {"1", "2", "-1", "2"});
  }
  auto of(const std::string& text) { return values(t_, text); }
  table t_;
};

TEST_F(Nested, FieldsAreNullWhereTheirRecordIs) {
  EXPECT_THAT(of("r.id"), ElementsAre("1", "\\N", "\\N", "4"));
  EXPECT_THAT(of("r.name"), ElementsAre("ann", "\\N", "bob", "\\N"));
  EXPECT_THAT(of("upper(r.name) = 'ANN'"), ElementsAre("1", "\\N", "0", "\\N"));
}
TEST_F(Nested, ElementsCountFromOneAndFromTheEnd) {
  EXPECT_THAT(of("l[1]"), ElementsAre("1", "\\N", "\\N", "7"));
  EXPECT_THAT(of("l[-1]"), ElementsAre("3", "\\N", "\\N", "\\N"));
  EXPECT_THAT(of("l[0]"), ElementsAre("\\N", "\\N", "\\N", "\\N"));
  EXPECT_THAT(of("l[k]"), ElementsAre("1", "\\N", "\\N", "\\N"));
  EXPECT_THAT(of("l[1] + k"), ElementsAre("2", "\\N", "\\N", "9"));
}
TEST_F(Nested, PathsGoThroughListsAndRecords) {
  EXPECT_THAT(of("deep[1].k"), ElementsAre("a", "\\N", "\\N", "\\N"));
  EXPECT_THAT(of("deep[2].k"), ElementsAre("b", "\\N", "\\N", "c"));
  EXPECT_THAT(of("deep[1].v[2]"), ElementsAre("2", "\\N", "\\N", "\\N"));
  EXPECT_THAT(of("len(deep[2].v)"), ElementsAre("1", "\\N", "\\N", "\\N"));
}
TEST_F(Nested, ListsHaveALengthAndContents) {
  EXPECT_THAT(of("len(l)"), ElementsAre("3", "0", "\\N", "2"));
  EXPECT_THAT(of("list_contains(l, 2)"), ElementsAre("1", "0", "\\N", "0"));
  EXPECT_THAT(of("list_contains(l, l[1])"), ElementsAre("1", "\\N", "\\N", "1"));
  EXPECT_THAT(of("l IS NULL"), ElementsAre("0", "0", "1", "0"));
  EXPECT_THAT(of("r IS NOT NULL"), ElementsAre("1", "0", "1", "1"));
}
TEST_F(Nested, SaysWhatIsMissing) {
  EXPECT_EQ(wrong(t_.columns(), "list_contains(l, 'x')"), "at 17: cannot read 'x' as int32");
  EXPECT_EQ(wrong(t_.columns(), "list_contains(k, 1)"), "at 14: list_contains needs a list here, not int64");
  EXPECT_EQ(wrong(t_.columns(), "k[1]"), "at 1: [ ] takes an element of a list, but this is int64");
  EXPECT_EQ(wrong(t_.columns(), "l['x']"), "at 2: cannot read 'x' as int64");
  EXPECT_EQ(wrong(t_.columns(), "(k + 1).x"), "at 8: only columns have fields and elements");
}

}  // namespace
