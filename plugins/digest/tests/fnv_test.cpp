#include "digest/fnv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace digest {
namespace {

// Texts one after the other, with exactly as many bytes behind them as may be read.
struct texts {
  std::vector<char> data;
  std::vector<std::uint32_t> ends = {0};
  std::uint64_t sum = 0;
  explicit texts(const std::vector<std::string>& all) {
    std::size_t longest = 0;
    for (const auto& t : all) {
      data.insert(data.end(), t.begin(), t.end());
      ends.push_back(static_cast<std::uint32_t>(data.size()));
      sum += fnv1a(t.data(), t.size());
      longest = std::max(longest, t.size());
    }
    data.insert(data.end(), longest + fnv_padding, '\x5a');
  }
};

void expect_sum(const std::vector<std::string>& all, const std::string& what) {
  const texts t(all);
  EXPECT_EQ(sum_fnv_lockstep(t.data.data(), t.ends.data(), all.size()), t.sum) << what;
  EXPECT_EQ(best_sum_fnv()(t.data.data(), t.ends.data(), all.size()), t.sum) << what;
}

TEST(Fnv, IsThePublishedHash) {
  EXPECT_EQ(fnv1a("", 0), 0xcbf29ce484222325ull);
  EXPECT_EQ(fnv1a("a", 1), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(fnv1a("foobar", 6), 0x85944171f73967e8ull);
}

TEST(Fnv, SumsManyTextsLikeOneAfterTheOther) {
  std::mt19937_64 random(7);
  for (const std::size_t longest : {0u, 1u, 2u, 15u, 16u, 17u, 40u, 127u, 128u, 129u, 300u, 1000u})
    for (std::size_t count = 0; count < 50; ++count) {
      std::vector<std::string> all;
      for (std::size_t i = 0; i < count; ++i) {
        std::string t(longest == 0 ? 0 : random() % (longest + 1), ' ');
        for (char& c : t) c = static_cast<char>(random());
        all.push_back(t);
      }
      expect_sum(all, std::to_string(count) + " texts of up to " + std::to_string(longest));
    }
}

TEST(Fnv, HoldsAtTheExtremesOfItsSums) {
  for (const char c : {'\0', '\xff', '\x7f', '\x80'})
    for (const std::size_t size : {64u, 128u, 256u, 4096u})
      expect_sum(std::vector<std::string>(33, std::string(size, c)), "equal bytes");
}

TEST(Fnv, TakesOneLongTextAmongShortOnes) {
  for (std::size_t place = 0; place < 16; ++place) {
    std::vector<std::string> all(16, "ab");
    all[place] = std::string(5000, 'x');
    expect_sum(all, "long text at " + std::to_string(place));
  }
}

}  // namespace
}  // namespace digest
