#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trades.hpp"
#include "window/pane_window.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using weir::change_kind;
using weir::test::table;
using weir::test::value;

const table count_10s{{"size", 10s}, {"aggregates", value::list({"count() AS n"})}};

TEST(Tumbling, SendsTheResultsOfAWindowWhenTheClockHasPassedIt) {
  for (const bool sparse : {false, true}) {
    harness<window::tumbling, counted> h{count_10s, by_desk};
    h.sparse = sparse;
    h.push({"fx", 1, 5}, 0s);
    h.push({"repo", 2, 5}, 3s);
    h.push({"fx", 3, 5}, 12s);
    h.push({"fx", 4, 5}, 9s);  // out of order
    h.watermark(9999998us);
    EXPECT_TRUE(h.take().empty());
    h.watermark(9999999us);
    const auto rows = h.take_rows();
    std::vector<counted> values;
    for (const auto& r : rows) {
      values.push_back(r.value);
      EXPECT_EQ(r.at, at(9999999us));
      EXPECT_EQ(r.change, change_kind::insert);
    }
    EXPECT_THAT(values, UnorderedElementsAre(counted{"fx", at(0s), at(10s), 2}, counted{"repo", at(0s), at(10s), 1}));
    h.end();
    EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(10s), at(20s), 1}));
    EXPECT_EQ(h.state_count("window"), 0u);
  }
}

TEST(Tumbling, SendsLateRowsToTheirPortAsTheyCame) {
  harness<window::tumbling, counted> h{count_10s, by_desk};
  h.sparse = true;
  h.push({"fx", 1, 5}, 5s);
  h.watermark(15s);
  h.push_all<trade>({{"fx", 2, 5}, {"fx", 3, std::nullopt}, {"fx", 4, 5}}, 8s, 1s);  // 8 s, 9 s, 10 s
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(10s), 1}, counted{"fx", at(10s), at(20s), 1}));
  std::vector<std::int64_t> late;
  for (const auto& t : h.take<trade>("late")) late.push_back(t.id);
  EXPECT_THAT(late, ElementsAre(2, 3));
}

TEST(Tumbling, BeginsWindowsAtTheOffset) {
  harness<window::tumbling, counted> h{{{"size", 10s}, {"offset", 3s}, {"aggregates", value::list({"count() AS n"})}},
                                       by_desk};
  h.push({"fx", 1, 5}, 2s);
  h.push({"fx", 1, 5}, 3s);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(-7s), at(3s), 1}, counted{"fx", at(3s), at(13s), 1}));
}

TEST(Tumbling, UpdatesAWindowForRowsWithinTheAllowedLateness) {
  harness<window::tumbling, counted> h{
      {{"size", 10s}, {"allowed_lateness", 5s}, {"aggregates", value::list({"count() AS n"})}}, by_desk};
  h.push({"fx", 1, 5}, 5s);
  h.watermark(10s);
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(10s), 1}));
  h.push_all<trade>({{"fx", 2, 5}, {"repo", 3, 5}, {"fx", 4, 5}, {"fx", 5, 5}}, 7s,
                    1s);  // the last one is of the next window
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].value, (counted{"fx", at(0s), at(10s), 1}));
  EXPECT_EQ(rows[0].change, change_kind::update_before);
  EXPECT_EQ(rows[1].value, (counted{"fx", at(0s), at(10s), 3}));
  EXPECT_EQ(rows[1].change, change_kind::update_after);
  EXPECT_EQ(rows[2].value, (counted{"repo", at(0s), at(10s), 1}));
  EXPECT_EQ(rows[2].change, change_kind::insert);
  h.watermark(14999998us);
  EXPECT_EQ(h.state_count("window"), 3u);
  h.watermark(14999999us);
  EXPECT_EQ(h.state_count("window"), 1u);
  h.push({"fx", 6, 5}, 9s);
  EXPECT_EQ(h.take<trade>("late").size(), 1u);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(10s), at(20s), 1}));
}

struct best {
  weir::time window_start, window_end;
  std::int64_t n;
  std::string desk;
  std::optional<std::int64_t> price;
  bool operator==(const best&) const = default;
};
WEIR_RECORD(best, window_start, window_end, n, desk, price)

table best_of(std::int64_t limit, bool ties, const char* order = "largest") {
  return {{"size", 10s},
          {"aggregates", value::list({"count() AS n"})},
          {"best_rows", table{{"by", "price"},
                              {"columns", value::list({"desk", "price"})},
                              {"limit", limit},
                              {"ties", ties},
                              {"order", order}}}};
}
const std::vector<trade> prices{{"a", 1, 5}, {"b", 2, 9}, {"c", 3, std::nullopt}, {"d", 4, 9}, {"e", 5, 7},
                                {"f", 6, 9}, {"g", 7, 5}};

TEST(Tumbling, ShowsTheBestRowsWithTies) {
  for (const std::size_t batch : {1, 64}) {
    harness<window::tumbling, best> h{best_of(1, true)};
    h.batch_size = batch;
    h.push_all(prices, 0s, 1s);
    h.restore(h.cut());
    h.end();
    EXPECT_THAT(h.take(), ElementsAre(best{at(0s), at(10s), 7, "b", 9}, best{at(0s), at(10s), 7, "d", 9},
                                      best{at(0s), at(10s), 7, "f", 9}));
  }
}

TEST(Tumbling, ShowsAsManyBestRowsAsAskedFor) {
  harness<window::tumbling, best> one{best_of(1, false)};
  one.push_all(prices, 0s, 1s);
  one.end();
  EXPECT_THAT(one.take(), ElementsAre(best{at(0s), at(10s), 7, "b", 9}));
  harness<window::tumbling, best> smallest{best_of(3, false, "smallest")};
  smallest.push_all(prices, 0s, 1s);
  smallest.end();
  EXPECT_THAT(smallest.take(), ElementsAre(best{at(0s), at(10s), 7, "a", 5}, best{at(0s), at(10s), 7, "g", 5},
                                           best{at(0s), at(10s), 7, "e", 7}));
}

TEST(Tumbling, KeepsTheBestOfManyRowsInAShortList) {
  harness<window::tumbling, best> h{best_of(3, false)};
  std::vector<trade> all;
  for (std::int64_t i = 0; i < 5000; ++i) all.push_back({"x", i, i * 7919 % 5003});
  h.push_all(all, 0s, 1us);
  h.end();
  const auto out = h.take();
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].price, 5002);
  EXPECT_EQ(out[1].price, 5001);
  EXPECT_EQ(out[2].price, 5000);
  EXPECT_EQ(out[0].n, 5000);
}

TEST(Tumbling, KeepsTheBestKeysOfAWindow) {
  harness<window::tumbling, counted> h{
      {{"size", 10s}, {"aggregates", value::list({"count() AS n"})}, {"best_keys", table{{"by", "n"}}}}, by_desk};
  for (const char* desk : {"a", "b", "b", "c", "d", "d"}) h.push({desk, 1, 1}, 1s);
  h.push({"z", 1, 1}, 11s);
  h.end();
  EXPECT_THAT(h.take(), UnorderedElementsAre(counted{"b", at(0s), at(10s), 2}, counted{"d", at(0s), at(10s), 2},
                                             counted{"z", at(10s), at(20s), 1}));
}

TEST(Tumbling, BuriesRowsWithoutAnEventTime) {
  harness<window::tumbling, counted> h{count_10s, by_desk};
  h.push({"fx", 1, 5}, weir::no_time);
  h.push({"fx", 1, 5}, 1s);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(counted{"fx", at(0s), at(10s), 1}));
  EXPECT_EQ(h.take_dead_letters().size(), 1u);
}

template <class Operator>
std::vector<std::string> errors(const table& options) {
  try {
    harness<Operator, counted> h{options, by_desk};
  } catch (const weir::test::bind_refused& refused) {
    return refused.errors;
  }
  return {};
}

TEST(Tumbling, SaysWhatIsWrongWithItsOptions) {
  const auto with = [](const char* aggregate) {
    return errors<window::tumbling>({{"size", 10s}, {"aggregates", value::list({aggregate})}});
  };
  EXPECT_THAT(with("sum(prise) AS x"),
              ElementsAre(HasSubstr("aggregates[0]: there is no column 'prise'; did you mean 'price'")));
  EXPECT_THAT(with("sum(desk) AS x"), ElementsAre(HasSubstr("must be a number")));
  EXPECT_THAT(with("summ(price) AS x"), ElementsAre(HasSubstr("did you mean 'sum'")));
  EXPECT_THAT(with("sum(price)"), ElementsAre(HasSubstr("aggregates[0]@10: the output column needs a name")));
  EXPECT_THAT(with("sum(price) AS desk"), ElementsAre(HasSubstr("two columns 'desk'")));
  EXPECT_THAT(errors<window::tumbling>({{"size", 0s}, {"aggregates", value::list({"count() AS n"})}}),
              ElementsAre(HasSubstr("size: must be")));
  EXPECT_THAT(errors<window::tumbling>({{"size", 1s}}), ElementsAre(HasSubstr("aggregates: is empty")));
  EXPECT_THAT(errors<window::sliding>({{"size", 1s}, {"slide", 2s}, {"aggregates", value::list({"count() AS n"})}}),
              ElementsAre(HasSubstr("slide: is longer than the size")));
  EXPECT_THAT(errors<window::tumbling>(
                  {{"size", 1s}, {"aggregates", value::list({"count() AS n"})}, {"best_keys", table{{"by", "m"}}}}),
              ElementsAre(HasSubstr("best_keys.by: there is no aggregate 'm'")));
}

}  // namespace
