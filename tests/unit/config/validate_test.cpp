// A component's config against the options it declares.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/document.hpp"
#include "config/option.hpp"

namespace weir::config {
namespace {

using enum option_type;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::vector<option> options = {
    {.name = "topic", .type = string, .doc = "Topic to read.", .required = true},
    {.name = "limit", .type = floating, .fallback = "1.5", .least = 0},
    {.name = "count", .type = integer, .fallback = "3", .least = 1, .most = 10},
    {.name = "fast", .type = boolean, .fallback = "true"},
    {.name = "wait", .type = duration, .fallback = "10s"},
    {.name = "buffer", .type = bytes, .fallback = "1MiB"},
    {.name = "start", .type = enumeration, .fallback = "earliest", .values = {"earliest", "latest"}},
    {.name = "columns", .type = list, .element = string},
    {.name = "password", .type = string, .secret = true},
    {.name = "old", .type = string, .doc = "use topic", .deprecated = true},
    {.name = "properties", .type = map},
    {.name = "free", .type = table, .open = true},
    {.name = "extra", .type = any},
    {.name = "window",
     .type = table,
     .nested = {{.name = "size", .type = duration, .fallback = "1m"}, {.name = "slide", .type = duration}}},
    {.name = "rule",
     .type = list,
     .element = table,
     .nested = {{.name = "when", .type = string, .required = true},
                {.name = "port", .type = string, .fallback = "rest"}}},
};

struct outcome {
  value config;
  diagnostics problems;
};

outcome check(const std::string& text) {
  outcome o;
  auto source = std::make_shared<source_text>("c.toml", text);
  const auto root = parse_document(source, o.problems);
  o.config = validate(root ? *root : make_table(), options, {.owner = "kafka.source"}, o.problems);
  return o;
}
std::string report(const std::string& text) { return check(text).problems.text(); }

TEST(Validate, FillsDefaultsInTheirFinalType) {
  const outcome o = check("topic = \"t\"");
  EXPECT_TRUE(o.problems.empty()) << o.problems.text();
  EXPECT_EQ(o.config.find("limit")->real, 1.5);
  EXPECT_EQ(o.config.integer_of("count"), 3);
  EXPECT_TRUE(o.config.boolean_of("fast"));
  EXPECT_EQ(o.config.find("wait")->type, kind::duration);
  EXPECT_EQ(o.config.integer_of("wait"), 10'000'000);
  EXPECT_EQ(o.config.find("buffer")->type, kind::bytes);
  EXPECT_EQ(o.config.integer_of("buffer"), 1 << 20);
  EXPECT_EQ(o.config.text_of("start"), "earliest");
  EXPECT_TRUE(o.config.find("start")->fallback);
  EXPECT_FALSE(o.config.find("topic")->fallback);
  EXPECT_EQ(o.config.find("columns"), nullptr);
  EXPECT_EQ(o.config.at_path("window.size")->integer, 60'000'000) << "defaults inside a table that is not given";
  EXPECT_EQ(o.config.at_path("window.slide"), nullptr);
}

TEST(Validate, ConvertsWhatIsGiven) {
  const outcome o = check(R"(topic = 2024-01-02T03:04:05Z
limit = 2
count = 10
wait = 0
buffer = 4096
columns = ["a", "b"]
properties = { "security.protocol" = "SSL", retries = 3 }
free = { x = { y = 1 } }
extra = [1, "a"]
window = { slide = "5s" }
[[rule]]
when = "a > 1"
[[rule]]
when = "b"
port = "p"
)");
  EXPECT_TRUE(o.problems.empty()) << o.problems.text();
  EXPECT_EQ(o.config.text_of("topic"), "2024-01-02T03:04:05Z");
  EXPECT_EQ(o.config.find("limit")->type, kind::floating);
  EXPECT_EQ(o.config.find("limit")->real, 2.0);
  EXPECT_EQ(o.config.find("wait")->type, kind::duration);
  EXPECT_EQ(o.config.find("columns")->items.size(), 2u);
  EXPECT_EQ(o.config.at_path("properties.security.protocol")->text, "SSL");
  EXPECT_EQ(o.config.at_path("free.x.y")->integer, 1);
  EXPECT_EQ(o.config.at_path("window.size")->integer, 60'000'000);
  ASSERT_EQ(o.config.find("rule")->items.size(), 2u);
  EXPECT_EQ(o.config.find("rule")->items[0].text_of("port"), "rest");
  EXPECT_EQ(o.config.find("rule")->items[1].text_of("port"), "p");
}

TEST(Validate, KeepsTheOrderOfTheFileThenOfTheDefaults) {
  const outcome o = check("wait = \"1s\"\ntopic = \"t\"\nfast = false\n");
  std::vector<std::string> keys;
  for (const member& m : o.config.members) keys.push_back(m.key);
  EXPECT_THAT(keys, ElementsAre("wait", "topic", "fast", "limit", "count", "buffer", "start", "window"));
}

TEST(Validate, NamesTheMissingTheUnknownAndTheNearest) {
  EXPECT_EQ(report("tpoic = \"t\""),
            "c.toml:1:1: error: unknown option \"tpoic\" in kafka.source; did you mean \"topic\"?\n"
            "  1 | tpoic = \"t\"\n"
            "    | ^~~~~\n"
            "c.toml:1:1: error: kafka.source needs \"topic\", a string: Topic to read\n"
            "  1 | tpoic = \"t\"\n"
            "    | ^\n");
  EXPECT_THAT(report("topic = \"t\"\nxyzzy = 1"),
              HasSubstr("2:1: error: unknown option \"xyzzy\" in kafka.source; known are \"topic\", \"limit\""));
  EXPECT_THAT(report("topic = \"t\"\n[[rule]]\nwhen = \"a\"\n[[rule]]\nwhen = \"a\"\nprot = \"x\"\n"),
              HasSubstr("6:1: error: unknown option \"prot\" in [[rule]] number 2; did you mean \"port\"?"));
  EXPECT_THAT(report("topic = \"t\"\nwindow.sise = \"1s\""),
              HasSubstr("unknown option \"sise\" in \"window\" of kafka.source; did you mean \"size\"?"));
}

TEST(Validate, SaysWhatWasExpectedAndWhatCame) {
  auto of = [](const std::string& line) { return report("topic = \"t\"\n" + line); };
  EXPECT_THAT(
      of("count = \"3\""),
      HasSubstr("2:9: error: \"count\" of kafka.source must be an integer, not the string \"3\": remove the quotes"));
  EXPECT_THAT(of("count = 3.0"), HasSubstr("must be an integer, not the float 3"));
  EXPECT_THAT(of("count = 11"), HasSubstr("must be at most 10, not the integer 11"));
  EXPECT_THAT(of("count = 0"), HasSubstr("must be at least 1, not the integer 0"));
  EXPECT_THAT(of("limit = nan"), HasSubstr("must be at least 0"));
  EXPECT_THAT(of("fast = 1"), HasSubstr("must be true or false, not the integer 1"));
  EXPECT_THAT(of("fast = \"true\""), HasSubstr("remove the quotes"));
  EXPECT_THAT(of("wait = 10"), HasSubstr("say the unit, \"10s\" or \"10ms\""));
  EXPECT_THAT(of("buffer = -1"), HasSubstr("must be a size like \"64MiB\" or 4096, not the integer -1"));
  EXPECT_THAT(of("start = \"erliest\""),
              HasSubstr("must be \"earliest\" or \"latest\", not the string \"erliest\": did you mean \"earliest\"?"));
  EXPECT_THAT(of("columns = 7"), HasSubstr("must be a list [ ... ] of strings, not the integer 7"));
  EXPECT_THAT(of("columns = [\"a\", 2]"), HasSubstr("2:17: error: element 2 of \"columns\" of kafka.source must be a "
                                                    "string, not the integer 2: put it in quotes"));
  EXPECT_THAT(of("properties = { a = [1] }"),
              HasSubstr("\"a\" in \"properties\" of kafka.source must be a string, number or boolean, not a list"));
  EXPECT_THAT(of("window = 3"), HasSubstr("must be a table { ... }, not the integer 3"));
  EXPECT_THAT(of("rule = { when = \"x\" }"), HasSubstr("write [[rule]] with two brackets"));
  EXPECT_THAT(of("old = \"x\""), HasSubstr("2:1: warning: \"old\" of kafka.source is deprecated: use topic"));
}

TEST(Validate, ReportsAllMistakesAtOnce) {
  EXPECT_EQ(check("a = 1\nb = 2\ncount = \"x\"\nfast = 2\n").problems.error_count(), 5u)
      << "four lines and the missing topic";
}

TEST(Validate, HidesSecretsFromReportsAndPrints) {
  const outcome wrong = check("topic = 7\npassword = [\"canary\"]");
  EXPECT_THAT(wrong.problems.text(), HasSubstr("must be a string, not a list (secret)"));
  EXPECT_THAT(wrong.problems.text(), Not(HasSubstr("canary")));
  const outcome beside = check("free = { a = 1 }\ncount = \"x\"\ntopic = \"t\"\npassword = \"canary\"");
  EXPECT_TRUE(beside.config.find("password")->secret);
  EXPECT_EQ(beside.config.text_of("password"), "canary");
  EXPECT_THAT(print_json(beside.config), HasSubstr(R"("password":"<secret>")"));
}

TEST(Validate, HidesSecretsThatShareALineWithAMistake) {
  diagnostics problems;
  auto source =
      std::make_shared<source_text>("c.toml", "c = { topic = 7, password = \"canary\", sasl_secret = \"canary\" }");
  const auto root = parse_document(source, problems);
  (void)validate(*root->find("c"), options, {.owner = "kafka.source"}, problems);
  EXPECT_THAT(problems.text(), HasSubstr("password = \"******\", sasl_secret = \"******\""));
  EXPECT_THAT(problems.text(), Not(HasSubstr("canary")));
}

TEST(Validate, PrintsTimesAndSizesAsPeopleWriteThem) {
  EXPECT_EQ(
      print_json(check("topic = \"t\"\nwait = \"90s\"\nbuffer = 1024\n").config),
      R"({"topic":"t","wait":"1m30s","buffer":"1KiB","limit":1.5,"count":3,"fast":true,"start":"earliest","window":{"size":"1m"}})");
}

TEST(Validate, WantsATable) {
  diagnostics problems;
  (void)validate(make_string("x"), options, {.owner = "kafka.source"}, problems);
  EXPECT_THAT(problems.text(), HasSubstr("kafka.source must be a table, not the string \"x\""));
}

}  // namespace
}  // namespace weir::config
