#include "control/probation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::control {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr std::uint64_t mib = 1 << 20;

struct Probation : testing::Test {
  config::swap bounds;
  std::map<std::string, node_sums> before{{"score", {10'000, 9'000, 0, 10'000'000}}};  // 1 us a record
  sample from{{{"score", {10'000, 9'000, 0, 10'000'000}}, {"wrong", {9'000, 5, 0, 0}}}, 100 * mib};
  sample now = from;

  std::optional<std::string> after(node_sums more) {
    auto& s = now.nodes["score"];
    s = {s.records_in + more.records_in, s.records_out + more.records_out, s.errors + more.errors,
         s.busy_ns + more.busy_ns};
    return broken_bound(bounds, before, from, now);
  }
};

TEST_F(Probation, WithoutBoundsNothingIsBroken) { EXPECT_EQ(after({2'000, 0, 2'000, 1'000'000'000}), std::nullopt); }

TEST_F(Probation, ErrorsAreAPartOfTheRecordsSinceItServes) {
  bounds.max_error_ratio = 0.01;
  EXPECT_EQ(after({999, 0, 999, 0}), std::nullopt) << "too few to say";
  EXPECT_THAT(after({1, 0, 1, 0}), Optional(HasSubstr("100 %")));
  now = from;
  EXPECT_EQ(after({10'000, 0, 100, 0}), std::nullopt);
  EXPECT_THAT(after({0, 0, 1, 0}), Optional(HasSubstr("score could not process")));
}

TEST_F(Probation, SlownessIsSeenByRecordsOrByTime) {
  bounds.max_slowdown = 10;
  EXPECT_EQ(after({1'000, 900, 0, 9'900'000}), std::nullopt);
  EXPECT_THAT(after({0, 0, 0, 200'000}), Optional(HasSubstr("10.1 times slower")));
  now = from;
  EXPECT_EQ(after({3, 0, 0, 499'000'000}), std::nullopt);
  EXPECT_THAT(after({0, 0, 0, 1'000'000}), Optional(HasSubstr("slower")));
}

TEST_F(Probation, OutputIsComparedWithWhatTheVersionBeforeGave) {
  bounds.min_output_ratio = 0.5;
  EXPECT_EQ(after({1'000, 450, 0, 0}), std::nullopt);
  EXPECT_THAT(after({100, 0, 0, 0}), Optional(HasSubstr("gives out")));
}

TEST_F(Probation, MemoryAndInvariantsCountFromWhenItServes) {
  bounds.max_memory_growth = 10 * mib;
  bounds.invariants = {"wrong"};
  now.rss_bytes = 110 * mib;
  EXPECT_EQ(after({}), std::nullopt);
  now.rss_bytes += 1;
  EXPECT_THAT(after({}), Optional(HasSubstr("memory")));
  now.rss_bytes = from.rss_bytes;
  now.nodes["wrong"].records_out = 6;
  EXPECT_THAT(after({}), Optional(HasSubstr("the invariant wrong gave out 1 row ")));
}

}  // namespace
}  // namespace weir::control
