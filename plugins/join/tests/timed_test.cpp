#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "orders.hpp"

namespace {

using namespace std::chrono_literals;
using namespace join_test;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using weir::test::table;

TEST(TumblingJoin, PairsRowsOfOneWindow) {
  harness<join::tumbling> h{{{"size", 10s}, {"columns", shown()}}, by_customer};
  h.push(order{"ann", 1}, 3s);
  h.push(payment{10, "ann"}, 9s);
  h.push(payment{20, "ann"}, 10s);
  h.push(order{"ann", 2}, 19s);
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+1 10", "+2 20"));
  EXPECT_EQ(h.state_count("left"), 2u);
  h.watermark(10s);
  EXPECT_EQ(h.state_count("left"), 1u);
  h.push(order{"ann", 3}, 9s);
  h.push(payment{30, "ann"}, 9s);
  EXPECT_TRUE(h.take().empty());
  EXPECT_EQ(h.take<order>("late").size(), 1u);
  EXPECT_EQ(h.take<payment>("late.right").size(), 1u);
}

TEST(TumblingJoin, SendsWhatMetNothingWhenTheWindowIsComplete) {
  harness<join::tumbling> h{{{"size", 10s}, {"type", "full"}, {"columns", shown()}}, by_customer};
  h.push(order{"ann", 1}, 3s);
  h.push(order{"bob", 2}, 3s);
  h.push(payment{10, "ann"}, 4s);
  h.push(payment{20, "cid"}, 5s);
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+1 10"));
  h.restore(h.cut());
  h.watermark(10s);
  EXPECT_THAT(texts(h.take_rows()), UnorderedElementsAre("+2 .", "+. 20"));
  h.end();
  EXPECT_TRUE(h.take().empty());
}

TEST(IntervalJoin, PairsRowsWhoseTimesAreNear) {
  harness<join::interval> h{{{"before", 2s}, {"after", 5s}, {"columns", shown()}}, by_customer};
  h.push(order{"ann", 1}, 10s);
  for (const int t : {7, 8, 15, 16}) h.push(payment{t, "ann"}, std::chrono::seconds{t});
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+1 8", "+1 15"));
  h.push(order{"ann", 2}, 18s);
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+2 16"));
}

TEST(IntervalJoin, RefusesRowsThatTakeSomethingBack) {
  harness<join::interval> h{{{"before", 2s}, {"columns", shown()}}, by_customer};
  h.push(order{"ann", 1}, 10s, weir::change_kind::erase);
  EXPECT_EQ(h.take_dead_letters().size(), 1u);
}

// Against all pairs, with a clock that goes on, and a cut in the middle.
TEST(IntervalJoin, GivesThePairsThatALoopOverAllRowsGives) {
  for (const char* type : {"inner", "left", "right", "full"})
    for (unsigned seed = 1; seed <= 6; ++seed) {
      std::mt19937 random{seed};
      const std::int64_t before = seed % 3 * 2, after = seed % 2 ? 5 : 0;
      harness<join::interval> h{{{"before", std::chrono::seconds{before}},
                                 {"after", std::chrono::seconds{after}},
                                 {"type", type},
                                 {"columns", shown()}},
                                by_customer};
      struct timed {
        std::string who;
        std::int64_t id, at;
      };
      std::vector<timed> orders, payments;
      for (int i = 0; i < 150; ++i) {
        const std::int64_t at = i + static_cast<std::int64_t>(random() % 8) - 8;
        timed one{std::string(1, static_cast<char>('a' + random() % 3)), i, at};
        if (random() % 2) {
          h.push(order{one.who, one.id}, std::chrono::seconds{at});
          orders.push_back(one);
        } else {
          h.push(payment{one.id, one.who}, std::chrono::seconds{at});
          payments.push_back(one);
        }
        if (i % 10 == 9) h.watermark(std::chrono::seconds{i - 9});
        if (i == 75) h.restore(h.cut());
      }
      h.end();
      auto got = texts(h.take_rows());
      std::vector<std::string> expected;
      const bool lefts = type[0] == 'l' || type[0] == 'f', rights = type[0] == 'r' || type[0] == 'f';
      const auto pair = [](const auto& o, const auto& p) { return text({.value = {o, std::nullopt, p}}); };
      using number = std::optional<std::int64_t>;
      const auto meet = [&](const timed& o, const timed& p) {
        return o.who == p.who && p.at >= o.at - before && p.at <= o.at + after;
      };
      for (const auto& o : orders) {
        bool met = false;
        for (const auto& p : payments)
          if (meet(o, p)) expected.push_back(pair(number{o.id}, number{p.id})), met = true;
        if (!met && lefts) expected.push_back(pair(number{o.id}, number{}));
      }
      for (const auto& p : payments)
        if (rights && std::none_of(orders.begin(), orders.end(), [&](const timed& o) { return meet(o, p); }))
          expected.push_back(pair(number{}, number{p.id}));
      std::sort(got.begin(), got.end());
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(got, expected) << type << " seed " << seed;
      EXPECT_EQ(h.take<order>("late").size() + h.take<payment>("late.right").size(), 0u);
      EXPECT_EQ(h.state_count("left") + h.state_count("right"), 0u);
    }
}

}  // namespace
