#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orders.hpp"

namespace {

using namespace join_test;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::test::table;
using weir::test::value;

std::vector<std::string> errors(const table& options, const weir::test::keys& key = by_customer) {
  try {
    harness<join::keyed> h{options, key};
  } catch (const weir::test::bind_refused& refused) {
    return refused.errors;
  }
  return {};
}

TEST(JoinBind, SaysWhatIsWrongWithKeysAndColumns) {
  EXPECT_THAT(errors({}, {}), testing::Each(HasSubstr("needs a key")));
  EXPECT_THAT(errors({}, weir::test::keys{{"customer", "id"}, {"payer"}}),
              ElementsAre(HasSubstr("have 2 and 1 columns")));
  EXPECT_THAT(errors({}, weir::test::keys{{"id"}, {"payer"}}), ElementsAre(HasSubstr("the keys differ: 'id'")));
  EXPECT_THAT(errors({{"columns", value::list({"id"})}}),
              ElementsAre(HasSubstr("columns[0]: must begin with left. or right.")));
  EXPECT_THAT(errors({{"columns", value::list({"left.idd"})}}), ElementsAre(HasSubstr("did you mean 'id'")));
  EXPECT_THAT(errors({{"columns", value::list({"left.id", "right.amount AS id"})}}),
              ElementsAre(HasSubstr("two columns 'id'")));
  EXPECT_THAT(errors({{"ttl", weir::duration{-1}}}), ElementsAre(HasSubstr("ttl: must not be negative")));
}

TEST(JoinBind, ShowsAllColumnsWithoutTheOption) {
  harness<join::keyed> h{{{"type", "left"}}, by_customer};
  std::vector<std::string> names;
  for (const auto& f : h.columns().fields) names.push_back(f.name + (f.nullable ? "?" : ""));
  EXPECT_THAT(names, ElementsAre("customer", "id", "amount?", "payer?"));
}

}  // namespace
