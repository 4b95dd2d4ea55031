#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include <weir/test/harness.hpp>

#include "../@class@.hpp"

namespace @class@ {
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const weir::test::key by_account{"account"};

std::vector<std::string> lines(weir::test::harness<quiet_accounts>& h) {
  std::vector<std::string> out;
  for (const auto& a : h.take())
    out.push_back(a.account + " " + std::to_string(a.payments) + " " + std::to_string(a.amount));
  return out;
}

TEST(QuietAccounts, ReportsAnAccountThatWasQuiet) {
  weir::test::harness<quiet_accounts> h{{{"timeout", 10s}}, by_account};
  h.push({"ann", 5}, 0s);
  h.push({"bob", 7}, 1s);
  h.push({"ann", 6}, 9s);
  h.watermark(12s);
  EXPECT_THAT(lines(h), ElementsAre("bob 1 7"));
  h.watermark(19s);
  EXPECT_THAT(lines(h), ElementsAre("ann 2 11"));
  EXPECT_EQ(h.state_count("tally"), 0u);
}

TEST(QuietAccounts, GoesOnFromACut) {
  weir::test::harness<quiet_accounts> h{{{"timeout", 10s}}, by_account};
  h.push({"ann", 5}, 0s);
  const auto cut = h.cut();
  h.push({"ann", 100}, 1s);  // lost in a crash, and read again by the source
  h.restore(cut);
  h.push({"ann", 100}, 1s);
  h.end();
  EXPECT_THAT(lines(h), ElementsAre("ann 2 105"));
}

TEST(QuietAccounts, SendsANegativeAmountToTheDeadLetters) {
  weir::test::harness<quiet_accounts> h{{}, by_account};
  h.push({"ann", -1});
  h.end();
  EXPECT_THAT(lines(h), IsEmpty());
  ASSERT_EQ(h.take_dead_letters().size(), 1u);
}

TEST(QuietAccounts, NeedsAKeyAndATimeout) {
  EXPECT_THAT(weir::test::bind_errors<quiet_accounts>({}), ElementsAre(HasSubstr("name the key columns")));
  EXPECT_THAT(weir::test::bind_errors<quiet_accounts>({{"timeout", 0s}}, by_account),
              ElementsAre(HasSubstr("timeout: must be longer than 0s")));
}

}  // namespace @class@
