#include "shared/aggregate/call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/failure.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using weir::aggregate::parse;

TEST(AggregateCall, ReadsFunctionsArgumentsAndNames) {
  const auto a = parse(" Sum ( price ) as total ");
  EXPECT_EQ(a.function, "sum");
  EXPECT_THAT(a.arguments, ElementsAre("price"));
  EXPECT_EQ(a.name, "total");
  EXPECT_TRUE(parse("count(*) AS n").arguments.empty());
  EXPECT_TRUE(parse("count() AS n").arguments.empty());
  const auto d = parse("count(DISTINCT \"my id\") AS \"n \"\"ids\"\"\"");
  EXPECT_TRUE(d.distinct);
  EXPECT_THAT(d.arguments, ElementsAre("my id"));
  EXPECT_EQ(d.name, "n \"ids\"");
  EXPECT_FALSE(parse("count(distinct) AS n").distinct);  // a column of that name
  EXPECT_THAT(parse("arg_max(url, price) AS best").arguments, ElementsAre("url", "price"));
}

TEST(AggregateCall, SaysWhereTheTextIsWrong) {
  const auto error = [](const char* text) {
    try {
      parse(text);
    } catch (const weir::config_error& e) {
      return std::to_string(e.at) + ": " + e.what();
    }
    return std::string{};
  };
  EXPECT_THAT(error("sum(price)"), HasSubstr("10: the output column needs a name"));
  EXPECT_THAT(error("sum price AS x"), HasSubstr("4: `(`"));
  EXPECT_THAT(error("sum(price AS x"), HasSubstr("10: `)`"));
  EXPECT_THAT(error("sum(price) AS x y"), HasSubstr("16: this is too much"));
  EXPECT_THAT(error("sum(price) x"), HasSubstr("AS should follow"));
  EXPECT_THAT(error("sum(\"price) AS x"), HasSubstr("does not end"));
}

}  // namespace
