#include "window/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trades.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using weir::test::table;
using weir::test::value;

const table gap_10s{{"gap", 10s}, {"aggregates", value::list({"count() AS n"})}};
using sessions = harness<window::session, counted>;

TEST(Session, EndsWhenNoRowCameForTheGap) {
  for (const bool sparse : {false, true}) {
    sessions h{gap_10s, by_desk};
    h.sparse = sparse;
    h.push_all<trade>({{"fx", 1, 5}, {"fx", 2, 5}, {"repo", 3, 5}}, 0s, 4s);  // 0, 4, 8
    h.watermark(13999998us);
    EXPECT_TRUE(h.take().empty());
    h.watermark(13999999us);
    const auto rows = h.take_rows();
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].value, (counted{"fx", at(0s), at(14s), 2}));
    EXPECT_EQ(rows[0].at, at(13999999us));
    h.end();
    EXPECT_THAT(h.take(), ElementsAre(counted{"repo", at(8s), at(18s), 1}));
    EXPECT_EQ(h.state_count("window"), 0u);
    EXPECT_EQ(h.timer_count("session_end"), 0u);
  }
}

TEST(Session, OfTwoRowsAGapApartAreTwo) {
  sessions h{gap_10s, by_desk};
  h.push_all<trade>({{"fx", 1, 5}, {"fx", 2, 5}}, 0s, 10s);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(10s), 1}, counted{"fx", at(10s), at(20s), 1}));
}

TEST(Session, MergesWhatARowBetweenJoins) {
  sessions h{gap_10s, by_desk};
  h.push({"fx", 1, 5}, 0s);
  h.push({"fx", 2, 5}, 30s);
  h.push({"fx", 3, 5}, 15s);
  h.push({"fx", 4, 5}, 50s);
  EXPECT_EQ(h.state_count("older"), 1u);
  h.push({"fx", 5, 5}, 22s);  // joins 15 and 30
  h.push({"fx", 6, 5}, 28s);
  h.restore(h.cut());
  h.watermark(10s);
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(10s), 1}));
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(15s), at(40s), 4}, counted{"fx", at(50s), at(60s), 1}));
  EXPECT_EQ(h.state_count("older"), 0u);
  EXPECT_EQ(h.timer_count("session_end"), 0u);
}

TEST(Session, TakesALateRowOnlyIntoASessionThatIsOpen) {
  sessions h{gap_10s, by_desk};
  h.push({"fx", 1, 5}, 0s);
  h.push({"fx", 2, 5}, 8s);
  h.watermark(15s);
  h.push({"fx", 3, 5}, 1s);    // its own session would have ended at 11 s, but 8 s holds it
  h.push({"repo", 4, 5}, 1s);  // late
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(18s), 3}));
  const auto late = h.take<trade>("late");
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].id, 4);
}

}  // namespace
