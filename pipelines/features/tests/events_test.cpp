#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <weir/test/source_harness.hpp>

#include "events/source.hpp"

namespace features {
namespace {

using harness = weir::test::source_harness<events>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct line {
  weir::bytes value;
  std::string account;
};
WEIR_RECORD(line, value, account)

TEST(Events, ComeOnceEachInOrderAndAreTheSameEachTime) {
  harness h{{{"events", 5000}, {"accounts", 50}}}, again{{{"events", 5000}, {"accounts", 50}}};
  ASSERT_THAT(h.open_all(), ElementsAre("all"));
  ASSERT_TRUE(h.poll_to_end());
  again.open_all();
  ASSERT_TRUE(again.poll_to_end());
  const auto rows = h.take_rows<line>(), same = again.take_rows<line>();
  ASSERT_EQ(rows.size(), 5000u);
  ASSERT_EQ(same.size(), 5000u);
  std::set<std::string> accounts;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].offset, static_cast<std::int64_t>(i));
    EXPECT_EQ(rows[i].value.value.value, same[i].value.value.value);
    EXPECT_THAT(rows[i].value.value.value, StartsWith("{\"trace_id\":\""));
    EXPECT_THAT(rows[i].value.value.value, HasSubstr("\"event_id\":\"EV-" + std::to_string(i) + "\""));
    EXPECT_THAT(rows[i].value.value.value, HasSubstr("\"account\":\"" + rows[i].value.account + "\""));
    accounts.insert(rows[i].value.account);
  }
  EXPECT_GT(accounts.size(), 20u);
  EXPECT_LE(accounts.size(), 50u);
}

TEST(Events, GoOnWhereTheyWere) {
  harness h{{{"events", 50000}}}, rest{{{"events", 50000}}};
  h.open_all();
  h.poll();
  const auto begun = h.take_rows<line>();
  rest.open(0, "all", h.position(0));
  ASSERT_TRUE(rest.poll_to_end());
  const auto ended = rest.take_rows<line>();
  EXPECT_EQ(begun.size() + ended.size(), 50000u);
  ASSERT_FALSE(ended.empty());
  EXPECT_EQ(ended.front().offset, static_cast<std::int64_t>(begun.size()));
}

TEST(Events, RefusesAPositionThatIsNone) {
  harness h{{{"events", 5}}};
  EXPECT_THROW(h.open(0, "all", "7x"), weir::test::call_failed);
}

}  // namespace
}  // namespace features
