// The events of the source, digested: what any engine must give for q0. The table was made with a hand-written loop that shares no
// code with this source (tests/bench).
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <weir/test/source_harness.hpp>

#include "digest/row_text.hpp"
#include "nexmark/source.hpp"

namespace nexmark {
namespace {

struct result {
  std::uint64_t rows = 0, sum = 0;
  bool operator==(const result&) const = default;
};

// "q0": {"rows": R, "sum": "S"} below "EVENTS".
result table_row(int events, const std::string& query) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/tests/bench/expected.json");
  std::stringstream all;
  all << in.rdbuf();
  const std::string text = all.str();
  auto at = text.find("\"" + std::to_string(events) + "\"");
  at = text.find("\"" + query + "\"", at);
  if (at == std::string::npos) throw std::runtime_error("no " + query + " in expected.json");
  at = text.find(':', text.find("rows", at)) + 1;
  const auto rows = std::stoull(text.substr(at));
  at = text.find(':', text.find("sum", at)) + 3;
  return {rows, std::stoull(text.substr(at))};
}

result run_q0(const weir::test::table& config) {
  weir::test::source_harness<source> h{config};
  h.open_all();
  digest::row_text text(h.columns("bid"), {0, 1, 2, 5});
  result r;
  while (h.poll() != weir::polled::end) {
    for (auto& b : h.under().task().emitted.at(2)) {
      const weir_batch raw = b.raw();
      r.rows += static_cast<std::uint64_t>(raw.row_count);
      r.sum += text.sum(raw);
    }
    for (auto& port : h.under().task().emitted) port.clear();
  }
  return r;
}

TEST(NexmarkResults, AreTheExpectedOnesOfAMillionEvents) {
  const result want = table_row(1'000'000, "q0");
  EXPECT_EQ(run_q0({{"events", 1'000'000}, {"batch", 1024}}), want);
}

TEST(NexmarkResults, DoNotDependOnBatchSizeSplitsOrOrder) {
  const result want = table_row(100'000, "q0");
  EXPECT_EQ(run_q0({{"events", 100'000}, {"batch", 1}}), want);
  EXPECT_EQ(run_q0({{"events", 100'000}, {"batch", 64}, {"splits", 3}}), want);
  EXPECT_EQ(run_q0({{"events", 100'000}, {"batch", 65'536}}), want);
  EXPECT_EQ(run_q0({{"events", 100'000}, {"batch", 1024}, {"splits", 4}, {"out_of_order_us", 250'000}}), want);
  EXPECT_EQ(run_q0({{"events", 100'000}, {"batch", 50}, {"out_of_order_us", 7777}, {"splits", 5}}), want);
}

TEST(NexmarkResults, DependOnTheSeed) {
  EXPECT_NE(run_q0({{"events", 10'000}, {"seed", 1}}), run_q0({{"events", 10'000}}));
  EXPECT_EQ(run_q0({{"events", 10'000}, {"seed", 1}}), run_q0({{"events", 10'000}, {"seed", 1}, {"splits", 2}}));
}

}  // namespace
}  // namespace nexmark
