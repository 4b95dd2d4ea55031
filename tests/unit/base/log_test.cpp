#include "base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/log_line.hpp"
#include "base/test_env.hpp"

namespace weir::base {
namespace {

using nlohmann::json;

class Log : public testing::Test {
 protected:
  void start(log_level level = log_level::info, log_format format = log_format::automatic) {
    configure_logging({.level = level, .format = format, .clock = &clock, .sink = [this](std::string_view line) {
                         lines.emplace_back(line);
                       }});
  }
  void TearDown() override { configure_logging({}); }
  test_env clock{1, 1'700'000'000'123'456};
  std::vector<std::string> lines;
  logger log{{.room = "exchange",
              .pipeline = "desk-risk",
              .operator_id = "exposure",
              .subtask = 3,
              .plugin = "risk",
              .version = "1.2.0"}};
};

TEST_F(Log, WritesOneJsonObjectWithWhoAndWhat) {
  start();
  log.warn("channel is full", {{"queued_bytes", std::uint64_t{1} << 40},
                               {"delta", -1},
                               {"ratio", 0.5},
                               {"final", true},
                               {"trace_id", "00ff"},
                               {"source_id", std::string("trades")}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(json::parse(lines[0]), json::parse(R"({"ts":"2023-11-14T22:13:20.123456Z","level":"warn","room":"exchange",
    "msg":"channel is full","pipeline":"desk-risk","operator":"exposure","subtask":3,"plugin":"risk","version":"1.2.0",
    "queued_bytes":1099511627776,"delta":-1,"ratio":0.5,"final":true,"trace_id":"00ff","source_id":"trades"})"));
}

TEST_F(Log, CannotBeForgedByAnyValue) {
  start();
  std::string every;
  for (int c = 0; c < 256; ++c) every.push_back(static_cast<char>(c));
  every += "\xe2\x80\xa8\xe2\x80\xae\xc2\x85\n{\"level\":\"error\"}";
  log.error(every, {{every, every}});
  logger{{.room = every, .operator_id = every}}.info("x");
  ASSERT_EQ(lines.size(), 2u);
  for (const auto& line : lines) {
    EXPECT_EQ(line.find_first_of(std::string("\n\r\x1b\x7f\0", 5)), std::string::npos);
    EXPECT_EQ(line.find("\xe2\x80\xa8"), std::string::npos);
    EXPECT_EQ(line.find("\xc2\x85"), std::string::npos);
    EXPECT_TRUE(json::accept(line)) << line;
  }
  EXPECT_EQ(json::parse(lines[0])["level"], "error");
}

TEST_F(Log, NumbersThatJsonLacksAreText) {
  start();
  log.info("x", {{"a", std::numeric_limits<double>::quiet_NaN()}, {"b", std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(json::parse(lines.at(0))["a"], "nan");
  EXPECT_EQ(json::parse(lines.at(0))["b"], "inf");
}

TEST_F(Log, HoldsBackWhatIsBelowTheLevel) {
  start(log_level::warn);
  log.info("no");
  log.warn("yes");
  set_log_level(log_level::off);
  log.error("no");
  set_log_level(log_level::trace);
  log.trace("yes");
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_EQ(*parse_log_level("debug"), log_level::debug);
  EXPECT_FALSE(parse_log_level("loud"));
  EXPECT_EQ(*parse_log_format("text"), log_format::text);
  EXPECT_FALSE(parse_log_format("xml"));
}

TEST_F(Log, HasAFormForPeople) {
  start(log_level::info, log_format::text);
  log.warn("channel is full", {{"queued_bytes", 12}, {"name", "a b"}, {"id", "x"}, {"odd", "a\n\x1b[0m"}});
  EXPECT_EQ(
      lines.at(0),
      "2023-11-14T22:13:20.123456Z WARN  exchange: channel is full [desk-risk exposure/3] plugin=risk version=1.2.0 "
      "queued_bytes=12 name=\"a b\" id=x odd=a\\n\\x1b[0m");
}

TEST_F(Log, TellsAnErrorWithBlameAndRetry) {
  start();
  log.error(external_error("the broker does not answer: check brokers", "operator in/0"));
  const json line = json::parse(lines.at(0));
  EXPECT_EQ(line["msg"], "the broker does not answer: check brokers");
  EXPECT_EQ(line["where"], "operator in/0");
  EXPECT_EQ(line["blame"], "external");
  EXPECT_EQ(line["retry"], "backoff");
}

TEST_F(Log, KeepsLinesWholeWhenThreadsShareIt) {
  start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) log.info("x", {{"i", i}});
    });
  for (auto& t : threads) t.join();
  ASSERT_EQ(lines.size(), 800u);
  for (const auto& line : lines) EXPECT_TRUE(json::accept(line));
}

TEST(LogOutput, GoesToStderrOneLineAnEvent) {
  testing::internal::CaptureStderr();
  configure_logging({.format = log_format::json});
  logger{{.room = "job"}}.info("started %v {}");
  configure_logging({});
  const std::string out = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(out.ends_with('\n'));
  EXPECT_EQ(json::parse(out)["msg"], "started %v {}");
}

TEST(LogLimiter, LetsABurstThroughAndCountsTheRest) {
  log_limiter limiter(2, 1000);
  EXPECT_TRUE(limiter.ask(0).emit);
  EXPECT_TRUE(limiter.ask(1).emit);
  EXPECT_FALSE(limiter.ask(2).emit);
  EXPECT_FALSE(limiter.ask(999).emit);
  EXPECT_EQ(limiter.pending(), 2u);
  const auto next = limiter.ask(1000);
  EXPECT_TRUE(next.emit);
  EXPECT_EQ(next.suppressed, 2u);
  EXPECT_EQ(limiter.ask(1001).suppressed, 0u);
}

}  // namespace
}  // namespace weir::base
