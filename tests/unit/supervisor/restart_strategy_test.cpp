#include "supervisor/restart_strategy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/test_env.hpp"

namespace weir::supervisor {
namespace {

constexpr std::int64_t second = 1'000'000, minute = 60 * second, hour = 60 * minute;

config::restart exponential(double jitter = 0) {
  config::restart r;  // the defaults of the pipeline file
  r.jitter = jitter;
  return r;
}

TEST(RestartNone, NeverRestarts) {
  config::restart r;
  r.strategy = config::restart_strategy::none;
  EXPECT_FALSE(restart_policy(r).failed(0, 0).restart);
}

TEST(RestartFixedDelay, RestartsAsOftenAsAttemptsSayHoweverLongTheRunsLast) {
  config::restart r;
  r.strategy = config::restart_strategy::fixed_delay;
  r.attempts = 3;
  r.delay_us = 7 * second;
  restart_policy policy(r);
  for (int i = 0; i < 3; ++i) {
    const auto d = policy.failed(i * 100 * hour, 0);
    EXPECT_TRUE(d.restart);
    EXPECT_EQ(d.delay_us, 7 * second);
  }
  EXPECT_FALSE(policy.failed(1000 * hour, 0).restart);
}

TEST(RestartFailureRate, GivesUpAtMoreFailuresThanAllowedWithinTheInterval) {
  config::restart r;
  r.strategy = config::restart_strategy::failure_rate;
  r.max_failures = 2;
  r.interval_us = minute;
  restart_policy policy(r);
  EXPECT_TRUE(policy.failed(0, 0).restart);
  EXPECT_TRUE(policy.failed(30 * second, 0).restart);
  EXPECT_FALSE(policy.failed(60 * second, 0).restart);
}

TEST(RestartFailureRate, GoesOnForEverBelowTheRate) {
  config::restart r;
  r.strategy = config::restart_strategy::failure_rate;
  r.max_failures = 2;
  r.interval_us = minute;
  restart_policy policy(r);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(policy.failed(i * 31 * second, 0).restart) << i;
}

TEST(RestartExponentialDelay, GrowsToTheMostAndStaysThere) {
  restart_policy policy(exponential());
  std::int64_t now = 0;
  double expected = second;
  for (int i = 0; i < 50; ++i) {
    const auto d = policy.failed(now, 0);
    EXPECT_TRUE(d.restart);
    EXPECT_NEAR(static_cast<double>(d.delay_us), expected, 2) << i;
    expected = std::min(expected * 1.5, 60.0 * second);
    now += d.delay_us + second;
  }
  EXPECT_EQ(policy.failed(now, 0).delay_us, minute);
}

TEST(RestartExponentialDelay, IsShortAgainAfterACalmTime) {
  restart_policy policy(exponential());
  std::int64_t now = 0;
  for (int i = 0; i < 20; ++i) now += policy.failed(now, 0).delay_us;
  // The wait itself does not count as calm.
  restart_policy early = policy;
  EXPECT_EQ(early.failed(now + hour - second, 0).delay_us, minute);
  EXPECT_EQ(policy.failed(now + hour, 0).delay_us, second);
}

TEST(RestartExponentialDelay, JittersAroundTheWaitAndNeverPastTheMost) {
  base::test_env env(7);
  std::int64_t least = INT64_MAX, most = 0;
  for (int i = 0; i < 10'000; ++i) {
    restart_policy policy(exponential(0.1));
    const auto wait = policy.failed(0, env.random_u64()).delay_us;
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, 900'000);
  EXPECT_LT(least, 910'000);
  EXPECT_LE(most, 1'100'000);
  EXPECT_GT(most, 1'090'000);
  restart_policy policy(exponential(1));
  for (int i = 0; i < 10'000; ++i) {
    const auto wait = policy.failed(i, env.random_u64()).delay_us;
    ASSERT_GE(wait, 0);
    ASSERT_LE(wait, minute);
  }
}

// Whatever the strategy and the history: what is promised of every decision.
TEST(RestartPolicy, HoldsItsPromisesOverRandomHistories) {
  base::test_env env(11);
  const auto pick = [&](std::uint64_t below) { return env.random_u64() % below; };
  for (int history = 0; history < 2'000; ++history) {
    config::restart r;
    r.strategy = static_cast<config::restart_strategy>(pick(3));
    r.attempts = static_cast<std::uint32_t>(pick(20));
    r.max_failures = static_cast<std::uint32_t>(1 + pick(5));
    r.interval_us = static_cast<std::int64_t>(second + pick(10 * minute));
    r.initial_backoff_us = static_cast<std::int64_t>(1000 + pick(minute));
    r.max_backoff_us = r.initial_backoff_us + static_cast<std::int64_t>(pick(hour));
    r.multiplier = 1 + static_cast<double>(pick(100)) / 10;
    r.reset_after_us = static_cast<std::int64_t>(pick(hour));
    r.jitter = static_cast<double>(pick(101)) / 100;
    restart_policy policy(r);
    std::vector<std::int64_t> at;
    std::int64_t now = 0;
    for (int i = 0; i < 30; ++i) {
      at.push_back(now);
      const auto d = policy.failed(now, env.random_u64());
      switch (r.strategy) {
        case config::restart_strategy::fixed_delay:
          EXPECT_EQ(d.restart, at.size() <= r.attempts);
          break;
        case config::restart_strategy::failure_rate:
          EXPECT_EQ(d.restart, std::count_if(at.begin(), at.end(), [&](auto t) { return now - t <= r.interval_us; }) <=
                                   static_cast<std::ptrdiff_t>(r.max_failures));
          break;
        default:
          EXPECT_TRUE(d.restart);
          EXPECT_LE(d.delay_us, r.max_backoff_us);
          EXPECT_GE(d.delay_us + 1,
                    static_cast<std::int64_t>(static_cast<double>(r.initial_backoff_us) * (1 - r.jitter)));
      }
      now += d.delay_us + static_cast<std::int64_t>(pick(2) ? pick(minute) : pick(2 * hour));
    }
  }
}

}  // namespace
}  // namespace weir::supervisor
