#include "nexmark/order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace nexmark {
namespace {

// The rest of a split, taken in steps of `step` events.
std::vector<std::uint64_t> drain(split_order& order, std::uint64_t step, std::size_t most = SIZE_MAX) {
  std::vector<std::uint64_t> out;
  while (out.size() < most && order.peek() != UINT64_MAX) {
    const std::uint64_t want = std::min<std::uint64_t>(step, most - out.size());
    if (order.shuffled()) {
      const auto list = order.peek_list(static_cast<std::int64_t>(want));
      out.insert(out.end(), list.numbers, list.numbers + list.count);
      order.take_list(list.count);
    } else {
      const auto run = order.peek_run(want);
      for (std::uint64_t n = run.from; n < run.to; ++n) out.push_back(n);
      order.take_run(run);
    }
  }
  return out;
}

// The definition, on all events at once.
std::vector<std::uint64_t> expected(const stream_settings& s, std::uint64_t split) {
  const dice d(s.seed);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> keyed;
  for (std::uint64_t n = 0; n < s.events; ++n)
    if (n / 50 % s.splits == split) keyed.emplace_back(n * 100 + d.roll(n, 15) % (s.disorder_us + 1), n);
  if (s.disorder_us > 0) std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint64_t> out;
  for (const auto& k : keyed) out.push_back(k.second);
  return out;
}

std::vector<stream_settings> all_settings() {
  std::vector<stream_settings> out;
  for (const std::uint64_t events : {0ull, 1ull, 49ull, 50ull, 12'345ull})
    for (const std::uint64_t disorder : {0ull, 1ull, 99ull, 100ull, 5'000ull, 400'000ull, 900'000ull, 5'000'000ull})
      for (const std::uint64_t splits : {1ull, 3ull}) out.push_back({events, 7, disorder, splits});
  return out;
}

TEST(NexmarkOrder, IsTheDefinitionsInEverySplit) {
  for (const auto& s : all_settings())
    for (std::uint64_t split = 0; split < s.splits; ++split) {
      split_order order(s, split, {});
      EXPECT_EQ(order.left(), expected(s, split).size());
      EXPECT_EQ(drain(order, 777), expected(s, split))
          << s.events << " events, disorder " << s.disorder_us << ", split " << split;
      EXPECT_EQ(order.left(), 0u);
    }
}

TEST(NexmarkOrder, GoesOnFromAnyPosition) {
  for (const auto& s : all_settings()) {
    const auto whole = expected(s, 0);
    for (std::size_t cut = 0; cut <= whole.size(); cut += cut < 100 ? 9 : 2501) {
      split_order before(s, 0, {});
      auto got = drain(before, 100, cut);
      const auto saved = read_point(write_point(before.position(), s), s);
      ASSERT_EQ(saved.error, "");
      split_order after(s, 0, saved.at);
      EXPECT_EQ(after.left(), whole.size() - cut);
      const auto rest = drain(after, 64);
      got.insert(got.end(), rest.begin(), rest.end());
      ASSERT_EQ(got, whole) << s.events << " events, disorder " << s.disorder_us << ", cut at " << cut;
    }
  }
}

TEST(NexmarkOrder, TakesUpAFinishedRunThatShallGoOnLonger) {
  for (const std::uint64_t disorder : {0ull, 50'000ull}) {
    stream_settings s{1000, 0, disorder, 1};
    split_order first(s, 0, {});
    auto got = drain(first, 99);
    s.events = 3000;
    split_order second(s, 0, first.position());
    const auto half = drain(second, 99, 700);
    split_order third(s, 0, second.position());
    const auto rest = drain(third, 99);
    got.insert(got.end(), half.begin(), half.end());
    got.insert(got.end(), rest.begin(), rest.end());
    std::sort(got.begin(), got.end());
    ASSERT_EQ(got.size(), 3000u);
    for (std::uint64_t n = 0; n < got.size(); ++n) ASSERT_EQ(got[n], n);
  }
}

TEST(NexmarkOrder, NeverEndsWithoutALimit) {
  const stream_settings s{UINT64_MAX, 0, 1000, 2};
  split_order order(s, 1, {});
  EXPECT_EQ(drain(order, 1000, 50'000).size(), 50'000u);
  EXPECT_EQ(order.left(), UINT64_MAX);
}

TEST(NexmarkOrder, RefusesAPositionOfAnotherStream) {
  const stream_settings s{1000, 1, 500, 1};
  EXPECT_THAT(read_point("floor=0 next=3 seed=2 out_of_order_us=500", s).error,
              testing::HasSubstr("belongs to seed 2"));
  EXPECT_THAT(read_point("floor=0 next=3 seed=1 out_of_order_us=0", s).error, testing::HasSubstr("out_of_order_us 0"));
  for (const char* text : {"", "x", "floor=", "floor=1x seed=1", "next=3 seed=1 out_of_order_us=500", "floor=-1"})
    EXPECT_THAT(read_point(text, s).error, testing::HasSubstr("is not a position")) << text;
}

}  // namespace
}  // namespace nexmark
