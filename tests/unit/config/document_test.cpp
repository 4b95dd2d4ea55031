#include "config/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/toml_bounds.hpp"

namespace weir::config {
namespace {

using testing::HasSubstr;

std::optional<value> parse(std::string text, diagnostics* problems = nullptr) {
  diagnostics own;
  return parse_document(std::make_shared<source_text>("d.toml", std::move(text)), problems ? *problems : own);
}

TEST(Document, KeepsTypesOrderAndPlaces) {
  const auto root = parse(
      "z = 1\na.b = true\n[t]\nx = [1.5, \"s\"]\nwhen = 1979-05-27T07:32:00.25-07:00\nday = 1979-05-27\nat = "
      "07:32:00\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->members[0].key, "z");
  EXPECT_EQ(root->members[1].key, "a");
  EXPECT_EQ(root->at_path("a.b")->boolean, true);
  EXPECT_EQ(root->at_path("t.x")->items[0].real, 1.5);
  EXPECT_EQ(root->at_path("t.when")->text, "1979-05-27T07:32:00.25-07:00");
  EXPECT_EQ(root->at_path("t.day")->text, "1979-05-27");
  EXPECT_EQ(root->at_path("t.at")->text, "07:32:00");
  const location& s = root->at_path("t.x")->items[1].at;
  EXPECT_EQ(s.text(), "d.toml:4:11");
  EXPECT_EQ(s.end_column, 14u);
  EXPECT_EQ(root->find_member("t")->key_at.text(), "d.toml:3:2");
}

TEST(Document, FindsTheByteInsideAString) {
  auto place = [](const std::string& text, std::size_t offset) {
    const auto root = parse(text);
    const location at = inside_string(root->members[0].item.at, offset);
    return std::pair(at.line, at.column);
  };
  EXPECT_EQ(place("e = \"a + b\"", 4), std::pair(1u, 10u));
  EXPECT_EQ(place("e = 'a + b'", 0), std::pair(1u, 6u));
  EXPECT_EQ(place("e = \"\\t\\u00e9x\"", 3), std::pair(1u, 14u)) << "escapes are longer than what they stand for";
  EXPECT_EQ(place("e = \"\xc3\xa9x\"", 2), std::pair(1u, 7u)) << "columns count characters, offsets bytes";
  EXPECT_EQ(place("e = \"\"\"\nfirst\nsecond\"\"\"", 6), std::pair(3u, 1u));
  EXPECT_EQ(place("e = '''a\nb'''", 2), std::pair(2u, 1u));
  EXPECT_EQ(place("e = \"\"\"a \\\n   b\"\"\"", 2), std::pair(2u, 4u)) << "a backslash at the end of a line";
  EXPECT_EQ(place("e = \"ab\"", 99), std::pair(1u, 9u));
}

TEST(Document, HidesWhatSoundsSecretInTheLineItShows) {
  auto shown = [](const std::string& line) { return source_text("d.toml", line).excerpt(1); };
  EXPECT_EQ(shown("password = \"a\\\"b\", user = 'x' }"), "password = \"****\", user = 'x' }");
  EXPECT_EQ(shown("c = { api_key = 'abc', 'x secret' = \"d\", e = \"f\" }"),
            "c = { api_key = '***', 'x secret' = \"*\", e = \"f\" }");
  EXPECT_EQ(shown("tokens = [\"a\", \"b\"] # c"), "tokens = [\"*\", \"*\"] * *");
  EXPECT_EQ(shown("password = \"not closed"), "password = \"**********");
  EXPECT_EQ(shown("password = 12x"), "password = ***");
  EXPECT_EQ(shown("name = \"password\""), "name = \"password\"");
}

TEST(Document, BoundsDepthAndCountBeforeParsing) {
  auto refused = [](const std::string& text) {
    diagnostics problems;
    EXPECT_FALSE(parse(text, &problems));
    return problems.text();
  };
  for (const char* open : {"[", "{a=", "[{a="}) {
    std::string text = "x = ";
    for (int i = 0; i < 100'000; ++i) text += open;
    EXPECT_THAT(refused(text), HasSubstr("nested deeper than 64")) << open;
  }
  std::string dotted = "x";
  for (int i = 0; i < 300'000; ++i) dotted += ".a";
  EXPECT_THAT(refused(dotted + " = 1"), HasSubstr("more than 64 parts"));
  EXPECT_THAT(refused("[" + dotted + "]"), HasSubstr("more than 64 parts"));
  EXPECT_THAT(refused("[[" + dotted + "]]"), HasSubstr("more than 64 parts"));
  std::string quoted = "x";
  for (int i = 0; i < 100'000; ++i) quoted += ".\"a\"";
  EXPECT_THAT(refused(quoted + " = 1"), HasSubstr("more than 64 parts"));
  std::string both = "x = ";
  for (int i = 0; i < 40; ++i) both += "{ a.a.a.a.a.a.a.a = ";
  both += "1" + std::string(40, '}');
  EXPECT_THAT(refused(both), HasSubstr("nested deeper than 64")) << "depth of tables that dotted keys make";
}

TEST(Document, TakesWhatIsJustWithinTheBounds) {
  EXPECT_TRUE(parse("x = " + std::string(60, '[') + std::string(60, ']')));
  std::string dotted = "x";
  for (int i = 0; i < 60; ++i) dotted += ".a";
  EXPECT_TRUE(parse(dotted + " = 1"));
  EXPECT_TRUE(parse("x = \"" + std::string(5000, '.') + std::string(5000, '[') + "\""));
  EXPECT_TRUE(parse("# " + std::string(5000, '[') + "\nx = '''" + std::string(5000, '[') + "'''\n"));
  EXPECT_TRUE(parse("x = \"\"\"a\\\"\"\"\"\n"));
}

TEST(Document, ParsesSingleValues) {
  EXPECT_EQ(parse_value("5", {})->integer, 5);
  EXPECT_EQ(parse_value(" \"a\" ", {})->text, "a");
  EXPECT_EQ(parse_value("{ a = 1 }", {})->integer_of("a"), 1);
  EXPECT_EQ(parse_value("1 # note", {})->integer, 1);
  for (const char* text : {"", "abc", "1\nb = 2", "\"a\" b", "[1", "10s", "\xff"})
    EXPECT_FALSE(parse_value(text, {})) << text;
}

}  // namespace
}  // namespace weir::config
