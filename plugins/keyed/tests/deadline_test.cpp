#include "keyed/deadline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "weir/test/harness.hpp"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::test::table;
using weir::test::value;

struct order {
  std::string id;
  std::string desk;
};
struct fill {
  std::int64_t number;
  std::string order;
};
struct breach {
  std::string id;
  weir::time started_at, deadline;
  std::string desk;
  bool operator==(const breach&) const = default;
};
WEIR_RECORD(order, id, desk)
WEIR_RECORD(fill, number, order)
WEIR_RECORD(breach, id, started_at, deadline, desk)

weir::time at(weir::duration d) { return weir::time{d}; }
using harness = weir::test::harness<keyed::deadline, weir::inputs<order, fill>, breach>;
const weir::test::keys by_order{{"id"}, {"order"}};
table in_10s(const char* repeat = "ignore") {
  return {{"within", 10s}, {"repeat", repeat}, {"columns", value::list({"desk"})}};
}

std::vector<std::int64_t> numbers(const std::vector<fill>& fills) {
  std::vector<std::int64_t> out;
  for (const auto& f : fills) out.push_back(f.number);
  return out;
}

TEST(Deadline, TellsAMissOnceWhenTheClockHasPassedIt) {
  harness h{in_10s(), by_order};
  h.push(order{"a", "fx"}, 1s);
  h.push(order{"b", "repo"}, 2s);
  h.push(fill{1, "b"}, 12s);  // just in time
  h.watermark(10999999us);
  EXPECT_TRUE(h.take().empty());
  h.restore(h.cut());
  h.watermark(11s);
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].value, (breach{"a", at(1s), at(11s), "fx"}));
  EXPECT_EQ(rows[0].at, at(11s));
  EXPECT_THAT(numbers(h.take<fill>("completed")), ElementsAre(1));
  h.restore(h.cut());
  h.push(fill{2, "a"}, 13s);
  h.push(fill{3, "a"}, 14s);
  EXPECT_THAT(numbers(h.take<fill>("late_completion")), ElementsAre(2));
  h.end();
  EXPECT_TRUE(h.take().empty());
  EXPECT_EQ(h.state_count("waiting") + h.state_count("started") + h.timer_count("deadline") + h.timer_count("forget"),
            0u);
}

TEST(Deadline, TellsTheMissAlsoWhenTheLateCompletionComesBeforeTheClock) {
  harness h{in_10s(), by_order};
  h.push(order{"a", "fx"}, 1s);
  h.push(fill{1, "a"}, 12s);
  EXPECT_THAT(numbers(h.take<fill>("late_completion")), ElementsAre(1));
  h.watermark(12s);
  EXPECT_THAT(h.take(), ElementsAre(breach{"a", at(1s), at(11s), "fx"}));
  EXPECT_EQ(h.state_count("waiting"), 0u);
}

TEST(Deadline, TakesACompletionThatComesBeforeItsStart) {
  harness h{in_10s(), by_order};
  h.push(fill{1, "a"}, 5s);
  h.push(fill{2, "b"}, 5s);
  h.push(order{"a", "fx"}, 4s);  // followed in time
  h.push(order{"b", "fx"}, 6s);  // not followed: the fill was before
  h.push(fill{3, "c"}, 17s);
  h.restore(h.cut());
  h.push(order{"c", "fx"}, 6s);  // followed, but too late
  h.push(fill{4, "nobody"}, 5s);
  EXPECT_THAT(h.take_rows<fill>("completed"), ElementsAre(testing::Field(&weir::test::row<fill>::at, at(5s))));
  EXPECT_THAT(numbers(h.take<fill>("late_completion")), ElementsAre(3));
  h.end();
  EXPECT_THAT(h.take(),
              testing::UnorderedElementsAre(breach{"b", at(6s), at(16s), "fx"}, breach{"c", at(6s), at(16s), "fx"}));
  EXPECT_EQ(h.state_count("waiting") + h.state_count("early"), 0u);
}

struct promise {
  std::string id;
  std::optional<weir::time> due_at;
};
struct promise_breach {
  std::string id;
  weir::time started_at, deadline;
  bool operator==(const promise_breach&) const = default;
};
WEIR_RECORD(promise, id, due_at)
WEIR_RECORD(promise_breach, id, started_at, deadline)
using promise_harness = weir::test::harness<keyed::deadline, weir::inputs<promise, fill>, promise_breach>;

TEST(Deadline, TakesTheTimeOfEachRowFromAColumn) {
  promise_harness h{{{"until", "due_at"}}, by_order};
  h.push(promise{"a", at(9s)}, 1s);
  h.push(promise{"b", at(3s)}, 1s);
  h.push(promise{"c", at(2s)}, 2s);  // none is left of its time
  h.push(promise{"no time", std::nullopt}, 2s);
  h.push(promise{"before", at(1s)}, 2s);
  EXPECT_EQ(h.take_dead_letters().size(), 2u);
  h.push(fill{1, "a"}, 9s);
  h.push(fill{2, "b"}, 4s);
  h.restore(h.cut());
  h.watermark(5s);
  EXPECT_THAT(h.take(), ElementsAre(promise_breach{"c", at(2s), at(2s)}, promise_breach{"b", at(1s), at(3s)}));
  EXPECT_THAT(numbers(h.take<fill>("completed")), ElementsAre(1));
  EXPECT_THAT(numbers(h.take<fill>("late_completion")), ElementsAre(2));
  h.end();
  EXPECT_TRUE(h.take().empty());
  EXPECT_EQ(h.state_count("waiting") + h.timer_count("deadline") + h.timer_count("forget"), 0u);
}

TEST(Deadline, BeginsAnewWhenAsked) {
  for (const bool restart : {false, true}) {
    harness h{in_10s(restart ? "restart" : "ignore"), by_order};
    h.push(order{"a", "fx"}, 1s);
    h.push(order{"a", "repo"}, 5s);
    h.end();
    if (restart)
      EXPECT_THAT(h.take(), ElementsAre(breach{"a", at(5s), at(15s), "repo"}));
    else
      EXPECT_THAT(h.take(), ElementsAre(breach{"a", at(1s), at(11s), "fx"}));
    EXPECT_EQ(h.state_count("waiting") + h.state_count("started"), 0u);
  }
}

// Every order is followed by a fill once, at random; rows come out of order within the allowance; cut and restored on
// the way.
TEST(Deadline, TellsEveryMissOnceWhateverTheOrder) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::mt19937 random{seed};
    struct event {
      std::int64_t at;
      int order;
      bool fill;
    };
    std::vector<std::pair<std::int64_t, event>> events;
    std::map<int, std::pair<std::int64_t, std::int64_t>> all;
    for (int i = 0; i < 60; ++i) {
      const std::int64_t start = 10 * i + static_cast<std::int64_t>(random() % 10),
                         took = 1 + static_cast<std::int64_t>(random() % 20);
      const bool never = random() % 5 == 0;
      all[i] = {start, never ? INT64_MAX : start + took};
      events.push_back({start + static_cast<std::int64_t>(random() % 6), {start, i, false}});
      if (!never) events.push_back({start + took + static_cast<std::int64_t>(random() % 6), {start + took, i, true}});
    }
    std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    harness h{in_10s(), by_order};
    std::int64_t newest = 0;
    std::size_t n = 0;
    for (const auto& [_, e] : events) {
      const std::string id = std::to_string(e.order);
      if (e.fill)
        h.push(fill{e.order, id}, std::chrono::seconds{e.at});
      else
        h.push(order{id, "fx"}, std::chrono::seconds{e.at});
      newest = std::max(newest, e.at);
      if (++n % 7 == 0) h.watermark(std::chrono::seconds{newest - 7});
      if (n % 25 == 0) h.restore(h.cut());
    }
    h.end();
    std::vector<std::string> missed, expected;
    for (const auto& b : h.take()) missed.push_back(b.id);
    std::size_t late = 0;
    for (const auto& [id, times] : all)
      if (times.second > times.first + 10) {
        expected.push_back(std::to_string(id));
        late += times.second != INT64_MAX;
      }
    EXPECT_THAT(missed, testing::UnorderedElementsAreArray(expected)) << "seed " << seed;
    EXPECT_EQ(h.take<fill>("late_completion").size(), late);
  }
}

TEST(Deadline, SaysWhatIsWrongWithItsOptions) {
  const auto errors = [](const table& options, const weir::test::keys& key) -> std::vector<std::string> {
    try {
      harness h{options, key};
    } catch (const weir::test::bind_refused& refused) {
      return refused.errors;
    }
    return {};
  };
  EXPECT_THAT(errors({{"within", 10s}}, {}), testing::Each(HasSubstr("needs a key")));
  EXPECT_THAT(errors({}, by_order), ElementsAre(HasSubstr("name either")));
  EXPECT_THAT(errors({{"within", 1s}, {"until", "desk"}}, by_order), ElementsAre(HasSubstr("name either")));
  EXPECT_THAT(errors({{"until", "desc"}}, by_order), ElementsAre(HasSubstr("did you mean 'desk'")));
  EXPECT_THAT(errors({{"until", "desk"}}, by_order), ElementsAre(HasSubstr("no timestamp")));
  EXPECT_THAT(errors({{"within", 0s}}, by_order), ElementsAre(HasSubstr("within: must be longer")));
  EXPECT_THAT(errors({{"within", 1s}, {"columns", value::list({"desc"})}}, by_order),
              ElementsAre(HasSubstr("did you mean 'desk'")));
  EXPECT_THAT(errors({{"within", 1s}, {"columns", value::list({"id"})}}, by_order),
              ElementsAre(HasSubstr("has a column 'id' already")));
}

}  // namespace
