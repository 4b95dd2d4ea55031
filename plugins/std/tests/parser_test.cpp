#include "expression/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expression/mistake.hpp"

namespace {

using namespace weir::expression;

// The tree in brackets: (+ a (* b c)).
std::string tree(const syntax& s) {
  std::string out;
  switch (s.is) {
    case form::text:
      return "'" + s.text + "'";
    case form::null_value:
      return "null";
    case form::call:
      out = s.text;
      break;
    case form::cast:
      out = (s.optional ? "try " : "as ") + s.text;
      break;
    case form::choice:
      out = s.operand ? "case of" : "case";
      break;
    case form::field:
      out = "." + s.text;
      break;
    case form::element:
      out = "[]";
      break;
    default:
      return s.text;
  }
  for (const auto& a : s.args) out += " " + tree(*a);
  return "(" + out + ")";
}
std::string tree(const std::string& text) { return tree(*parse(text)); }

std::string mistake_in(const std::string& text) {
  try {
    parse_item(text);
    return "none";
  } catch (const mistake& m) {
    return std::to_string(m.at) + ": " + m.why;
  }
}

TEST(Parser, BindsOperatorsAsSqlDoes) {
  EXPECT_EQ(tree("a + b * c"), "(+ a (* b c))");
  EXPECT_EQ(tree("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(tree("a * b // c % d"), "(% (// (* a b) c) d)");
  EXPECT_EQ(tree("2 ^ 3 ^ 2"), "(^ (^ 2 3) 2)");
  EXPECT_EQ(tree("-a ^ 2"), "(^ (negate a) 2)");
  EXPECT_EQ(tree("-a::int"), "(negate (as int a))");
  EXPECT_EQ(tree("'a' || b + 1"), "(|| 'a' (+ b 1))");
  EXPECT_EQ(tree("a = 1 AND NOT b OR c"), "(or (and (= a 1) (not b)) c)");
  EXPECT_EQ(tree("not a = b"), "(not (= a b))");
  EXPECT_EQ(tree("a = b IS NULL"), "(is_null (= a b))");
  EXPECT_EQ(tree("a LIKE 'x' = true"), "(= (like a 'x') true)");
  EXPECT_EQ(tree("a BETWEEN 1 AND 2 AND b"), "(and (between a 1 2) b)");
  EXPECT_EQ(tree("a NOT IN (1, 2)"), "(not (in a 1 2))");
  EXPECT_EQ(tree("a IS NOT DISTINCT FROM b AND c"), "(and (is_not_distinct_from a b) c)");
}

TEST(Parser, ReadsEveryFormOfAValue) {
  EXPECT_EQ(tree("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(tree("1_000 + .5 + 5. + 1e-3"), "(+ (+ (+ 1000 .5) 5.) 1e-3)");
  EXPECT_EQ(tree("'it''s'"), "'it's'");
  EXPECT_EQ(tree("\"a \"\"b\"\"\""), "a \"b\"");
  EXPECT_EQ(tree("a.b[1].c"), "(.c ([] (.b a) 1))");
  EXPECT_EQ(tree("date '2024-01-01' + date"), "(+ (as date '2024-01-01') date)");
  EXPECT_EQ(tree("interval 3 day"), "(interval 3 'day')");
  EXPECT_EQ(tree("interval '90 minutes'"), "(as interval '90 minutes')");
  EXPECT_EQ(tree("interval (a + 1) hours"), "(interval (+ a 1) 'hours')");
  EXPECT_EQ(tree("TRY_CAST(a AS decimal(10, 2))"), "(try decimal a)");
  EXPECT_EQ(tree("case a when 1 then 2 else 3 end"), "(case of a 1 2 3)");
  EXPECT_EQ(tree("case when a then 1 end"), "(case a 1 null)");
  EXPECT_EQ(tree("extract(hour from t)"), "(date_part 'hour' t)");
  EXPECT_EQ(tree("position('a' in b)"), "(strpos b 'a')");
  EXPECT_EQ(tree("substring(a from 2 for 3)"), "(substring a 2 3)");
  EXPECT_EQ(tree("trim(leading 'x' from a)"), "(ltrim a 'x')");
  EXPECT_EQ(tree("a -- what follows is a comment\n + 1"), "(+ a 1)");
}

TEST(Parser, KnowsTheEntriesOfAColumnList) {
  const item named = parse_item("price * 2 AS double_price");
  EXPECT_EQ(tree(*named.expression), "(* price 2)");
  EXPECT_EQ(named.name, "double_price");
  EXPECT_EQ(parse_item("a as \"a b\"").name, "a b");
  const item star = parse_item("* except (a, \"b c\")");
  EXPECT_EQ(star.expression, nullptr);
  ASSERT_EQ(star.dropped.size(), 2u);
  EXPECT_EQ(star.dropped[1]->text, "b c");
  EXPECT_TRUE(parse_item("*").dropped.empty());
}

TEST(Parser, PointsAtTheByteThatIsWrong) {
  EXPECT_EQ(mistake_in(""), "0: the expression is empty");
  EXPECT_EQ(mistake_in("a +"), "3: the expression ends where a value is expected");
  EXPECT_EQ(mistake_in("a + * b"), "4: expected a value here, found `*`");
  EXPECT_EQ(mistake_in("a b"), "2: expected an operator or the end here, found `b`");
  EXPECT_EQ(mistake_in("(a"), "2: expected `)` here, found the end");
  EXPECT_EQ(mistake_in("a)"), "1: expected an operator or the end here, found `)`");
  EXPECT_EQ(mistake_in("name = 'x"), "7: this text is not closed: ' is missing at its end");
  EXPECT_EQ(mistake_in("\"name"), "0: this quoted name is not closed: \" is missing at its end");
  EXPECT_EQ(mistake_in("a ? b"), "2: unexpected '?' in an expression");
  EXPECT_EQ(mistake_in("12abc"),
            "2: a number ends here, but a letter follows: put a space or an operator between them");
  EXPECT_EQ(mistake_in("1 < a < 3"), "6: comparisons do not chain: join them with AND");
  EXPECT_EQ(mistake_in("case a when 1 end"), "14: expected THEN here, found `end`");
  EXPECT_EQ(mistake_in("a is 3"), "5: expected NULL, TRUE, FALSE or DISTINCT FROM behind IS, found `3`");
  EXPECT_EQ(mistake_in("cast(a int)"), "7: expected AS here, found `int`");
  EXPECT_EQ(mistake_in("a in 3"), "5: expected `(` here, found `3`");
  EXPECT_EQ(mistake_in("a between 1 or 2"), "12: expected AND here, found `or`");
  EXPECT_EQ(mistake_in("when + 1"),
            "0: expected a value here, found `when` (a column of this name is written in double quotes)");
  EXPECT_EQ(mistake_in("interval 3"), "10: expected a unit here (SECOND, MINUTE, HOUR, DAY, MONTH ...), found the end");
  EXPECT_EQ(mistake_in("a as"), "4: expected a name behind AS, found the end");
  EXPECT_EQ(mistake_in("* except a"), "9: expected `(` here, found `a`");
}

TEST(Parser, HasLimits) {
  EXPECT_THAT(mistake_in(std::string(text_bytes_max + 1, 'a')),
              testing::HasSubstr("an expression may have at most 65536 bytes"));
  EXPECT_EQ(mistake_in(std::string(300, '(') + "1" + std::string(300, ')')), "200: nested more than 200 deep");
}

TEST(Parser, SaysWhichNamesNeedQuotes) {
  EXPECT_FALSE(needs_quotes("price"));
  EXPECT_FALSE(needs_quotes("date"));
  EXPECT_TRUE(needs_quotes("my price"));
  EXPECT_TRUE(needs_quotes("case"));
  EXPECT_TRUE(needs_quotes("1st"));
}

}  // namespace
