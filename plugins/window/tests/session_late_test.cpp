// Sessions that are kept for late rows: what was told of them is changed, in the end as if all rows had been in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "random_trades.hpp"
#include "shared/aggregate/sketch.hpp"
#include "window/session.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::change_kind;
using weir::test::table;
using weir::test::value;

using sessions = harness<window::session, counted>;
const table late_20s{{"gap", 10s}, {"allowed_lateness", 20s}, {"aggregates", value::list({"count() AS n"})}};

// "+fx 0..14 2": an insert; u: update_before, U: update_after, -: delete.
std::vector<std::string> changes(sessions& h) {
  std::vector<std::string> out;
  for (const auto& r : h.take_rows()) {
    const auto seconds = [](weir::time t) { return std::to_string(t.time_since_epoch().count() / 1'000'000); };
    const char* const kind = r.change == change_kind::insert          ? "+"
                             : r.change == change_kind::update_before ? "u"
                             : r.change == change_kind::update_after  ? "U"
                                                                      : "-";
    EXPECT_EQ(r.at, r.value.window_end - 1us) << "the event time of a change is that of the result";
    out.push_back(kind + r.value.desk + " " + seconds(r.value.window_start) + ".." + seconds(r.value.window_end) + " " +
                  std::to_string(r.value.n));
  }
  return out;
}

TEST(LateSession, IsToldAgainWhenALateRowFallsIntoIt) {
  sessions h{late_20s, by_desk};
  h.push({"fx", 1, 5}, 0s);
  h.watermark(12s);
  EXPECT_THAT(changes(h), ElementsAre("+fx 0..10 1"));
  h.restore(h.cut());
  h.push({"fx", 2, 5}, 1s);
  h.push({"fx", 3, 5}, 2s);
  EXPECT_THAT(changes(h), ElementsAre("ufx 0..10 1", "Ufx 0..11 2", "ufx 0..11 2", "Ufx 0..12 3"));
  h.push_all<trade>({{"fx", 4, 5}, {"repo", 5, 5}}, 0s, 0s);  // one that was told, one that was not
  EXPECT_THAT(changes(h), ElementsAre("ufx 0..12 3", "Ufx 0..12 4", "+repo 0..10 1"));
  h.end();
  EXPECT_TRUE(changes(h).empty());
  EXPECT_EQ(h.state_count("window") + h.state_count("older"), 0u);
  EXPECT_EQ(h.timer_count("session_end"), 0u);
}

TEST(LateSession, IsTakenBackWhenARowBeginsItEarlierOrLetsItGoOn) {
  sessions h{late_20s, by_desk};
  h.push({"fx", 1, 5}, 5s);
  h.watermark(16s);
  EXPECT_THAT(changes(h), ElementsAre("+fx 5..15 1"));
  h.push({"fx", 2, 5}, 3s);  // it has another start now: no update of the same result
  EXPECT_THAT(changes(h), ElementsAre("-fx 5..15 1", "+fx 3..15 2"));
  h.push({"fx", 3, 5}, 12s);  // open again
  EXPECT_THAT(changes(h), ElementsAre("-fx 3..15 2"));
  h.restore(h.cut());
  h.watermark(21s);
  EXPECT_TRUE(changes(h).empty());
  h.watermark(22s);
  EXPECT_THAT(changes(h), ElementsAre("+fx 3..22 3"));
  h.end();
  EXPECT_EQ(h.state_count("window"), 0u);
}

TEST(LateSession, MergesWithOthersThatWereTold) {
  sessions h{late_20s, by_desk};
  h.push({"fx", 1, 5}, 0s);
  h.push({"fx", 2, 5}, 10s);
  h.push({"fx", 3, 5}, 24s);
  h.watermark(20s);
  EXPECT_THAT(changes(h), ElementsAre("+fx 0..10 1", "+fx 10..20 1"));
  h.push({"fx", 4, 5}, 5s);
  EXPECT_THAT(changes(h), ElementsAre("-fx 10..20 1", "ufx 0..10 1", "Ufx 0..20 3"));
  h.push({"fx", 5, 5}, 16s);  // joins what is still open
  EXPECT_THAT(changes(h), ElementsAre("-fx 0..20 3"));
  h.end();
  EXPECT_THAT(changes(h), ElementsAre("+fx 0..34 5"));
}

TEST(LateSession, IsGoneWhenTheLatenessHasPassed) {
  sessions h{late_20s, by_desk};
  h.push({"fx", 1, 5}, 0s);
  h.watermark(29999998us);
  h.push({"fx", 2, 5}, 0s);
  EXPECT_THAT(changes(h), ElementsAre("+fx 0..10 1", "ufx 0..10 1", "Ufx 0..10 2"));
  EXPECT_EQ(h.state_count("window"), 1u);
  h.watermark(29999999us);
  EXPECT_EQ(h.state_count("window"), 0u);
  EXPECT_EQ(h.timer_count("session_end"), 0u);
  h.push({"fx", 3, 5}, 0s);
  EXPECT_TRUE(changes(h).empty());
  EXPECT_EQ(h.take<trade>("late").size(), 1u);
}

TEST(LateSession, RefusesALatenessBelowNothing) {
  try {
    sessions h{{{"gap", 10s}, {"allowed_lateness", -1s}, {"aggregates", value::list({"count() AS n"})}}, by_desk};
    FAIL();
  } catch (const std::exception& e) {
    EXPECT_THAT(e.what(), HasSubstr("allowed_lateness"));
  }
}

struct measured {
  std::string desk;
  weir::time window_start, window_end;
  std::int64_t n, prices;
  std::optional<std::int64_t> first;
  std::optional<double> half;
  std::optional<std::string> most;
  bool operator==(const measured&) const = default;
  auto operator<=>(const measured&) const = default;
};
WEIR_RECORD(measured, desk, window_start, window_end, n, prices, first, half, most)
const auto aggregates = value::list({"count() AS n", "count(DISTINCT price) AS prices", "first(price) AS first",
                                     "median(price) AS half", "max(desk) AS most"});

std::string text(const measured& m) {
  const auto number = [](const auto& n) { return n ? std::to_string(*n) : std::string{"-"}; };
  return m.desk + " " + std::to_string(m.window_start.time_since_epoch().count()) + ".." +
         std::to_string(m.window_end.time_since_epoch().count()) + " n " + std::to_string(m.n) + " prices " +
         std::to_string(m.prices) + " first " + number(m.first) + " half " + number(m.half) + " " +
         m.most.value_or("-");
}

measured of(std::vector<timed> rows, std::int64_t gap) {
  std::sort(rows.begin(), rows.end(), [](const timed& a, const timed& b) { return a.at < b.at; });
  measured m{rows[0].what.desk,
             at(std::chrono::seconds{rows[0].at}),
             at(std::chrono::seconds{rows.back().at + gap}),
             static_cast<std::int64_t>(rows.size()),
             0,
             {},
             {},
             rows[0].what.desk};
  weir::aggregate::sketch half;
  for (const auto& r : rows) {
    if (!r.what.price) continue;
    if (!m.prices++) m.first = r.what.price;
    half.add(static_cast<double>(*r.what.price));
  }
  if (m.prices) m.half = half.percentile(0.5);
  return m;
}

struct outcome {
  std::vector<std::string> results;
  std::size_t late = 0;
};

// Sessions played through one by one; they take rows until the lateness has passed.
outcome reference(const std::vector<timed>& rows, const std::vector<std::int64_t>& marks, std::int64_t gap,
                  std::int64_t lateness) {
  outcome out;
  std::map<std::string, std::vector<std::vector<timed>>> kept;
  const auto by_time = [](const timed& a, const timed& b) { return a.at < b.at; };
  const auto end = [&](const auto& s) { return std::max_element(s.begin(), s.end(), by_time)->at + gap; };
  const auto start = [&](const auto& s) { return std::min_element(s.begin(), s.end(), by_time)->at; };
  const auto close = [&](std::int64_t mark) {
    for (auto& [desk, all] : kept)
      std::erase_if(all, [&](const std::vector<timed>& s) {
        if (mark != INT64_MAX && end(s) + lateness > mark) return false;
        out.results.push_back(text(of(s, gap)));
        return true;
      });
  };
  std::int64_t mark = INT64_MIN;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (marks[i] != mark) close(mark = marks[i]);
    auto& all = kept[rows[i].what.desk];
    std::vector<timed> mine{rows[i]};
    std::erase_if(all, [&](const std::vector<timed>& s) {
      if (rows[i].at >= end(s) || rows[i].at <= start(s) - gap) return false;
      mine.insert(mine.end(), s.begin(), s.end());
      return true;
    });
    if (mine.size() == 1 && mark != INT64_MIN && rows[i].at + gap + lateness <= mark)
      ++out.late;
    else
      all.push_back(std::move(mine));
  }
  close(INT64_MAX);
  std::sort(out.results.begin(), out.results.end());
  return out;
}

// The same through the operator: what is left when all changes are applied.
outcome through(const std::vector<timed>& rows, std::int64_t allowance, const table& options, std::size_t batch,
                std::size_t cut_at, std::size_t& updates) {
  harness<window::session, measured> h{options, by_desk};
  h.batch_size = batch;
  std::vector<std::string> left;
  outcome out;
  const auto apply = [&] {
    for (const auto& r : h.take_rows()) {
      const std::string line = text(r.value);
      if (r.change == change_kind::insert || r.change == change_kind::update_after) {
        left.push_back(line);
        continue;
      }
      ++updates;
      const auto told = std::find(left.begin(), left.end(), line);
      EXPECT_NE(told, left.end()) << "takes back what was not told: " << line;
      if (told != left.end()) left.erase(told);
    }
  };
  std::vector<trade> waiting;
  std::vector<std::int64_t> times;
  const auto flush = [&] {
    if (!waiting.empty()) h.push_rows(waiting, times);
    waiting.clear(), times.clear();
    apply();
  };
  std::int64_t newest = INT64_MIN;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == cut_at) flush(), h.restore(h.cut());
    waiting.push_back(rows[i].what), times.push_back(rows[i].at * 1'000'000);
    newest = std::max(newest, rows[i].at);
    if (i % 16 == 15) {
      flush();
      h.watermark(std::chrono::seconds{newest - allowance - 1});
      apply();
    }
  }
  flush();
  h.end();
  apply();
  out.late = h.take<trade>("late").size();
  for (const char* state : {"window", "older", "side_1", "side_3", "side_4"})
    EXPECT_EQ(h.state_count(state), 0u) << state;
  EXPECT_EQ(h.timer_count("session_end"), 0u);
  std::sort(left.begin(), left.end());
  out.results = std::move(left);
  return out;
}

TEST(LateSession, LeavesInTheEndWhatAPlainLoopGives) {
  std::size_t late = 0, updates = 0;
  for (unsigned seed = 1; seed <= 8; ++seed) {
    const auto rows = random_trades(seed, 200, 60);
    const std::int64_t allowance = seed % 2 ? 20 : 2, lateness = seed % 3 * 15;
    const auto expected = reference(rows, watermarks(rows, allowance), 9, lateness);
    late += expected.late;
    const table options{{"gap", 9s}, {"allowed_lateness", std::chrono::seconds{lateness}}, {"aggregates", aggregates}};
    for (const std::size_t batch : {1, 7, 64})
      for (const std::size_t cut_at : {std::size_t{0}, rows.size() / 3, rows.size() - 5}) {
        const auto got = through(rows, allowance, options, batch, cut_at, updates);
        EXPECT_EQ(got.results, expected.results)
            << "seed " << seed << ", batches of " << batch << ", cut at " << cut_at;
        EXPECT_EQ(got.late, expected.late);
        if (HasFailure()) return;
      }
  }
  EXPECT_GT(late, 0u);
  EXPECT_GT(updates, 100u);
}

}  // namespace
