#include "throttle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "weir/test/harness.hpp"

namespace {

using namespace std::chrono_literals;

struct event {
  std::int64_t n;
};
WEIR_RECORD(event, n)
using harness = weir::test::harness<weir::standard::throttle, event, event>;

std::chrono::nanoseconds took(harness& h, std::size_t rows) {
  std::vector<event> all;
  for (std::size_t i = 0; i < rows; ++i) all.push_back({static_cast<std::int64_t>(i)});
  h.batch_size = rows;
  const auto begin = std::chrono::steady_clock::now();
  h.push_all(all);
  return std::chrono::steady_clock::now() - begin;
}
std::vector<std::int64_t> numbers(harness& h) {
  std::vector<std::int64_t> out;
  for (const auto& e : h.take()) out.push_back(e.n);
  return out;
}

TEST(Throttle, TakesAsLongAsTheRateSays) {
  for (const bool sparse : {false, true}) {
    harness h{{{"rate", 2000.0}, {"burst", 10}}};
    h.sparse = sparse;
    // 10 records at once, 390 more at 2,000 a second. No upper bound: the machine may be busy.
    EXPECT_GE(took(h, 400), 190ms);
    const auto all = numbers(h);
    ASSERT_EQ(all.size(), 400u);
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(i));
  }
}

TEST(Throttle, LetsABurstThroughAfterAPause) {
  harness h{{{"rate", 0.001}, {"burst", 50}}};  // a rate at which waiting for one record would take 17 minutes
  took(h, 50);
  EXPECT_EQ(numbers(h).size(), 50u);
  h.clock(50'000s);
  took(h, 1);  // the clock begins to count here
  h.clock(100'000s);
  took(h, 49);
  EXPECT_EQ(numbers(h).size(), 50u);
}

TEST(Throttle, RefusesARateThatIsNone) {
  EXPECT_THAT((weir::test::bind_errors<weir::standard::throttle, event>({{"rate", 0.0}})),
              testing::ElementsAre("rate: must be larger than 0"));
  EXPECT_THAT((weir::test::bind_errors<weir::standard::throttle, event>({{"rate", 5.0}, {"burst", 0}})),
              testing::ElementsAre("burst: must be at least 1"));
}

}  // namespace
