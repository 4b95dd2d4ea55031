#include "window/running.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trades.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using testing::ElementsAre;
using testing::UnorderedElementsAre;
using weir::change_kind;
using weir::test::value;

struct totals {
  std::string desk;
  std::int64_t n;
  std::optional<std::int64_t> most;
  bool operator==(const totals&) const = default;
};
WEIR_RECORD(totals, desk, n, most)
const auto some = value::list({"count() AS n", "max(price) AS most"});

TEST(Running, TellsWhatWasAndWhatIsAtEveryRow) {
  for (const bool sparse : {false, true})
    for (const std::size_t batch : {1, 64}) {
      harness<window::running, totals> h{{{"aggregates", some}}, by_desk};
      h.sparse = sparse;
      h.batch_size = batch;
      h.push_all<trade>({{"fx", 1, std::nullopt}, {"repo", 2, 7}, {"fx", 3, 5}, {"fx", 4, 4}}, 1s, 1s);
      const auto rows = h.take_rows();
      std::vector<totals> values;
      std::vector<change_kind> kinds;
      for (const auto& r : rows) values.push_back(r.value), kinds.push_back(r.change);
      EXPECT_THAT(values,
                  ElementsAre(totals{"fx", 1, std::nullopt}, totals{"repo", 1, 7}, totals{"fx", 1, std::nullopt},
                              totals{"fx", 2, 5}, totals{"fx", 2, 5}, totals{"fx", 3, 5}));
      EXPECT_THAT(kinds, ElementsAre(change_kind::insert, change_kind::insert, change_kind::update_before,
                                     change_kind::update_after, change_kind::update_before, change_kind::update_after));
      EXPECT_EQ(rows[3].at, at(3s));
      const auto cut = h.cut();
      h.restore(cut);
      h.push({"repo", 5, 9}, 9s);
      EXPECT_THAT(h.take(), ElementsAre(totals{"repo", 1, 7}, totals{"repo", 2, 9}));
    }
}

TEST(Running, TellsOnlyWhatIsAsUpserts) {
  harness<window::running, totals> h{{{"aggregates", some}, {"emit", "upserts"}}, by_desk};
  h.push_all<trade>({{"fx", 1, 3}, {"fx", 3, 5}}, 1s, 1s);
  EXPECT_THAT(h.take(), ElementsAre(totals{"fx", 1, 3}, totals{"fx", 2, 5}));
}

TEST(Running, SendsBothHalvesOfAnUpdateInOneBatch) {
  harness<window::running, totals> h{{{"aggregates", some}}, by_desk};
  h.batch_size = 5000;
  h.push_all<trade>(std::vector<trade>(5000, {"fx", 1, 3}), 1s, 1s);
  const auto& sent = h.under().task().emitted[0];
  ASSERT_GT(sent.size(), 1u) << "more changes than one batch holds";
  for (const auto& b : sent) EXPECT_NE(b.change.back(), WEIR_UPDATE_BEFORE);
  EXPECT_EQ(h.take().size(), 9999u);
}

TEST(CountWindow, TellsEverySoManyRowsOfAKey) {
  for (const std::size_t batch : {1, 2, 64}) {
    harness<window::count_window, counted> h{{{"rows", 2}, {"aggregates", value::list({"count() AS n"})}}, by_desk};
    h.batch_size = batch;
    h.push_all<trade>({{"fx", 1, 3}, {"repo", 2, 3}, {"fx", 3, 5}, {"fx", 4, 5}, {"fx", 5, 5}, {"fx", 6, 5}}, 1s, 1s);
    EXPECT_THAT(h.take(),
                ElementsAre(counted{"fx", at(1s), at(3000001us), 2}, counted{"fx", at(4s), at(5000001us), 2}));
    EXPECT_EQ(h.state_count("window"), 2u);
  }
}

struct ended {
  std::string desk;
  weir::time window_end;
  std::int64_t n;
  bool operator==(const ended&) const = default;
};
WEIR_RECORD(ended, desk, window_end, n)

TEST(GlobalWindow, TellsAllKeysSoOftenOrAKeyEverySoManyRows) {
  harness<window::global_window, ended> often{{{"every", 10s}, {"aggregates", value::list({"count() AS n"})}}, by_desk};
  often.push_all<trade>({{"fx", 1, 3}, {"repo", 2, 3}}, 1s, 1s);
  often.watermark(9s);
  EXPECT_TRUE(often.take().empty());
  often.watermark(10s);
  EXPECT_THAT(often.take(), UnorderedElementsAre(ended{"fx", at(10s), 1}, ended{"repo", at(10s), 1}));
  often.restore(often.cut());
  often.watermark(11s);
  EXPECT_TRUE(often.take().empty());
  often.push({"fx", 3, 3}, 12s);
  often.watermark(20s);
  EXPECT_THAT(often.take(), UnorderedElementsAre(ended{"fx", at(20s), 2}, ended{"repo", at(20s), 1}));

  harness<window::global_window, ended> rows{
      {{"rows", 2}, {"purge", true}, {"aggregates", value::list({"count() AS n"})}}, by_desk};
  rows.push_all<trade>({{"fx", 1, 3}, {"fx", 2, 3}, {"fx", 3, 3}, {"repo", 4, 3}, {"fx", 5, 3}}, 1s, 1s);
  EXPECT_THAT(rows.take(), ElementsAre(ended{"fx", at(2000001us), 2}, ended{"fx", at(5000001us), 2}));
}

}  // namespace
