#include "route.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using weir::test::table;

struct trade {
  std::int64_t id;
  std::string desk;
  std::optional<std::int8_t> amount;
};
WEIR_RECORD(trade, id, desk, amount)
using harness = weir::test::harness<weir::standard::route, trade, trade>;

struct rule : weir::test::value {
  rule(const char* when, const char* to) : value{table{{"when", when}, {"to", to}}} {}
};
table routes(std::initializer_list<weir::test::value> all) { return {{"routes", weir::test::value::list(all)}}; }
std::vector<std::int64_t> ids(harness& h, std::string_view port) {
  std::vector<std::int64_t> out;
  for (const auto& t : h.take(port)) out.push_back(t.id);
  return out;
}

TEST(Route, SendsEachRowToTheFirstConditionThatIsTrue) {
  for (const bool sparse : {false, true}) {
    harness h{
        routes({rule{"desk = 'fx'", "fx"}, rule{"amount > 10", "large"}, rule{"desk = 'repo' AND amount < 5", "fx"}})};
    h.sparse = sparse;
    h.push_all<trade>(
        {{1, "fx", 50}, {2, "repo", 50}, {3, "repo", 1}, {4, "repo", 7}, {5, "fx", 1}, {6, "repo", std::nullopt}});
    EXPECT_THAT(ids(h, "fx"), ElementsAre(1, 3, 5));
    EXPECT_THAT(ids(h, "large"), ElementsAre(2));
    EXPECT_THAT(ids(h, ""), ElementsAre(4, 6));
  }
}

TEST(Route, LeavesAllRowsTogetherWhenOneConditionTakesThem) {
  harness h{routes({rule{"id > 0", "all"}})};
  h.push_all<trade>({{1, "a", 1}, {2, "b", 2}});
  EXPECT_THAT(ids(h, "all"), ElementsAre(1, 2));
  EXPECT_THAT(ids(h, ""), IsEmpty());
}

TEST(Route, GivesRowsThatFailToTheDeadLetterPort) {
  harness h{routes({rule{"id = 1", "one"}, rule{"amount + 100 > 120", "large"}, rule{"TRUE", "rest"}})};
  h.push_all<trade>({{1, "fx", 100}, {2, "fx", 100}, {3, "fx", 25}, {4, "fx", 1}});
  EXPECT_THAT(ids(h, "one"), ElementsAre(1));
  EXPECT_THAT(ids(h, "large"), ElementsAre(3));
  EXPECT_THAT(ids(h, "rest"), ElementsAre(4));
  EXPECT_THAT(ids(h, ""), IsEmpty());
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].why, "when amount + 100 > 120: overflow of int8: 100 + 100");
}

TEST(Route, NamesTheRuleThatIsWrong) {
  EXPECT_THAT(
      (weir::test::bind_errors<weir::standard::route, trade>(routes({rule{"id > 1", "a"}, rule{"desk > 1", "b"}}))),
      ElementsAre("routes[1].when@7: cannot compare utf8 with int32: convert one side, like CAST(... AS utf8)"));
  EXPECT_THAT((weir::test::bind_errors<weir::standard::route, trade>(routes({rule{"id > 1", "a b"}}))),
              ElementsAre("routes[0].to: a port's name has letters, digits, `_` and `-`, at most 64 of them"));
  EXPECT_THAT((weir::test::bind_errors<weir::standard::route, trade>(routes({}))), testing::SizeIs(1));
}

}  // namespace
