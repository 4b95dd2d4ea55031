// `weir state` on a pipeline that runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "program.hpp"

namespace weir::cli {
namespace {

using testing::HasSubstr;

// Two counters of the same records, in subtasks of their own with a queue between them: at a cut they agree. No checkpoint is
// made while a test looks.
constexpr const char* two_counters = R"(format = 1
name = "probe"

[checkpoint]
interval = "1h"

[[source]]
id = "numbers"
uses = "probe.numbers"
config = { count = -1 }

[[operator]]
id = "first"
uses = "probe.tally"
from = ["numbers"]
exchange = { kind = "hash", key = "desk" }

[[operator]]
id = "second"
uses = "probe.tally"
from = ["first"]
exchange = { kind = "hash", key = "desk" }

[[sink]]
id = "sum"
uses = "probe.adder"
from = ["second"]
)";

long seen_in(const std::string& line) {
  const std::string before = "\"key\":{\"desk\":\"fx\"},\"value\":{\"value\":";
  const auto at = line.find(before);
  return at == std::string::npos ? -1 : std::atol(line.c_str() + at + before.size());
}

class LiveState : public testing::Test {
 protected:
  LiveState()
      : pipeline_(weir_command({"run", files_.write("p.toml", two_counters), "--plugin-dir", WEIR_PROBE_DIR, "--json",
                                "--log-format", "json"}),
                  environment()) {}
  std::map<std::string, std::string> environment() const { return {{"WEIR_STATE_DIR", files_.path() + "/state"}}; }
  outcome ask(words what) const {
    what.insert(what.begin(), "state");
    return weir(what, environment());
  }
  outcome get(const std::string& of) const { return ask({"get", "probe", of, "seen", "{\"desk\":\"fx\"}"}); }
  void SetUp() override {
    ASSERT_TRUE(pipeline_.wait_for_stderr("pipeline runs")) << pipeline_.wait().err;
    // Until the first record has been counted there is no such entry.
    while (get("second").code != 0) ASSERT_FALSE(pipeline_.ended()) << pipeline_.wait().err;
  }
  void TearDown() override {
    if (pipeline_.ended()) return;
    pipeline_.send_signal(SIGTERM);
    const auto got = pipeline_.wait();
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_THAT(got.out, HasSubstr("\"restarts\":0"));
    const std::filesystem::path views = files_.path() + "/state/probe/views";
    EXPECT_TRUE(!std::filesystem::exists(views) || std::filesystem::is_empty(views)) << "looks leave nothing behind";
  }

  temporary_folder files_;
  process pipeline_;
};

TEST_F(LiveState, IsThatOfNow) {
  long before = seen_in(get("first").out);
  EXPECT_GT(before, 0);
  for (int i = 0; i < 3; ++i) {
    long now = 0;
    do {
      const auto got = get("first");
      EXPECT_EQ(got.code, 0) << got.err;
      EXPECT_EQ(got.err, "");
      now = seen_in(got.out);
      ASSERT_GE(now, before) << got.out;
    } while (now == before && !pipeline_.ended());
    before = now;
  }
  const auto none = ask({"get", "probe", "first", "seen", "{\"desk\":\"rates\"}"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no entry has the key"));
  EXPECT_THAT(ask({"get", "probe", "frist", "seen", "{}"}).err, HasSubstr("there is state of first, second"));
}

TEST_F(LiveState, IsOfOneMomentInAllOperators) {
  for (int i = 0; i < 3; ++i) {
    const std::string file = files_.path() + "/state.jsonl";
    const auto out = ask({"export", "probe", "-o", file});
    ASSERT_EQ(out.code, 0) << out.err;
    const std::string lines = read_file(file);
    const auto second = lines.find("\"operator\":\"second\"");
    ASSERT_NE(second, std::string::npos) << lines;
    EXPECT_GT(seen_in(lines), 0) << lines;
    EXPECT_EQ(seen_in(lines), seen_in(lines.substr(second))) << lines;
  }
  const auto ls = ask({"ls", "probe"});
  EXPECT_THAT(ls.out, HasSubstr("{\"operator\":\"first\",\"state\":\"seen\",\"kind\":\"value\",\"entries\":1"));
  EXPECT_THAT(ask({"scan", "probe", "second", "--limit", "1"}).out, HasSubstr("\"desk\":\"fx\""));
  const std::string save = files_.path() + "/save";
  ASSERT_EQ(weir({"savepoint", "probe", save}, environment()).code, 0);
  while (seen_in(get("first").out) == seen_in(ask({"get", save, "first", "seen", "{}"}).out))
    ASSERT_FALSE(pipeline_.ended()) << pipeline_.wait().err;
  const auto diff = ask({"diff", save, "probe", "--operator", "first"});
  EXPECT_EQ(diff.code, 1) << diff.err;
  EXPECT_THAT(diff.out, HasSubstr("{\"change\":\"changed\",\"operator\":\"first\",\"state\":\"seen\""));
}

TEST_F(LiveState, IsThatOfTheNewestCheckpointWhenToldSoAndWhenNobodyAnswers) {
  ASSERT_EQ(weir({"savepoint", "probe", files_.path() + "/save"}, environment()).code, 0);
  const words newest = {"get", "probe", "first", "seen", "{}", "--newest-checkpoint"};
  const auto before = ask(newest);
  const auto now = get("first");
  EXPECT_EQ(before.code, 0) << before.err;
  EXPECT_GE(seen_in(now.out), seen_in(before.out));
  pipeline_.send_signal(SIGTERM);
  EXPECT_EQ(pipeline_.wait().code, 0);
  const auto at_end = get("first");
  EXPECT_EQ(at_end.code, 0) << at_end.err;
  EXPECT_GE(seen_in(at_end.out), seen_in(now.out));
}

}  // namespace
}  // namespace weir::cli
