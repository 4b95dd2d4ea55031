// Options as a plugin declares them in C.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <weir/abi.h>

#include <cstring>

#include "config/option.hpp"

namespace weir::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

weir_option declare(const char* name, const char* type, const char* fallback = nullptr, const char* values = nullptr,
                    const weir_option* nested = nullptr, uint32_t flags = 0) {
  weir_option o{};
  o.name = name;
  o.type = type;
  o.fallback = fallback;
  o.doc = "What it is for.";
  o.values = values;
  o.nested = nested;
  o.flags = flags;
  return o;
}
constexpr weir_option last{};

std::string refused(weir_option o) {
  const weir_option all[] = {o, last};
  const auto read = options_from_abi(all, sizeof(weir_option));
  return read ? "accepted" : read.why().text();
}

TEST(OptionsOfAPlugin, AreCopied) {
  const weir_option inner[] = {declare("size", "duration", "1m"), last};
  const weir_option all[] = {
      declare("topic", "string", nullptr, nullptr, nullptr, WEIR_OPTION_REQUIRED),
      declare("start", "enum", "earliest", "earliest|latest"),
      declare("columns", "list:string", "[\"a\", \"b\"]"),
      declare("password", "string", nullptr, nullptr, nullptr, WEIR_OPTION_SECRET | WEIR_OPTION_DEPRECATED),
      declare("window", "table", nullptr, nullptr, inner, WEIR_OPTION_OPEN),
      declare("rules", "list:table", nullptr, nullptr, inner),
      last};
  const auto read = options_from_abi(all, sizeof(weir_option));
  ASSERT_TRUE(read) << read.why().text();
  ASSERT_EQ(read->size(), 6u);
  EXPECT_TRUE((*read)[0].required);
  EXPECT_EQ((*read)[0].doc, "What it is for.");
  EXPECT_THAT((*read)[1].values, ElementsAre("earliest", "latest"));
  EXPECT_EQ((*read)[2].element, option_type::string);
  EXPECT_TRUE((*read)[3].secret && (*read)[3].deprecated);
  EXPECT_TRUE((*read)[4].open);
  EXPECT_EQ((*read)[4].nested[0].name, "size");
  EXPECT_EQ((*read)[5].nested[0].fallback, "1m");
  EXPECT_TRUE(options_from_abi(nullptr, sizeof(weir_option))->empty());
}

TEST(OptionsOfAPlugin, MayComeFromAnOlderOrNewerContract) {
  struct newer {
    weir_option base;
    const char* unit;
  };
  const newer all[] = {{declare("a", "int"), "x"}, {declare("b", "int"), "y"}, {last, nullptr}};
  const auto read = options_from_abi(&all[0].base, sizeof(newer));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[1].name, "b");
  EXPECT_FALSE(options_from_abi(&all[0].base, 8));
}

TEST(OptionsOfAPlugin, AreRefusedWhenTheyAreNonsense) {
  EXPECT_THAT(refused(declare("a b", "int")), HasSubstr("\"a b\" is no option name"));
  EXPECT_THAT(refused(declare("", "int")), HasSubstr("is no option name"));
  EXPECT_THAT(refused(declare("a", "number")),
              HasSubstr("a: the declared options are wrong: the type \"number\" is not known"));
  EXPECT_THAT(refused(declare("a", nullptr)), HasSubstr("the type \"\" is not known"));
  EXPECT_THAT(refused(declare("a", "int:string")), HasSubstr("is not known"));
  EXPECT_THAT(refused(declare("a", "list:list")), HasSubstr("is not known"));
  EXPECT_THAT(refused(declare("a", "enum")), HasSubstr("an enum needs values"));
  EXPECT_THAT(refused(declare("a", "int", nullptr, "x|y")), HasSubstr("only an enum has values"));
  EXPECT_THAT(refused(declare("a", "enum", nullptr, "x||y")), HasSubstr("empty"));
  EXPECT_THAT(refused(declare("a", "enum", "z", "x|y")), HasSubstr("the default \"z\" is no enum"));
  EXPECT_THAT(refused(declare("a", "int", "1.5")), HasSubstr("the default \"1.5\" is no int"));
  EXPECT_THAT(refused(declare("a", "duration", "10")), HasSubstr("is no duration"));
  EXPECT_THAT(refused(declare("a", "list:int", "[1, \"x\"]")), HasSubstr("is no list"));
  EXPECT_THAT(refused(declare("a", "int", "1", nullptr, nullptr, WEIR_OPTION_REQUIRED)),
              HasSubstr("required and has a default"));
  const weir_option inner[] = {declare("x", "int"), last};
  EXPECT_THAT(refused(declare("a", "int", nullptr, nullptr, inner)), HasSubstr("only a table"));
  const std::string huge(20000, 'x');
  EXPECT_THAT(refused(declare("a", "int", nullptr, huge.c_str())), HasSubstr("longer than 16 KiB"));
  const weir_option twice[] = {declare("a", "int"), declare("a", "string"), last};
  EXPECT_THAT(options_from_abi(twice, sizeof(weir_option)).why().text(), HasSubstr("\"a\" is declared twice"));
  EXPECT_EQ(options_from_abi(twice, sizeof(weir_option)).why().by, base::blame::plugin);
}

TEST(OptionsOfAPlugin, CannotContainThemselves) {
  weir_option loop[2] = {declare("a", "table"), last};
  loop[0].nested = loop;
  EXPECT_THAT(options_from_abi(loop, sizeof(weir_option)).why().text(), HasSubstr("does a table contain itself?"));
}

TEST(OptionsOfAPlugin, AcceptDefaultsOfEveryType) {
  for (const auto& [type, fallback] : std::vector<std::pair<const char*, const char*>>{{"bool", "false"},
                                                                                       {"int", "-3"},
                                                                                       {"int", "1_000"},
                                                                                       {"float", "2"},
                                                                                       {"float", "inf"},
                                                                                       {"string", "a b"},
                                                                                       {"string", ""},
                                                                                       {"string", "\"quoted\""},
                                                                                       {"string", "5"},
                                                                                       {"duration", "1h30m"},
                                                                                       {"duration", "0"},
                                                                                       {"bytes", "64MiB"},
                                                                                       {"bytes", "4096"},
                                                                                       {"list", "[]"},
                                                                                       {"table", "{ a = 1 }"},
                                                                                       {"map", "{ a = 1 }"},
                                                                                       {"any", "x"}})
    EXPECT_EQ(refused(declare("a", type, fallback)), "accepted") << type << ' ' << fallback;
}

}  // namespace
}  // namespace weir::config
