#include "task/shadow_compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "fakes.hpp"
#include "model/batch_builder.hpp"
#include "model/name_registry.hpp"

namespace weir::task {
namespace {

using testing::ElementsAre;

struct row {
  std::int64_t key;
  double value;
  std::int64_t time = 0;
};

/// One keyed operator with an output "key: int64, value: float64".
struct bench {
  op::spec what;
  shadow_report report{1};
  std::optional<shadow_compare> compare;

  explicit bench(shadow_rules rules = {}) {
    what.id = "sums";
    what.outputs.push_back({"out", model::parse_schema("key: int64, value: float64").take(), {}, true});
    what.key_fields = {model::parse_field("key", "int64").take()};
    compare.emplace(what, 0, std::move(rules), report);
  }
  model::batch_ref batch(const std::vector<row>& rows, std::int64_t first_offset = -1) const {
    model::batch_builder b(model::builder_layout::make(what.outputs[0].schema), {.source = true});
    weir_builder* v = b.open(static_cast<std::int64_t>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      static_cast<std::int64_t*>(v->columns[0].values)[i] = rows[i].key;
      static_cast<double*>(v->columns[1].values)[i] = rows[i].value;
      v->event_time[i] = rows[i].time;
    }
    v->length = static_cast<std::int64_t>(rows.size());
    v->split = model::split_names().number("trades/3");
    v->first_offset = first_offset;
    return b.finish(WEIR_EMIT_TIMES, nullptr, WEIR_TIME_MIN).take();
  }
  void call(const std::vector<row>& before, const std::vector<row>& now) {
    std::vector<shadow_compare::given> old_rows, new_rows;
    if (!before.empty()) old_rows.push_back({0, batch(before, 100)});
    if (!now.empty()) new_rows.push_back({0, batch(now, 100)});
    compare->compare(old_rows, new_rows, nullptr);
  }
  std::vector<std::uint64_t> counts() const {
    const auto c = report.counts();
    return {c.equal, c.different, c.missing, c.extra};
  }
};

TEST(ShadowCompare, FindsNoDifferenceInEqualRows) {
  bench b;
  b.call({{1, 1.5}, {2, 2}}, {{1, 1.5}, {2, 2}});
  b.call({}, {});
  b.compare->settle();
  EXPECT_THAT(b.counts(), ElementsAre(2, 0, 0, 0));
  EXPECT_TRUE(b.report.examples().empty());
}

TEST(ShadowCompare, DoesNotCareHowRowsAreCutIntoBatchesOrHowKeysMix) {
  bench b;
  std::vector<shadow_compare::given> before{{0, b.batch({{1, 1}, {2, 1}, {1, 2}})}};
  std::vector<shadow_compare::given> now{{0, b.batch({{2, 1}})}, {0, b.batch({{1, 1}})}, {0, b.batch({{1, 2}})}};
  b.compare->compare(before, now, nullptr);
  EXPECT_THAT(b.counts(), ElementsAre(3, 0, 0, 0));
}

TEST(ShadowCompare, CaresForTheOrderWithinAKey) {
  bench b;
  b.call({{1, 1}, {1, 2}}, {{1, 2}, {1, 1}});
  b.compare->settle();
  EXPECT_THAT(b.counts(), ElementsAre(1, 0, 1, 1));
}

TEST(ShadowCompare, NamesTheRowTheFieldAndWhereItComesFrom) {
  bench b;
  b.call({{1, 1}, {7, 2, 40}, {7, 3}}, {{1, 1}, {7, 9, 40}, {7, 3}});
  EXPECT_THAT(b.counts(), ElementsAre(2, 1, 0, 0));
  const auto examples = b.report.examples();
  ASSERT_EQ(examples.size(), 1u);
  const shadow_example& e = examples[0];
  EXPECT_EQ(e.what, "different");
  EXPECT_EQ(e.port, "out");
  EXPECT_EQ(e.key, R"({"key":7})");
  EXPECT_EQ(e.before, R"({"key":7,"value":2})");
  EXPECT_EQ(e.now, R"({"key":7,"value":9})");
  EXPECT_THAT(e.fields, ElementsAre("value"));
  EXPECT_EQ(e.split, "trades/3");
  EXPECT_EQ(e.first_offset, 101);
  EXPECT_EQ(e.last_offset, 101);
  EXPECT_EQ(e.event_time_us, 40);
}

TEST(ShadowCompare, ARowThatIsMissingMakesNothingElseDifferent) {
  bench b;
  b.call({{1, 1}, {1, 2}, {1, 3}}, {{1, 1}, {1, 3}});
  b.call({{1, 4}}, {{1, 4}});
  b.compare->settle();
  EXPECT_THAT(b.counts(), ElementsAre(3, 0, 1, 0));
  EXPECT_EQ(b.report.examples()[0].before, R"({"key":1,"value":2})");
}

TEST(ShadowCompare, ARowTooManyMakesNothingElseDifferent) {
  bench b;
  b.call({{1, 1}}, {{1, 0}, {1, 1}});
  b.call({{1, 2}}, {{1, 2}, {5, 5}});
  b.compare->settle();
  EXPECT_THAT(b.counts(), ElementsAre(2, 0, 0, 2));
  EXPECT_EQ(b.report.examples()[1].now, R"({"key":5,"value":5})");
}

TEST(ShadowCompare, RowsMayComeInALaterCallUntilAllWasFlushed) {
  bench b;
  b.call({{1, 1}, {2, 1}}, {});
  EXPECT_THAT(b.counts(), ElementsAre(0, 0, 0, 0));
  b.call({}, {{2, 1}, {1, 1}});
  EXPECT_THAT(b.counts(), ElementsAre(2, 0, 0, 0));
  b.call({{3, 1}}, {});
  b.compare->settle();
  EXPECT_THAT(b.counts(), ElementsAre(2, 0, 1, 0));
}

TEST(ShadowCompare, ComparesEventTimes) {
  bench b;
  b.call({{1, 1, 5}}, {{1, 1, 6}});
  EXPECT_THAT(b.report.examples()[0].fields, ElementsAre("event_time"));
  bench other({.ignored = {"event_time"}, .tolerances = {}});
  other.call({{1, 1, 5}}, {{1, 1, 6}});
  EXPECT_THAT(other.counts(), ElementsAre(1, 0, 0, 0));
}

TEST(ShadowCompare, IgnoresFieldsAndToleratesAsTold) {
  bench ignores({.ignored = {"value"}, .tolerances = {}});
  ignores.call({{1, 1}}, {{1, 100}});
  EXPECT_THAT(ignores.counts(), ElementsAre(1, 0, 0, 0));
  bench absolute({.ignored = {}, .tolerances = {{"value", {0.01, false}}}});
  absolute.call({{1, 1}, {2, 1}}, {{1, 1.009}, {2, 1.011}});
  EXPECT_THAT(absolute.counts(), ElementsAre(1, 1, 0, 0));
  bench relative({.ignored = {}, .tolerances = {{"value", {0.01, true}}}});
  relative.call({{1, 1000}, {2, 1000}}, {{1, 1009}, {2, 1011}});
  EXPECT_THAT(relative.counts(), ElementsAre(1, 1, 0, 0));
}

TEST(ShadowCompare, NaNIsNaNAndZeroHasNoSign) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  bench b;
  b.call({{1, nan}, {2, 0.0}, {3, nan}}, {{1, -nan}, {2, -0.0}, {3, 1}});
  EXPECT_THAT(b.counts(), ElementsAre(2, 1, 0, 0));
}

TEST(ShadowCompare, KeepsABoundedNumberOfExamplesAndCountsAll) {
  bench b;
  for (int i = 0; i < 1000; ++i) b.call({{i, 1}}, {{i, 2}});
  EXPECT_THAT(b.counts(), ElementsAre(0, 1000, 0, 0));
  EXPECT_EQ(b.report.examples().size(), shadow_report::most_examples);
}

TEST(ShadowCompare, RowsThatWaitAreBounded) {
  bench b;
  for (std::size_t i = 0; i <= shadow_compare::most_waiting / 1000; ++i) {
    std::vector<row> rows;
    for (int k = 0; k < 1000; ++k) rows.push_back({k, 1});
    b.call(rows, {});
  }
  EXPECT_EQ(b.report.counts().missing, shadow_compare::most_waiting + 1000);
}

TEST(ShadowCompare, WithoutTheKeyInTheOutputThePortIsOneSequence) {
  bench b;
  b.what.key_fields = {model::parse_field("desk", "string").take()};
  b.call({{1, 1}, {2, 2}}, {{2, 2}, {1, 1}});
  b.compare->settle();
  EXPECT_THAT(b.counts(), ElementsAre(1, 0, 1, 1));
  EXPECT_EQ(b.report.examples()[0].key, "");
}

// Whatever is changed in whatever way: all rows of both versions are accounted for, and what was not touched is equal.
TEST(ShadowCompare, AccountsForEveryRow) {
  std::mt19937_64 random(20);
  for (int round = 0; round < 200; ++round) {
    bench b;
    std::uint64_t old_rows = 0, new_rows = 0, altered = 0, left_out = 0, added = 0;
    for (int call = 0; call < 20; ++call) {
      std::vector<row> before, now;
      for (std::uint64_t i = random() % 30; i > 0; --i) {
        const row r{static_cast<std::int64_t>(random() % 5), static_cast<double>(random() % 1'000'000'000), 7};
        before.push_back(r);
        const auto fate = random() % 100;
        if (fate == 0) {
          ++left_out;
          continue;
        }
        now.push_back(fate == 1 ? row{r.key, r.value + 0.5, 7} : r);
        altered += fate == 1;
        if (fate == 2) now.push_back({r.key, -1, 7}), ++added;
      }
      old_rows += before.size(), new_rows += now.size();
      b.call(before, now);
    }
    b.compare->settle();
    const auto c = b.report.counts();
    EXPECT_EQ(c.equal + c.different + c.missing, old_rows) << round;
    EXPECT_EQ(c.equal + c.different + c.extra, new_rows) << round;
    EXPECT_EQ(c.equal, old_rows - altered - left_out) << round;
    EXPECT_LE(c.different + c.missing + c.extra, 2 * altered + left_out + added) << round;
  }
}

TEST(ShadowReport, TheFirstEndCounts) {
  shadow_report r(2);
  EXPECT_FALSE(r.follows_everywhere());
  r.follows(0), r.follows(1);
  EXPECT_TRUE(r.follows_everywhere());
  r.end("failed", "it threw");
  r.end("dropped", "by hand");
  EXPECT_TRUE(r.over());
  EXPECT_EQ(r.how_it_ended()->what, "failed");
}

}  // namespace
}  // namespace weir::task
