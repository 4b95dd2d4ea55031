#include "filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct trade {
  std::int64_t id;
  std::string desk;
  std::int8_t small;
  bool operator==(const trade&) const = default;
};
WEIR_RECORD(trade, id, desk, small)

using harness = weir::test::harness<weir::standard::filter, trade, trade>;

TEST(Filter, PassesTheRowsForWhichTheConditionIsTrue) {
  for (const bool sparse : {false, true}) {
    harness h{{{"where", "id % 2 = 0 AND desk <> 'fx'"}}};
    h.sparse = sparse;
    h.push_all<trade>({{1, "fx", 0}, {2, "fx", 0}, {3, "repo", 0}, {4, "repo", 0}, {6, "rates", 0}});
    EXPECT_THAT(h.take(), ElementsAre(trade{4, "repo", 0}, trade{6, "rates", 0}));
  }
}

TEST(Filter, GivesRowsThatFailToTheDeadLetterPort) {
  harness h{{{"where", "small + 1 > 0"}}};
  h.push_all<trade>({{1, "fx", 1}, {2, "fx", 127}, {3, "fx", -5}});
  EXPECT_THAT(h.take(), ElementsAre(trade{1, "fx", 1}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(dead[0].why, "where: overflow of int8: 127 + 1");
}

TEST(Filter, PointsIntoTheCondition) {
  EXPECT_THAT((weir::test::bind_errors<weir::standard::filter, trade>({{"where", "id > 1 AND dsek = 'fx'"}})),
              ElementsAre("where@11: unknown column `dsek`, did you mean `desk`?"));
  EXPECT_THAT((weir::test::bind_errors<weir::standard::filter, trade>({{"where", "id"}})),
              ElementsAre("where@0: this option needs a condition, not int64: compare it, like `... <> 0`"));
}

TEST(Filter, KnowsTheTimeOfARow) {
  harness h{{{"where", "event_time() >= '1970-01-01 00:00:10'"}}};
  h.push<trade>({1, "fx", 0}, 9s);
  h.push<trade>({2, "fx", 0}, 10s);
  EXPECT_THAT(h.take(), ElementsAre(trade{2, "fx", 0}));
}

TEST(Filter, KnowsWhereARowComesFrom) {
  harness h{{{"where", "source_id() = 'test' AND trace_id() IS NOT NULL"}}};
  h.trace();
  h.push<trade>({1, "fx", 0});  // number 0: a trace of zeros is none
  h.push<trade>({2, "fx", 0});
  EXPECT_THAT(h.take(), ElementsAre(trade{2, "fx", 0}));
}

}  // namespace
