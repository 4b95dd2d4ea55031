#include "base/env.hpp"

#include <gtest/gtest.h>

#include <ctime>

#include "base/test_env.hpp"

namespace weir::base {
namespace {

TEST(RealEnv, ReadsTheMachine) {
  env& e = real_env();
  const std::int64_t before = std::int64_t{::time(nullptr)} * 1'000'000;
  EXPECT_GE(e.now_us(), before - 1'000'000);
  EXPECT_LE(e.now_us(), before + 600'000'000);
  const std::int64_t a = e.monotonic_ns();
  EXPECT_GE(e.monotonic_ns(), a);
  EXPECT_GT(e.thread_cpu_ns(), 0);
  EXPECT_NE(e.random_u64(), e.random_u64());
}

TEST(TestEnv, MovesOnlyByHand) {
  test_env e(1, 1000);
  EXPECT_EQ(e.now_us(), 1000);
  EXPECT_EQ(e.monotonic_ns(), 0);
  e.advance_us(5);
  EXPECT_EQ(e.now_us(), 1005);
  EXPECT_EQ(e.monotonic_ns(), 5000);
  e.set_now_us(3);
  EXPECT_EQ(e.now_us(), 3);
  EXPECT_EQ(e.monotonic_ns(), 5000) << "a jump of the wall clock is no passing of time";
  e.add_thread_cpu_ns(7);
  EXPECT_EQ(e.thread_cpu_ns(), 7);
}

TEST(TestEnv, RepeatsItsRandomNumbersFromTheSeed) {
  test_env a(9), b(9), c(10);
  EXPECT_EQ(a.random_u64(), b.random_u64());
  EXPECT_NE(a.random_u64(), c.random_u64());
}

}  // namespace
}  // namespace weir::base
