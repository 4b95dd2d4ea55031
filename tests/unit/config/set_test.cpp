// --set on a small pipeline.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_env.hpp"
#include "config/load.hpp"

namespace weir::config {
namespace {

using testing::HasSubstr;

constexpr std::string_view text = R"(format = 1
name = "x"
[[source]]
id = "in"
uses = "nexmark.source"
config = { events = 10, nested = { a = 1 } }
[[operator]]
id = "in.side"
uses = "std.filter"
from = ["in"]
[[sink]]
id = "out"
uses = "print.sink"
from = ["in.side"]
)";

loaded with(std::vector<std::string> sets) {
  base::test_env env;
  return load_pipeline_text(env, "p.toml", std::string(text), {.sets = std::move(sets)});
}

TEST(Set, ChangesOptionsOfANode) {
  const loaded l = with({"in.events=1_000_000", "in.rate=2.5", "in.fast=true", "in.name=abc", "in.list=[1, 2]",
                         "in.nested.a=2", "in.nested.b.c=3", "in.topic=a=b"});
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  const value& c = l.pipeline->find("in")->config;
  EXPECT_EQ(c.integer_of("events"), 1'000'000);
  EXPECT_EQ(c.find("rate")->real, 2.5);
  EXPECT_TRUE(c.boolean_of("fast"));
  EXPECT_EQ(c.text_of("name"), "abc");
  EXPECT_EQ(c.find("list")->items.size(), 2u);
  EXPECT_EQ(c.at_path("nested.a")->integer, 2);
  EXPECT_EQ(c.at_path("nested.b.c")->integer, 3);
  EXPECT_EQ(c.text_of("topic"), "a=b");
}

TEST(Set, ChangesKeysOfNodesAndOfTheFile) {
  const loaded l = with({"in.parallelism=2", "out.on_error=skip", "checkpoint.interval=1s", "name=other",
                         "max_parallelism=64", "out.exchange.kind=hash", "out.exchange.key=a",
                         "in.watermark.out_of_orderness=5s", "out.config.format=x", "plugin.print.path=x.so"});
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  const pipeline& p = *l.pipeline;
  EXPECT_EQ(p.find("in")->parallelism, 2u);
  EXPECT_EQ(p.find("out")->on_error, error_policy::skip);
  EXPECT_TRUE(p.checkpoint.enabled);
  EXPECT_EQ(p.checkpoint.interval_us, 1'000'000);
  EXPECT_EQ(p.name, "other");
  EXPECT_EQ(p.max_parallelism, 64u);
  EXPECT_EQ(p.find("out")->inputs[0].exchange->kind, exchange_kind::hash);
  EXPECT_EQ(p.find("in")->watermark->out_of_orderness_us, 5'000'000);
  EXPECT_EQ(p.find("out")->config.text_of("format"), "x") << "an option that is called like a key of the node";
  EXPECT_EQ(p.find_plugin("print")->path, "x.so");
}

TEST(Set, MayBeRepeatedAndTheLastWins) {
  EXPECT_EQ(with({"in.events=1", "in.events=2"}).pipeline->find("in")->config.integer_of("events"), 2);
}

TEST(Set, FindsIdsWithDotsByTheLongestThatFits) {
  const loaded l = with({"in.side.limit=3"});
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_EQ(l.pipeline->find("in.side")->config.integer_of("limit"), 3);
}

TEST(Set, TakesWhatWasTypedWhereAStringIsWanted) { EXPECT_EQ(with({"in.was=1_0"}).pipeline->find("in")->was, "1_0"); }

TEST(Set, ReportsMistakesLikeAFileDoes) {
  auto report = [](std::string set) { return with({std::move(set)}).problems.text(); };
  EXPECT_EQ(report("im.events=1"),
            "--set:1:1: error: nothing is called \"im\"; did you mean \"in\"?\n"
            "  1 | im.events=1\n"
            "    | ^~\n");
  EXPECT_THAT(report("in.parallelism=many"),
              HasSubstr("--set:1:16: error: \"parallelism\" of [[source]] \"in\" must be an integer, "
                        "not the string \"many\"\n  1 | in.parallelism=many\n"));
  EXPECT_THAT(report("checkpoint.intervall=1s"),
              HasSubstr("--set:1:1: error: unknown key \"intervall\" in [checkpoint]; did you mean \"interval\"?"));
  EXPECT_THAT(report("events"), HasSubstr("this is no key=value"));
  EXPECT_THAT(report("=1"), HasSubstr("this is no key=value"));
  EXPECT_THAT(report("in=1"), HasSubstr("which key of \"in\"? Write --set in.key=value"));
  EXPECT_THAT(report("in.=1"), HasSubstr("is no path to a value"));
  EXPECT_THAT(report("in.a..b=1"), HasSubstr("is no path to a value"));
  EXPECT_THAT(report("in.events.x=1"), HasSubstr("is no path to a value"));
  EXPECT_THAT(report("source=1"), HasSubstr("nothing is called \"source\""));
  EXPECT_THAT(report("xyzzy.a=1"), HasSubstr("nodes are \"in\", \"in.side\" or \"out\""));
}

TEST(Set, ShowsNoSecretInAReport) {
  const std::string report = with({"im.password=canary, canary=canary"}).problems.text();
  EXPECT_THAT(report, HasSubstr("im.password=*********************\n"));
  EXPECT_THAT(report, testing::Not(HasSubstr("canary")));
}

TEST(Set, CannotBreakOutOfItsValue) {
  const loaded l = with({"in.name=1\nb = 2", "in.other=\"a\" b = 1", "in.deep=" + std::string(500, '[')});
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_EQ(l.pipeline->find("in")->config.text_of("name"), "1\nb = 2");
  EXPECT_EQ(l.pipeline->find("in")->config.text_of("other"), "\"a\" b = 1");
}

}  // namespace
}  // namespace weir::config
