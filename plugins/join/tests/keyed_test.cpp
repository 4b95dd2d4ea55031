#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "orders.hpp"

namespace {

using namespace std::chrono_literals;
using namespace join_test;
using testing::ElementsAre;
using weir::change_kind;
using weir::test::table;

TEST(KeyedJoin, PairsRowsOfAKeyWhicheverComesFirst) {
  for (const bool sparse : {false, true}) {
    harness<join::keyed> h{{{"columns", shown()}}, by_customer};
    h.sparse = sparse;
    h.push(order{"ann", 1}, 3s);
    h.push(payment{10, "ann"}, 1s);
    h.push(payment{20, "bob"}, 2s);
    h.push_all<order>({{"bob", 2}, {"ann", 3}}, 4s);
    const auto rows = h.take_rows();
    EXPECT_THAT(texts(rows), ElementsAre("+1 10", "+2 20", "+3 10"));
    EXPECT_EQ(rows[0].at, weir::time{3s});  // the later of the two
    EXPECT_EQ(rows[1].at, weir::time{4s});
  }
}

TEST(KeyedJoin, TakesBackARowThatStoodAlone) {
  harness<join::keyed> h{{{"type", "full"}, {"columns", shown()}}, by_customer};
  h.push(order{"ann", 1});
  h.push(order{"ann", 2});
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+1 .", "+2 ."));
  h.restore(h.cut());
  h.push(payment{10, "ann"});
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("-1 .", "+1 10", "-2 .", "+2 10"));
  h.push(payment{20, "ann"});
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+1 20", "+2 20"));
  h.push(payment{30, "bob"});
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("+. 30"));
}

TEST(KeyedJoin, FollowsAChangingInput) {
  harness<join::keyed> h{{{"type", "left"}, {"columns", shown()}}, by_customer};
  h.push(order{"ann", 1});
  h.push(payment{10, "ann"});
  h.take_rows();
  h.push(payment{10, "ann"}, 1s, change_kind::update_before);
  h.push(payment{11, "ann"}, 1s, change_kind::update_after);
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("-1 10", "+1 .", "-1 .", "+1 11"));
  h.push(order{"ann", 1}, 2s, change_kind::erase);
  h.push(order{"ann", 1}, 2s, change_kind::erase);  // never there: nothing
  h.push(order{"ann", 2}, 2s);
  EXPECT_THAT(texts(h.take_rows()), ElementsAre("-1 11", "+2 11"));
}

TEST(KeyedJoin, ForgetsRowsAfterTheirTimeToLive) {
  harness<join::keyed> h{{{"ttl", 10s}, {"columns", shown()}}, by_customer};
  h.watermark(0s);
  h.push(order{"ann", 1}, 1s);
  h.watermark(30s);
  h.push(payment{10, "ann"}, 30s);
  EXPECT_TRUE(h.take().empty());
}

// The changes put together are the join of all rows, whatever the order they come in.
TEST(KeyedJoin, AddsUpToTheJoinOfAllRows) {
  for (const char* type : {"inner", "left", "right", "full"})
    for (unsigned seed = 1; seed <= 5; ++seed) {
      std::mt19937 random{seed};
      harness<join::keyed> h{{{"type", type}, {"columns", shown()}}, by_customer};
      std::vector<order> orders;
      std::vector<payment> payments;
      std::map<std::string, int> seen;
      for (int i = 0; i < 120; ++i) {
        const std::string who(1, static_cast<char>('a' + random() % 12));
        const bool left = random() % 2;
        if (random() % 4 == 0 && !(left ? orders.empty() : payments.empty())) {  // one is taken back
          if (left) {
            const auto at = orders.begin() + static_cast<std::ptrdiff_t>(random() % orders.size());
            h.push(*at, 0s, change_kind::erase);
            orders.erase(at);
          } else {
            const auto at = payments.begin() + static_cast<std::ptrdiff_t>(random() % payments.size());
            h.push(*at, 0s, change_kind::erase);
            payments.erase(at);
          }
        } else if (left) {
          orders.push_back({who, i});
          h.push(orders.back());
        } else {
          payments.push_back({i, who});
          h.push(payments.back());
        }
        if (i == 60) h.restore(h.cut());
      }
      for (const auto& r : h.take_rows()) {
        weir::test::row<paid> plain = r;
        plain.change = change_kind::insert;
        seen[text(plain)] += r.change == change_kind::erase ? -1 : 1;
      }
      std::map<std::string, int> expected;
      const bool lefts = type[0] == 'l' || type[0] == 'f', rights = type[0] == 'r' || type[0] == 'f';
      const auto count = [&](std::optional<std::int64_t> id, std::optional<std::int64_t> amount) {
        ++expected[text({.value = {id, std::nullopt, amount}})];
      };
      for (const auto& o : orders) {
        bool met = false;
        for (const auto& p : payments)
          if (p.payer == o.customer) count(o.id, p.amount), met = true;
        if (!met && lefts) count(o.id, std::nullopt);
      }
      for (const auto& p : payments)
        if (rights && std::none_of(orders.begin(), orders.end(), [&](const order& o) { return o.customer == p.payer; }))
          count(std::nullopt, p.amount);
      std::erase_if(seen, [](const auto& e) { return e.second == 0; });
      EXPECT_EQ(seen, expected) << type << " seed " << seed;
    }
}

}  // namespace
