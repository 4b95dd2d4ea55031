// Percentiles in windows of every kind, against the sorted values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "random_trades.hpp"
#include "shared/aggregate/sketch.hpp"
#include "window/pane_window.hpp"
#include "window/running.hpp"
#include "window/session.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;
using weir::test::table;
using weir::test::value;

struct spread {
  std::string desk;
  weir::time window_start, window_end;
  std::int64_t n;
  std::optional<double> half, most, fine;
};
WEIR_RECORD(spread, desk, window_start, window_end, n, half, most, fine)
const auto percentiles = value::list({"count() AS n", "median(price) AS half", "percentile(price, 0.95) AS most",
                                      "percentile(price, 0.95, 0.001) AS fine"});

std::optional<double> exact(std::vector<std::int64_t> values, double share) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return static_cast<double>(values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]);
}
void expect_near(std::optional<double> got, std::optional<double> is, double error) {
  ASSERT_EQ(got.has_value(), is.has_value());
  const double far = std::fabs(got.value_or(0) - is.value_or(0));
  EXPECT_LE(far, std::fabs(is.value_or(0)) * error);
}
void expect_percentiles(const spread& s, const std::vector<std::int64_t>& values) {
  expect_near(s.half, exact(values, 0.5), 0.0078);
  expect_near(s.most, exact(values, 0.95), 0.0078);
  expect_near(s.fine, exact(values, 0.95), 0.001);
}

// All rows by windows that a result names; a window has the rows of its key from its start to its end.
template <class Operator>
void compare(const table& options) {
  const auto rows = random_trades(7, 2500, 30);
  for (const std::size_t batch : {1, 50, 1000}) {
    harness<Operator, spread> h{options, by_desk};
    h.batch_size = batch;
    std::vector<trade> trades;
    std::vector<std::int64_t> times;
    for (const auto& r : rows) trades.push_back(r.what), times.push_back(r.at * 1'000'000);
    h.push_rows(trades, times);
    h.restore(h.cut());
    h.end();
    std::size_t results = 0, many = 0;
    for (const spread& s : h.take()) {
      std::vector<std::int64_t> in;
      for (const auto& r : rows)
        if (r.what.desk == s.desk && at(std::chrono::seconds{r.at}) >= s.window_start &&
            at(std::chrono::seconds{r.at}) < s.window_end && r.what.price)
          in.push_back(*r.what.price);
      expect_percentiles(s, in);
      ++results;
      many += in.size() > 2 * weir::aggregate::sketch::few;
    }
    EXPECT_GT(results, 20u);
    EXPECT_GT(many, 5u) << "more values than a sketch keeps as they are";
    EXPECT_EQ(h.state_count("window") + h.state_count("side_1") + h.state_count("side_3"), 0u);
  }
}

TEST(Percentile, OfTumblingWindows) { compare<window::tumbling>({{"size", 1000s}, {"aggregates", percentiles}}); }
TEST(Percentile, OfSlidingWindowsIsMergedFromTheirPanes) {
  compare<window::sliding>({{"size", 1000s}, {"slide", 400s}, {"aggregates", percentiles}});
}
TEST(Percentile, OfSessionsIsMergedWhenTheyAre) {
  compare<window::session>({{"gap", 65s}, {"aggregates", percentiles}});
}

TEST(Percentile, OfCountWindowsBeginsAnew) {
  harness<window::count_window, spread> h{{{"rows", 3}, {"aggregates", percentiles}}, by_desk};
  h.push_all<trade>({{"fx", 1, 10}, {"fx", 2, 30}, {"repo", 3, 1}, {"fx", 4, 20}, {"fx", 5, 7}, {"fx", 6, {}}}, 1s, 1s);
  h.restore(h.cut());
  h.push({"fx", 7, 9}, 9s);
  const auto out = h.take();
  ASSERT_EQ(out.size(), 2u);
  expect_percentiles(out[0], {10, 20, 30});
  expect_percentiles(out[1], {7, 9});
}

struct so_far {
  std::string desk;
  std::int64_t prices;
  std::optional<double> half;
  bool operator==(const so_far&) const = default;
};
WEIR_RECORD(so_far, desk, prices, half)

TEST(Percentile, OfARunningAggregateIsToldAsItWasAndAsItIs) {
  for (const std::size_t batch : {1, 64}) {
    harness<window::running, so_far> h{
        {{"aggregates", value::list({"count(DISTINCT price) AS prices", "median(price) AS half"})}}, by_desk};
    h.batch_size = batch;
    h.push_all<trade>({{"fx", 1, {}}, {"fx", 2, 64}, {"repo", 3, 5}, {"fx", 4, 128}, {"fx", 5, 128}}, 1s, 1s);
    EXPECT_THAT(h.take(),
                ElementsAre(so_far{"fx", 0, {}}, so_far{"fx", 0, {}}, so_far{"fx", 1, 64}, so_far{"repo", 1, 5},
                            so_far{"fx", 1, 64}, so_far{"fx", 2, 64}, so_far{"fx", 2, 64}, so_far{"fx", 2, 128}));
  }
}

TEST(Percentile, OfARunningAggregateIsForgottenWithItsKey) {
  harness<window::running, so_far> h{
      {{"aggregates", value::list({"count(DISTINCT price) AS prices", "median(price) AS half"})}, {"ttl", 10s}},
      by_desk};
  h.push({"fx", 1, 64}, 0s);
  h.watermark(8s);
  h.push({"fx", 2, {}}, 8s);  // the key lives on, with what it had
  h.watermark(16s);
  h.push({"fx", 3, 64}, 16s);
  h.watermark(30s);
  h.take();
  h.push({"fx", 4, 2}, 30s);
  EXPECT_THAT(h.take(), ElementsAre(so_far{"fx", 1, 2}));
}

struct in_all {
  std::string desk;
  weir::time window_end;
  std::optional<double> half;
};
WEIR_RECORD(in_all, desk, window_end, half)

TEST(Percentile, OfAGlobalWindowGoesOnOrBeginsAnew) {
  for (const bool purge : {false, true}) {
    harness<window::global_window, in_all> h{
        {{"every", 10s}, {"purge", purge}, {"aggregates", value::list({"median(price) AS half"})}}, by_desk};
    h.push_all<trade>({{"fx", 1, 1}, {"fx", 2, 1}, {"fx", 3, 1}, {"repo", 4, 9}}, 1s, 1s);
    h.watermark(10s);
    std::map<std::string, double> told;
    for (const auto& r : h.take()) told[r.desk] = r.half.value();
    EXPECT_THAT(told, UnorderedElementsAre(Pair("fx", 1), Pair("repo", 9)));
    for (std::int64_t id = 5; id < 10; ++id) h.push({"fx", id, 4}, 12s);
    h.watermark(20s);
    told.clear();
    for (const auto& r : h.take()) told[r.desk] = r.half.value();
    if (purge)
      EXPECT_THAT(told, ElementsAre(Pair("fx", 4)));
    else
      EXPECT_THAT(told, UnorderedElementsAre(Pair("fx", 4), Pair("repo", 9)));
  }
}

struct one_of {
  weir::time window_start, window_end;
  double half, of_amount;
};
WEIR_RECORD(one_of, window_start, window_end, half, of_amount)
struct sale {
  double price;
  weir::decimal<20, 2> amount;
};
WEIR_RECORD(sale, price, amount)

TEST(Percentile, IsThatOfTheNumbersThatAColumnShows) {
  weir::test::harness<window::tumbling, sale, one_of> h{
      {{"size", 10s}, {"aggregates", value::list({"median(price) AS half", "median(amount) AS of_amount"})}}};
  h.push({-0.25, {12345}}, 1s);
  h.push({1000.5, {12345}}, 2s);
  h.push({3.5, {12345}}, 2s);
  h.end();
  const auto out = h.take();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_NEAR(out[0].half, 3.5, 3.5 * 0.0078);
  EXPECT_EQ(out[0].of_amount, 123.45);
}

std::vector<std::string> errors(const char* aggregate) {
  try {
    harness<window::tumbling, counted> h{{{"size", 10s}, {"aggregates", value::list({aggregate})}}, by_desk};
  } catch (const weir::test::bind_refused& refused) {
    return refused.errors;
  }
  return {};
}

TEST(Percentile, SaysWhatIsWrongWithItsCall) {
  EXPECT_THAT(errors("percentile(price) AS x"), ElementsAre(HasSubstr("percentile takes a column, a share")));
  EXPECT_THAT(errors("percentile(price, 99) AS x"), ElementsAre(HasSubstr("between 0 and 1: 0.99 for the 99th")));
  EXPECT_THAT(errors("percentile(price, 0.99, 0.5) AS x"), ElementsAre(HasSubstr("between 0.001 and 0.1")));
  EXPECT_THAT(errors("percentile(price, high) AS x"), ElementsAre(HasSubstr("@18: a number such as 0.99")));
  EXPECT_THAT(errors("percentile(desk, 0.99) AS x"), ElementsAre(HasSubstr("it must be a number")));
  EXPECT_THAT(errors("percentile(prise, 0.99) AS x"), ElementsAre(HasSubstr("did you mean 'price'")));
  EXPECT_THAT(errors("median(price, id) AS x"), ElementsAre(HasSubstr("median takes 1 column")));
}

}  // namespace
