// Names, types, and what is refused before a row is seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate.hpp"
#include "expression/functions.hpp"

namespace {

using namespace weir::expression;
using namespace weir::expression::test;
using testing::HasSubstr;

class Binder : public testing::Test {
 protected:
  Binder() {
    for (const char* t : {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
                          "float64", "utf8", "binary", "timestamp", "date"})
      t_.add(std::string{t} + "_", t, {"0"});
    t_.add("amount", "decimal(10,2)", {"1"}).add("desk name", "utf8", {"x"}).add("tags", "list<utf8>", {"[a]"});
    t_.add("who", "record<id int32,name utf8>", {"{1;x}"});
  }
  std::string wrong(const std::string& text) { return test::wrong(t_.columns(), text); }
  std::string type(const std::string& text) { return type_of_text(text, t_.columns()); }
  table t_;
};

TEST_F(Binder, SuggestsTheNearestName) {
  EXPECT_EQ(wrong("1 + amuont"), "at 4: unknown column `amuont`, did you mean `amount`?");
  EXPECT_EQ(wrong("Amount"), "at 0: unknown column `Amount`, did you mean `amount`?");
  EXPECT_EQ(wrong("deskname = 'x'"), "at 0: unknown column `deskname`, did you mean `\"desk name\"`?");
  EXPECT_EQ(wrong("uper(utf8_)"), "at 0: unknown function `uper`, did you mean `upper`?");
  EXPECT_EQ(wrong("CAST(amount AS flaot32)"), "at 15: unknown type `flaot32`, did you mean `float32`?");
  EXPECT_EQ(wrong("who.nam"), "at 4: unknown field `nam`, did you mean `name`?");
  EXPECT_EQ(wrong("utf8_ = \"NEW STATUS\""),
            "at 8: unknown column `NEW STATUS` (a text is written in single quotes: 'NEW STATUS')");
}

TEST_F(Binder, RefusesWhatHasNoMeaning) {
  EXPECT_EQ(wrong("utf8_ + 1"), "at 6: `+` has no meaning for utf8 and int32: texts are joined by ||");
  EXPECT_EQ(wrong("utf8_ = 5"), "at 8: cannot compare utf8 with int32: convert one side, like CAST(... AS utf8)");
  EXPECT_EQ(wrong("timestamp_ > int64_"),
            "at 13: cannot compare timestamp with int64: convert one side, like CAST(... AS timestamp)");
  EXPECT_EQ(wrong("CASE WHEN bool_ THEN 1 ELSE utf8_ END"),
            "at 21: cannot mix utf8 with int32: convert one side, like CAST(... AS utf8)");
  EXPECT_EQ(wrong("int64_ AND bool_"), "at 0: AND needs a condition, not int64: compare it, like `... <> 0`");
  EXPECT_EQ(wrong("float64_ // 2"),
            "at 9: `//` divides integers, not float64: use / and round it, or CAST to an integer");
  EXPECT_EQ(wrong("lower(int64_)"),
            "at 6: lower: argument 1 is int64 where utf8 is needed (CAST converts it), as in lower(text)");
  EXPECT_EQ(wrong("left(utf8_)"), "at 0: `left` is called with 1 argument; it is left(text, count)");
  EXPECT_EQ(wrong("tags"), "at 0: this is a list: take one of its values, like `list[1]`");
  EXPECT_EQ(wrong("who"), "at 0: this is a record: take one of its values, like `record.field`");
  EXPECT_EQ(wrong("amount.x"), "at 7: `x` is no field: what stands before it is decimal(10,2), not a record");
  EXPECT_EQ(wrong("NULL"), "at 0: the type of this expression is not known: CAST(NULL AS type) gives it one");
  EXPECT_EQ(wrong("INTERVAL 1 DAY"), "at 0: an interval cannot be a column: take a part of it, like epoch_us(...)");
  EXPECT_EQ(wrong("CAST(date_ AS int)"), "at 14: there is no conversion from date to int32");
  EXPECT_EQ(wrong("CAST(amount AS decimal(50, 2))"),
            "at 15: a decimal has 1 to 38 digits, and not more of them behind the point");
  EXPECT_EQ(wrong("regexp_matches(utf8_, '(')"),
            "at 22: regexp_matches: the regular expression is wrong: missing ): (, as in regexp_matches(text, "
            "'pattern' [, 'options'])");
  EXPECT_EQ(
      wrong("regexp_matches(utf8_, utf8_)"),
      "at 22: regexp_matches: the pattern must be a text literal, as in regexp_matches(text, 'pattern' [, 'options'])");
  EXPECT_EQ(wrong("utf8_ LIKE 'a!' ESCAPE '!'"), "at 11: the pattern ends with the escape character");
  EXPECT_EQ(wrong("strftime(date_, '%Q')"),
            "at 16: strftime: the format has an unknown part '%Q', as in strftime(timestamp, 'format')");
  EXPECT_THAT(wrong("date_trunc('fortnight', date_)"), HasSubstr("at 11: date_trunc: there is no unit 'fortnight'"));
}

TEST_F(Binder, FindsErrorsThatEveryRowWouldHave) {
  EXPECT_EQ(wrong("int64_ > CAST('abc' AS int)"), "at 23: cannot read 'abc' as int32");
  EXPECT_EQ(wrong("date_ = '2024-02-30'"), "at 8: cannot read '2024-02-30' as date");
  EXPECT_EQ(wrong("1 // 0"), "at 2: division by zero: 1 // 0 (use nullif(divisor, 0) to get NULL)");
  EXPECT_EQ(wrong("int8_ IN (1, 'x')"), "at 13: cannot read 'x' as int8");
  // A branch that may never be taken is left to the rows.
  EXPECT_EQ(wrong("CASE WHEN bool_ THEN 1 // 0 ELSE 2 END"), "");
  EXPECT_EQ(wrong("bool_ AND 1 // 0 = 1"), "");
  EXPECT_EQ(wrong("try(1 // 0)"), "");
  EXPECT_EQ(wrong("TRY_CAST('x' AS int)"), "");
}

TEST_F(Binder, GivesEveryMeetingOfTypesOneType) {
  EXPECT_EQ(type("int8_ + int8_"), "int8");
  EXPECT_EQ(type("int8_ + 1"), "int8");
  EXPECT_EQ(type("int8_ + 300"), "int32");
  EXPECT_EQ(type("int16_ + int64_"), "int64");
  EXPECT_EQ(type("int8_ + uint8_"), "int64");
  EXPECT_EQ(type("int32_ + uint8_"), "int32");
  EXPECT_EQ(type("uint8_ + uint32_"), "uint32");
  EXPECT_EQ(type("int64_ + uint64_"), "decimal(38,0)");
  EXPECT_EQ(type("coalesce(int8_, uint8_)"), "int16");
  EXPECT_EQ(type("int64_ * 1.5"), "decimal(21,1)");
  EXPECT_EQ(type("int64_ + float32_"), "float32");
  EXPECT_EQ(type("float32_ + float64_"), "float64");
  EXPECT_EQ(type("amount + amount"), "decimal(11,2)");
  EXPECT_EQ(type("amount * amount"), "decimal(20,4)");
  EXPECT_EQ(type("amount / 2"), "float64");
  EXPECT_EQ(type("float32_ / 2"), "float32");
  EXPECT_EQ(type("int8_ / int8_"), "float64");
  EXPECT_EQ(type("-uint8_"), "int16");
  EXPECT_EQ(type("date_ + 1"), "date");
  EXPECT_EQ(type("date_ - date_"), "int64");
  EXPECT_EQ(type("date_ + INTERVAL 1 HOUR"), "timestamp");
  EXPECT_EQ(type("timestamp_ > '2024-01-01'"), "bool");
  EXPECT_EQ(type("binary_ || 'x'"), "binary");
  EXPECT_EQ(type("int64_ || utf8_"), "utf8");
  EXPECT_EQ(type("9223372036854775807"), "int64");
  EXPECT_EQ(type("9223372036854775808"), "decimal(38,0)");
  EXPECT_EQ(type("0.001"), "decimal(3,3)");
}

TEST_F(Binder, FindsNothingWrongWithAnyFunctionsOwnName) {
  // Each function is reachable, and says how it is called when it is called wrongly.
  for (const std::string_view f : function_names()) {
    const std::string why = wrong(std::string{f} + "(NULL, NULL, NULL, NULL, NULL, NULL)");
    EXPECT_THAT(why, testing::Not(HasSubstr("unknown function"))) << f;
  }
}

TEST(Nearest, TakesOneSlipForTheSameWord) {
  EXPECT_EQ(nearest("pirce", {"amount", "price"}), "price");
  EXPECT_EQ(nearest("x", {"amount", "price"}), "");
  EXPECT_EQ(nearest("PRICE", {"price"}), "price");
}

}  // namespace
