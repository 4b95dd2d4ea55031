#include "digest/numbers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <string>

namespace digest {
namespace {

std::string text_of(const short_texts& t, std::size_t i, std::size_t size) {
  char bytes[8];
  std::memcpy(bytes, &t.text[i], 8);
  return std::string(bytes, size);
}

class Numbers : public testing::TestWithParam<const number_writer*> {};

TEST_P(Numbers, WritesThemAsPeopleDo) {
  std::mt19937_64 random(1);
  std::array<std::int64_t, block_rows + 8> v{};
  for (int round = 0; round < 2000; ++round) {
    const std::size_t count = 1 + random() % block_rows;
    std::int64_t limit = 10;
    for (auto left = random() % 8; left > 0; --left) limit *= 10;
    for (std::size_t i = 0; i < count; ++i)
      v[i] = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
    v[random() % count] = limit - 1;
    v[random() % count] = limit / 10;
    v[random() % count] = 0;
    short_texts out;
    GetParam()->short_numbers(v.data(), count, out);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(text_of(out, i, out.size[i]), std::to_string(v[i]));
    const std::int64_t base = static_cast<std::int64_t>(random() % 1000) * short_limit;
    for (std::size_t i = 0; i < count; ++i) v[i] += base;
    GetParam()->eight_digits(v.data(), base, count, out);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string digits = std::to_string(v[i] - base);
      ASSERT_EQ(text_of(out, i, 8), std::string(8 - digits.size(), '0') + digits);
    }
  }
}

TEST_P(Numbers, FindsTheLeastAndTheMost) {
  std::mt19937_64 random(2);
  std::array<std::int64_t, block_rows + 8> v{};
  for (int round = 0; round < 1000; ++round) {
    const std::size_t count = 1 + random() % block_rows;
    for (auto& x : v) x = static_cast<std::int64_t>(random()) >> (random() % 64);
    const auto [least, most] = GetParam()->range(v.data(), count);
    ASSERT_EQ(least, *std::min_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(count)));
    ASSERT_EQ(most, *std::max_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(count)));
  }
}

INSTANTIATE_TEST_SUITE_P(Portable, Numbers, testing::Values(&portable_numbers));
INSTANTIATE_TEST_SUITE_P(Best, Numbers, testing::Values(&best_numbers()));

}  // namespace
}  // namespace digest
