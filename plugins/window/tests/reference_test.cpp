// Windows against a plain reference on random input: out of order, with late rows, in batches of several sizes, cut and
// restored in the middle, and with the keys spread over several instances.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "random_trades.hpp"
#include "window/pane_window.hpp"
#include "window/session.hpp"

namespace {

using namespace std::chrono_literals;
using namespace window_test;
using weir::test::table;
using weir::test::value;

struct summary {
  std::string desk;
  weir::time window_start, window_end;
  std::int64_t n, prices;
  std::optional<weir::decimal<38, 0>> total;
  std::optional<std::int64_t> least, most, first, last, of_least;
  std::optional<double> mean;
  bool operator==(const summary&) const = default;
};
WEIR_RECORD(summary, desk, window_start, window_end, n, prices, total, least, most, first, last, of_least, mean)

const auto all_aggregates = value::list(
    {"count() AS n", "count(price) AS prices", "sum(price) AS total", "min(price) AS least", "max(price) AS most",
     "first(price) AS first", "last(price) AS last", "arg_min(id, price) AS of_least", "avg(price) AS mean"});

summary summary_of(const std::string& desk, std::int64_t start, std::int64_t end, std::vector<timed> rows) {
  std::sort(rows.begin(), rows.end(), [](const timed& a, const timed& b) { return a.at < b.at; });
  summary s{desk, at(std::chrono::seconds{start}), at(std::chrono::seconds{end}), 0, 0, {}, {}, {}, {}, {}, {}, {}};
  std::int64_t total = 0;
  for (const auto& r : rows) {
    ++s.n;
    if (!r.what.price) continue;
    const std::int64_t p = *r.what.price;
    ++s.prices;
    total += p;
    if (!s.least || p < *s.least) s.least = p, s.of_least = r.what.id;
    if (!s.most || p > *s.most) s.most = p;
    if (!s.first) s.first = p;
    s.last = p;
  }
  if (s.prices) {
    s.total = weir::decimal<38, 0>{total};
    s.mean = static_cast<double>(total) / static_cast<double>(s.prices);
  }
  return s;
}

// The plain reference: every window and session by itself. Rows that are late by the watermarks below are left out, and
// counted.
struct reference {
  std::vector<summary> results;
  std::size_t late = 0;
};

using grouped = std::map<std::pair<std::string, std::int64_t>, std::vector<timed>>;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0); }

reference grid_reference(const std::vector<timed>& rows, const std::vector<std::int64_t>& marks, std::int64_t size,
                         std::int64_t slide) {
  reference out;
  grouped windows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool taken = false;
    for (std::int64_t start = floor_div(rows[i].at, slide) * slide; start > rows[i].at - size; start -= slide)
      if (start + size > marks[i]) {
        windows[{rows[i].what.desk, start}].push_back(rows[i]);
        taken = true;
      }
    out.late += !taken;
  }
  for (const auto& [key, in] : windows) out.results.push_back(summary_of(key.first, key.second, key.second + size, in));
  return out;
}

// Sessions change with every row, and end with the clock: played through one by one.
reference session_reference(const std::vector<timed>& rows, const std::vector<std::int64_t>& marks, std::int64_t gap) {
  reference out;
  std::map<std::string, std::vector<std::vector<timed>>> open;
  const auto ends = [&](const std::vector<timed>& s) {
    return std::max_element(s.begin(), s.end(), [](auto& a, auto& b) { return a.at < b.at; })->at + gap;
  };
  const auto starts = [&](const std::vector<timed>& s) {
    return std::min_element(s.begin(), s.end(), [](auto& a, auto& b) { return a.at < b.at; })->at;
  };
  const auto close = [&](std::int64_t mark) {
    for (auto& of_desk : open)
      std::erase_if(of_desk.second, [&](const std::vector<timed>& s) {
        // Times are whole seconds: the last microsecond of the session has passed when the next second has begun.
        if (ends(s) > mark && mark != INT64_MAX) return false;
        out.results.push_back(summary_of(of_desk.first, starts(s), ends(s), s));
        return true;
      });
  };
  std::int64_t mark = INT64_MIN;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (marks[i] != mark) close(mark = marks[i]);
    auto& all = open[rows[i].what.desk];
    std::vector<timed> mine{rows[i]};
    bool joined = false;
    std::erase_if(all, [&](const std::vector<timed>& s) {
      if (rows[i].at >= ends(s) || rows[i].at <= starts(s) - gap) return false;
      mine.insert(mine.end(), s.begin(), s.end());
      return joined = true;
    });
    if (!joined && mark != INT64_MIN && rows[i].at + gap <= mark) {
      ++out.late;
      continue;
    }
    all.push_back(std::move(mine));
  }
  close(INT64_MAX);
  return out;
}

struct run_result {
  std::vector<summary> results;
  std::size_t late = 0;
};

// The same through the operator. instances: the keys are spread over as many. cut_at: there everything is cut and
// restored.
template <class Operator>
run_result run(const table& options, const std::vector<timed>& rows, std::int64_t allowance, std::size_t batch,
               int instances, std::size_t cut_at, bool sparse) {
  run_result out;
  std::vector<std::unique_ptr<harness<Operator, summary>>> all;
  for (int i = 0; i < instances; ++i) {
    all.push_back(std::make_unique<harness<Operator, summary>>(options, by_desk));
    all.back()->sparse = sparse;
  }
  const auto owner = [&](const trade& t) -> auto& { return *all[static_cast<std::size_t>(t.desk[0]) % all.size()]; };
  std::int64_t newest = INT64_MIN;
  std::vector<timed> waiting;
  const auto flush = [&] {
    // One batch for each instance, with the rows' own times.
    for (auto& h : all) {
      std::vector<trade> mine;
      std::vector<std::int64_t> times;
      for (const auto& w : waiting)
        if (&owner(w.what) == h.get()) mine.push_back(w.what), times.push_back(w.at * 1'000'000);
      if (!mine.empty()) h->push_rows(mine, times);
    }
    waiting.clear();
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == cut_at) {
      flush();
      for (auto& h : all) h->restore(h->cut());
    }
    waiting.push_back(rows[i]);
    newest = std::max(newest, rows[i].at);
    if (waiting.size() == batch) flush();
    if (i % 16 == 15) {
      flush();
      for (auto& h : all) h->watermark(std::chrono::seconds{newest - allowance - 1});
    }
  }
  flush();
  for (auto& h : all) {
    h->end();
    for (auto& r : h->take()) out.results.push_back(std::move(r));
    out.late += h->template take<trade>("late").size();
    EXPECT_EQ(h->state_count("window"), 0u);
  }
  return out;
}

// As lines, so that a difference can be read.
std::vector<std::string> sorted(const std::vector<summary>& all) {
  std::vector<std::string> out;
  const auto number = [](const auto& n) { return n ? std::to_string(*n) : std::string{"-"}; };
  for (const auto& s : all)
    out.push_back(s.desk + " " + std::to_string(s.window_start.time_since_epoch().count()) + ".." +
                  std::to_string(s.window_end.time_since_epoch().count()) + " n " + std::to_string(s.n) + " prices " +
                  std::to_string(s.prices) + " total " +
                  (s.total ? std::to_string(static_cast<std::int64_t>(s.total->unscaled)) : "-") + " " +
                  number(s.least) + " " + number(s.most) + " " + number(s.first) + " " + number(s.last) + " " +
                  number(s.of_least) + " " + number(s.mean));
  std::sort(out.begin(), out.end());
  return out;
}

template <class Operator>
void compare(const table& options, const std::vector<timed>& rows, std::int64_t allowance, const reference& expected,
             unsigned seed) {
  for (const std::size_t batch : {std::size_t{1}, std::size_t{7}, std::size_t{64}})
    for (const int instances : {1, 2})
      for (const std::size_t cut_at : {std::size_t{0}, rows.size() / 3, rows.size() - 5}) {
        const auto got = run<Operator>(options, rows, allowance, batch, instances, cut_at, (seed + batch) % 2 == 0);
        const std::string what = "seed " + std::to_string(seed) + ", batches of " + std::to_string(batch) + ", " +
                                 std::to_string(instances) + " instances, cut at " + std::to_string(cut_at);
        EXPECT_EQ(got.late, expected.late) << what;
        EXPECT_EQ(sorted(got.results), sorted(expected.results)) << what;
        if (testing::Test::HasFailure()) return;
      }
}

TEST(WindowReference, TumblingAndSlidingGiveWhatAPlainLoopGives) {
  std::size_t late = 0;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    const auto rows = random_trades(seed, 150, 20);
    const std::int64_t allowance = seed % 2 ? 20 : 5;  // with 5 some rows are late
    const auto marks = watermarks(rows, allowance);
    const auto tumbling = grid_reference(rows, marks, 10, 10);
    compare<window::tumbling>({{"size", 10s}, {"aggregates", all_aggregates}}, rows, allowance, tumbling, seed);
    const auto sliding = grid_reference(rows, marks, 12, 8);
    compare<window::sliding>({{"size", 12s}, {"slide", 8s}, {"aggregates", all_aggregates}}, rows, allowance, sliding,
                             seed);
    late += tumbling.late + sliding.late;
  }
  EXPECT_GT(late, 0u);
}

TEST(WindowReference, SessionsGiveWhatAPlainLoopGives) {
  std::size_t late = 0;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    const auto rows = random_trades(seed, 150, 40);
    const std::int64_t allowance = seed % 2 ? 40 : 3;
    const auto expected = session_reference(rows, watermarks(rows, allowance), 9);
    compare<window::session>({{"gap", 9s}, {"aggregates", all_aggregates}}, rows, allowance, expected, seed);
    late += expected.late;
  }
  EXPECT_GT(late, 0u);
}

}  // namespace
