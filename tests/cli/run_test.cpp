// `weir run` while it runs: failures, signals, metrics.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "pipelines.hpp"
#include "program.hpp"

namespace weir::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string get(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string out;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) {
    const auto request = "GET " + path + " HTTP/1.1\r\n\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
    }
  }
  ::close(fd);
  return out;
}

// The port that a run with --metrics-listen 0 has taken; 0 when it has not come so far.
int metrics_port(process& of) {
  if (!of.wait_for_stderr("metrics are served")) return 0;
  const auto log = of.stderr_so_far();
  return std::atoi(log.c_str() + log.find("\"port\":", log.find("metrics are served")) + 7);
}

// Asks until the sink's counter has reached that much.
void wait_for_counter(int port, const std::string& name, long at_least) {
  const auto key = "\n" + name + "{pipeline=\"probe\",operator=\"sum\",subtask=\"0\",plugin=\"probe@1.2.3\"} ";
  for (;;) {
    const auto metrics = get(port, "/metrics");
    const auto found = metrics.find(key);
    if (found != std::string::npos && std::atol(metrics.c_str() + found + key.size()) >= at_least) return;
  }
}

class Run : public testing::Test {
 protected:
  words command(const char* pipeline, words more = {}) const {
    words all = weir_command(
        {"run", files_.write("p.toml", pipeline), "--plugin-dir", WEIR_PROBE_DIR, "--json", "--log-format", "json"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  temporary_folder files_;
};

TEST_F(Run, EndsWith65WhenARecordStopsThePipeline) {
  const auto got = process(command(failing_pipeline)).wait();
  EXPECT_EQ(got.code, 65) << got.err;
  EXPECT_THAT(got.err, HasSubstr("id 7 is refused"));
  EXPECT_THAT(got.err, HasSubstr("picky"));
  // The result is there all the same, for machines.
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"failed\""));
  EXPECT_THAT(got.out, HasSubstr("id 7 is refused"));
}

TEST_F(Run, DrainsOnSigtermAndEndsWith0) {
  process p(command(endless_pipeline, {"--metrics-listen", "0"}));
  ASSERT_TRUE(p.wait_for_stderr("metrics are served")) << p.wait().err;
  p.send_signal(SIGTERM);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.err, HasSubstr("draining"));
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"drained\""));
}

TEST_F(Run, StopsAtOnceOnASecondSignal) {
  process p(command(endless_pipeline, {"--set", "sum.delay_ms=20", "--metrics-listen", "0"}));
  const int port = metrics_port(p);
  ASSERT_NE(port, 0) << p.wait().err;
  wait_for_counter(port, "weir_exchange_pushed_batches_total", 200);  // half a minute of work for the slow sink
  p.send_signal(SIGINT);
  ASSERT_TRUE(p.wait_for_stderr("draining")) << p.wait().err;
  p.send_signal(SIGINT);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 130) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"stopped\""));
}

TEST_F(Run, EndsOnAThirdSignalEvenWhenAPluginHangs) {
  process p(command(endless_pipeline, {"--set", "sum.delay_ms=-1"}));
  ASSERT_TRUE(p.wait_for_stderr("the adder hangs")) << p.wait().err;
  p.send_signal(SIGTERM);
  ASSERT_TRUE(p.wait_for_stderr("draining")) << p.wait().err;
  p.send_signal(SIGTERM);
  ASSERT_TRUE(p.wait_for_stderr("stopping at once")) << p.wait().err;
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 143);
}

TEST_F(Run, ServesMetricsAndHealthWhenAsked) {
  process p(command(endless_pipeline, {"--metrics-listen", "0"}));
  const int port = metrics_port(p);
  ASSERT_NE(port, 0) << p.wait().err;
  EXPECT_THAT(get(port, "/healthz"), StartsWith("HTTP/1.1 200 "));
  while (!get(port, "/readyz").starts_with("HTTP/1.1 200 ")) {
  }
  wait_for_counter(port, "weir_task_records_in_total", 1);
  const auto metrics = get(port, "/metrics");
  EXPECT_THAT(metrics, HasSubstr("weir_task_records_out_total{pipeline=\"probe\",operator=\"numbers\""));
  EXPECT_THAT(metrics, HasSubstr("weir_exchange_pushed_batches_total{"));
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(Run, OpensNoSocketUnlessAsked) {
  process p(command(endless_pipeline));
  ASSERT_TRUE(p.wait_for_stderr("pipeline runs")) << p.wait().err;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(p.id()) + "/fd")) {
    std::error_code gone;
    EXPECT_THAT(std::filesystem::read_symlink(fd.path(), gone).string(), testing::Not(StartsWith("socket:")));
  }
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(Run, SaysThatTheMetricsPortIsTaken) {
  process first(command(endless_pipeline, {"--metrics-listen", "0"}));
  const int port = metrics_port(first);
  ASSERT_NE(port, 0) << first.wait().err;
  const auto second = process(command(endless_pipeline, {"--metrics-port", std::to_string(port)})).wait();
  EXPECT_EQ(second.code, 75) << second.err;
  EXPECT_THAT(second.err, HasSubstr("another program does"));
}

}  // namespace
}  // namespace weir::cli
