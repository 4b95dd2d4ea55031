// `weir why-no-output` at a pipeline that really waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "pipelines.hpp"
#include "program.hpp"

namespace weir::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Two files, a split each: one goes on, one stands still. The window closes when both are past its end.
constexpr const char* windows = R"(format = 1
name = "waits"

[[source]]
id = "trades"
uses = "file.source"
config = { path = "{T}/trades-*.json", follow = true }
format = { type = "json", columns = { at = "timestamp", id = "int64" } }
{WATERMARK}

[[operator]]
id = "counts"
uses = "window.tumbling"
from = ["trades"]
config = { size = "10s", aggregates = ["count() AS trades"] }

[[sink]]
id = "out"
uses = "probe.nowhere"
from = ["counts"]

[checkpoint]
interval = "1h"
)";

class WhyNoOutput : public testing::Test {
 protected:
  std::string pipeline(std::string text, const std::string& watermark = {}) const {
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"{T}", files_.path()}, {"{WATERMARK}", watermark}})
      if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
    return files_.write("waits.toml", text);
  }
  std::map<std::string, std::string> environment() const { return {{"WEIR_STATE_DIR", files_.path() + "/state"}}; }
  words run(const std::string& file) const { return weir_command({"run", file, "--plugin-dir", WEIR_PROBE_DIR}); }
  /// Asks until the answer holds this; the last answer.
  outcome ask_until(process& of, const std::string& text, words more = {}) const {
    words all = {"why-no-output", "waits"};
    all.insert(all.end(), more.begin(), more.end());
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);  // only a bug takes that long
    for (;;) {
      auto got = weir(all, environment());
      if (got.out.find(text) != std::string::npos || of.ended() || std::chrono::steady_clock::now() > end) return got;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  temporary_folder files_;
};

TEST_F(WhyNoOutput, NamesTheSplitThatStandsStillAndTheLineThatHelps) {
  files_.write("trades-a.json",
               "{\"at\":\"2024-01-01T00:00:30Z\",\"id\":1}\n{\"at\":\"2024-01-01T01:00:00Z\",\"id\":2}\n");
  files_.write("trades-b.json", "{\"at\":\"2024-01-01T00:00:01Z\",\"id\":3}\n");
  process p(run(pipeline(windows, "watermark = { field = \"at\", out_of_orderness = \"1s\" }")), environment());
  const auto got = ask_until(p, "idle_after");
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out,
              AllOf(HasSubstr("out: counts waits for event time"), HasSubstr("trades-b.json stands there, 59m behind"),
                    HasSubstr("nothing to read"), HasSubstr("add idle_after = \"30s\""), HasSubstr("waits.toml:9:")))
      << p.stderr_so_far();
  const auto json = weir({"why-no-output", "waits", "--json"}, environment());
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"kind\":\"idle_source\""), HasSubstr("\"behind_us\":3599000000"),
                              HasSubstr("\"sink\":\"out\"")));

  // What the open windows keep, as the operator's thread has told it by now or will within a second.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  std::string ps;
  do {
    ps = weir({"ps", "--json"}, environment()).out;
  } while (ps.find("\"state_entries\":3") == std::string::npos && std::chrono::steady_clock::now() < deadline);
  EXPECT_THAT(ps, AllOf(HasSubstr("\"state_entries\":3"), Not(HasSubstr("\"state_bytes\":0"))));
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(WhyNoOutput, SaysThatTheWorkerIsBeingRestarted) {
  // A window behind a source without event time fails at its first record, again and again.
  files_.write("trades-a.json", "{\"at\":\"2024-01-01T00:00:30Z\",\"id\":1}\n");
  process p(run(pipeline(windows)), environment());
  const auto got = ask_until(p, "being started or restarted");
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("the log of weir run tells why")) << p.stderr_so_far();
  p.send_signal(SIGTERM);
  p.wait();
}

TEST_F(WhyNoOutput, NamesTheNodeThatHangsBehindAFullQueue) {
  std::string text = endless_pipeline;
  text.replace(text.find("\"probe\""), 7, "\"waits\"");
  text.replace(text.find("from = [\"numbers\"]"), 18, "from = [\"numbers\"]\nconfig = { delay_ms = -1 }");
  process p(run(pipeline(text + "\n[checkpoint]\ninterval = \"1h\"\n")), environment());
  const auto got = ask_until(p, "is full");
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, AllOf(HasSubstr("sum: a queue in front of sum/0 is full"), HasSubstr("a call of sum hangs")))
      << p.stderr_so_far();
  p.send_signal(SIGKILL);
  p.wait();
}

TEST_F(WhyNoOutput, HasNoAnswerForAPipelineThatDoesNotRun) {
  const auto got = weir({"why-no-output", "waits"}, environment());
  EXPECT_EQ(got.code, 78) << got.out;
  EXPECT_THAT(got.err, HasSubstr("no pipeline \"waits\" has run"));
}

}  // namespace
}  // namespace weir::cli
