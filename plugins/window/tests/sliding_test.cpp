#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trades.hpp"
#include "window/pane_window.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using weir::test::table;
using weir::test::value;

const table count_10s_4s{{"size", 10s}, {"slide", 4s}, {"aggregates", value::list({"count() AS n"})}};

TEST(Sliding, MergesThePanesOfEachWindow) {
  harness<window::sliding, counted> h{count_10s_4s, by_desk};
  h.push({"fx", 1, 5}, 5s);
  h.push({"fx", 2, 5}, 9s);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(-4s), at(6s), 1}, counted{"fx", at(0s), at(10s), 2},
                                    counted{"fx", at(4s), at(14s), 2}, counted{"fx", at(8s), at(18s), 1}));
  EXPECT_EQ(h.state_count("window"), 0u);
}

TEST(Sliding, AddsALateRowToTheWindowsThatAreStillOpen) {
  harness<window::sliding, counted> h{count_10s_4s, by_desk};
  h.push({"fx", 1, 5}, 5s);
  h.watermark(10s);  // [-4, 6) and [0, 10) have fired
  EXPECT_EQ(h.take().size(), 2u);
  h.push({"fx", 2, 5}, 5s);  // [4, 14) is open
  h.push({"fx", 3, 5}, 3s);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(4s), at(14s), 2}));
  EXPECT_EQ(h.take<trade>("late").size(), 1u);
}

TEST(Sliding, DoesNotFireAWindowAgainAfterARestore) {
  harness<window::sliding, counted> h{count_10s_4s, by_desk};
  h.push({"fx", 1, 5}, 5s);
  h.watermark(10s);
  h.take();
  const auto cut = h.cut();
  h.restore(cut);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(4s), at(14s), 1}));
}

TEST(Sliding, UpdatesEveryFiredWindowOfARowWithinTheAllowedLateness) {
  harness<window::sliding, counted> h{
      {{"size", 10s}, {"slide", 5s}, {"allowed_lateness", 20s}, {"aggregates", value::list({"count() AS n"})}},
      by_desk};
  h.push({"fx", 1, 5}, 7s);
  h.watermark(16s);
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(10s), 1}, counted{"fx", at(5s), at(15s), 1}));
  h.push({"fx", 2, 5}, 8s);
  EXPECT_THAT(h.take(), UnorderedElementsAre(counted{"fx", at(0s), at(10s), 1}, counted{"fx", at(5s), at(15s), 1},
                                             counted{"fx", at(0s), at(10s), 2}, counted{"fx", at(5s), at(15s), 2}));
  h.push({"fx", 3, 5}, 12s);  // [5, 15) has fired, [10, 20) has not
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(5s), at(15s), 2}, counted{"fx", at(5s), at(15s), 3}));
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(10s), at(20s), 1}));
}

struct texts {
  std::optional<std::string> least, most, first, last, of_most;
  std::optional<std::int64_t> of_least;
  std::int64_t desks, prices;
  bool operator==(const texts&) const = default;
};
WEIR_RECORD(texts, least, most, first, last, of_most, of_least, desks, prices)

TEST(Sliding, KeepsTextsAndDistinctValues) {
  harness<window::sliding, texts> h{
      {{"size", 10s},
       {"slide", 5s},
       {"aggregates",
        value::list({"min(desk) AS least", "max(desk) AS most", "first(desk) AS first", "last(desk) AS last",
                     "arg_max(desk, price) AS of_most", "arg_min(id, desk) AS of_least",
                     "count(DISTINCT desk) AS desks", "count(DISTINCT price) AS prices"})}}};
  h.push_rows<trade>({{"m", 1, 5}, {"a", 2, std::nullopt}, {"z", 3, 9}, {"m", 4, 9}},
                     {3'000'000, 1'000'000, 6'000'000, 7'000'000});
  h.restore(h.cut());
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(texts{"a", "m", "a", "m", "m", 2, 2, 1}, texts{"a", "z", "a", "m", "z", 2, 3, 2},
                                    texts{"m", "z", "z", "m", "z", 4, 2, 1}));
  EXPECT_EQ(h.state_count("window") + h.state_count("side_0") + h.state_count("side_7"), 0u);
}

}  // namespace
