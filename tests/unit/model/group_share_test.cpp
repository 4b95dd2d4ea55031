#include "model/group_share.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace weir::model {
namespace {

std::uint32_t count(const group_share& s, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t n = 0;
  for (std::uint32_t g = begin; g < end; ++g) n += s.has(g) ? 1 : 0;
  return n;
}

TEST(GroupShare, HasAboutItsShareOfAnyRunOfGroups) {
  for (const double part : {0.01, 0.05, 0.1, 0.25, 0.5, 0.9, 0.99}) {
    const auto s = group_share::of(part);
    for (const std::uint32_t groups : {1u, 7u, 32u, 128u, 1000u, 32768u})
      for (std::uint32_t begin = 0; begin < groups; begin += std::max(1u, groups / 4)) {
        const std::uint32_t end = std::min(groups, begin + std::max(1u, groups / 4));
        EXPECT_NEAR(count(s, begin, end), part * (end - begin), 3) << part << " of " << begin << " to " << end;
      }
  }
}

TEST(GroupShare, IsNeverNothingAndOnlyGrows) {
  group_share before = group_share::of(0);
  EXPECT_TRUE(before.none());
  EXPECT_EQ(count(before, 0, 128), 0u);
  for (const double part : {1e-9, 0.001, 0.05, 0.25, 0.5, 0.999, 1.0}) {
    const auto s = group_share::of(part);
    EXPECT_TRUE(s.has(0)) << part;
    for (std::uint32_t g = 0; g < 1000; ++g) EXPECT_TRUE(s.has(g) || !before.has(g)) << part << " lost group " << g;
    before = s;
  }
  EXPECT_TRUE(before.all());
  EXPECT_EQ(count(before, 0, 32768), 32768u);
}

TEST(GroupShare, PartsAreTheShareAndTheRest) {
  const auto share = group_share::of(0.3);
  const group_part in{share, 128, true}, out{share, 128, false};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t hash = i * 0x9E3779B97F4A7C15u;
    EXPECT_NE(in.holds(hash), out.holds(hash));
    EXPECT_EQ(in.holds(hash), share.has(key_group(hash, 128)));
  }
}

}  // namespace
}  // namespace weir::model
