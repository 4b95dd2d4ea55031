#include "plugin/version.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "plugin/catalog.hpp"

namespace weir::plugin {
namespace {

TEST(Version, IsReadAsSemverSays) {
  for (const char* good :
       {"0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0+build.5", "1.0.0-rc.1+5"})
    EXPECT_TRUE(version::parse(good)) << good;
  for (const char* bad : {"", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.x",
                          " 1.2.3", "1.2.-3", "99999999999999999999.0.0", "1.2.3-a b"})
    EXPECT_FALSE(version::parse(bad)) << bad;
}

TEST(Version, IsOrderedAsSemverSays) {
  const std::vector<const char*> ascending{"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                           "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                           "1.0.0",      "1.0.1",        "1.2.0",         "1.10.0",
                                           "2.0.0"};
  for (std::size_t a = 0; a < ascending.size(); ++a)
    for (std::size_t b = 0; b < ascending.size(); ++b)
      EXPECT_EQ(*version::parse(ascending[a]) <=> *version::parse(ascending[b]), a <=> b)
          << ascending[a] << " " << ascending[b];
  EXPECT_EQ(*version::parse("1.0.0+a"), *version::parse("1.0.0+b"));
}

TEST(Version, MatchesByTheNumbersThatAreGiven) {
  const version v = *version::parse("1.2.3"), pre = *version::parse("1.2.3-rc.1");
  for (const char* yes : {"", "1", "1.2", "1.2.3"}) EXPECT_TRUE(matches(yes, v)) << yes;
  for (const char* no : {"2", "1.3", "1.2.4", "1.2.3-rc.1", "0", "1.20"}) EXPECT_FALSE(matches(no, v)) << no;
  EXPECT_TRUE(matches("1.2.3-rc.1", pre));
  EXPECT_FALSE(matches("1.2", pre));
  EXPECT_TRUE(is_constraint("1") && is_constraint("1.2") && is_constraint("1.2.3-rc.1"));
  EXPECT_FALSE(is_constraint("") || is_constraint("x") || is_constraint("1.x") || is_constraint(">=1"));
}

TEST(FileName, SaysNameAndVersion) {
  auto names = [](std::string_view file) {
    const auto parsed = parse_file_name(file);
    return parsed ? parsed->names : std::vector<std::string>();
  };
  using list = std::vector<std::string>;
  EXPECT_EQ(names("libweir_kafka.so"), (list{"kafka", "weir_kafka"}));
  EXPECT_EQ(names("librisk.so"), list{"risk"});
  EXPECT_EQ(names("librisk-2.so"), list{"risk-2"});
  EXPECT_EQ(names("librisk-1.2.0.so"), list{"risk"});
  EXPECT_EQ(parse_file_name("librisk-1.2.0.so")->version, "1.2.0");
  EXPECT_EQ(parse_file_name("librisk-1.2.0-rc.1.so")->version, "1.2.0-rc.1");
  EXPECT_EQ(parse_file_name("librisk.so.1.2.0")->version, "1.2.0");
  EXPECT_EQ(names("libmy-risk-1.2.0.so"), list{"my-risk"});
  for (const char* no :
       {"risk.so", "lib.so", "librisk.dll", "librisk.so.bak", "librisk.so.1", "libRisk.so", "lib../x.so", ""})
    EXPECT_FALSE(parse_file_name(no)) << no;
}

}  // namespace
}  // namespace weir::plugin
