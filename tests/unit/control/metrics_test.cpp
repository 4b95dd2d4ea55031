#include "control/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "control/metrics_server.hpp"

namespace weir::control {
namespace {

using testing::HasSubstr;
using testing::Not;

// A strict reader of the exposition format 0.0.4: HELP, then TYPE, then the samples of each family, once; names, labels
// and escapes as the format says; no sample twice; counters end with _total.
struct exposition {
  std::map<std::string, std::string> types;
  std::map<std::string, std::string> samples;  // "name{labels}" -> value
};

std::optional<std::string> parse(const std::string& text, exposition& out) {
  static const std::regex help(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\n]|\\\\|\\n)*))");
  static const std::regex type(R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped))");
  static const std::string label = R"re([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*")re";
  static const std::regex sample("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{" + label + "(?:," + label +
                                 ")*\\})? ([-+]?[0-9]+(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|NaN|[-+]Inf)");
  if (text.empty() || text.back() != '\n') return "does not end with a newline";
  std::istringstream lines(text);
  std::string line, current, helped;
  std::set<std::string> done;
  while (std::getline(lines, line)) {
    std::smatch m;
    if (std::regex_match(line, m, help)) {
      helped = m[1];
    } else if (std::regex_match(line, m, type)) {
      if (helped != m[1]) return "TYPE without its HELP: " + line;
      if (!done.insert(m[1]).second) return "a family twice: " + line;
      current = m[1];
      out.types[current] = m[2];
      if ((m[2] == "counter") != current.ends_with("_total"))
        return "counters, and only they, end with _total: " + line;
    } else if (std::regex_match(line, m, sample)) {
      if (m[1] != current) return "a sample outside its family: " + line;
      if (!out.samples.emplace(m[1].str() + m[2].str(), m[3]).second) return "a sample twice: " + line;
    } else {
      return "not a line of the format: " + line;
    }
  }
  return std::nullopt;
}

metric_snapshot two_subtasks() {
  metric_snapshot s;
  s.pipeline = "desk-risk";
  subtask_metrics m;
  m.operator_id = "exposure";
  m.plugin = "risk@1.2.0";
  m.records_in = 18'446'744'073'709'551'615u;
  m.busy_ns = 9'007'199'254'740'993'001u;
  m.pushed_batches = 7;
  m.popped_batches = 5;
  m.watermark_us = 1'700'000'000'000'000;
  s.subtasks.push_back(m);
  m.subtask = 1;
  m.records_in = 3;
  m.watermark_us.reset();
  s.subtasks.push_back(m);
  s.rss_bytes = 1024;
  return s;
}

TEST(PrometheusText, IsWhatTheFormatAsksFor) {
  exposition e;
  EXPECT_EQ(parse(prometheus_text(two_subtasks()), e), std::nullopt);
  EXPECT_EQ(e.types.at("weir_task_records_in_total"), "counter");
  EXPECT_EQ(e.types.at("weir_task_watermark_timestamp_seconds"), "gauge");
}

TEST(PrometheusText, TellsOfAShadow) {
  auto of = two_subtasks();
  of.shadow = shadow_metrics{"exposure", "risk@1.3.0", "comparing", 90, 7, 2, 1};
  exposition e;
  EXPECT_EQ(parse(prometheus_text(of), e), std::nullopt);
  const std::string labels = "{pipeline=\"desk-risk\",operator=\"exposure\",plugin=\"risk@1.3.0\"}";
  EXPECT_EQ(e.samples.at("weir_shadow_rows_equal_total" + labels), "90");
  EXPECT_EQ(e.samples.at("weir_shadow_rows_different_total" + labels), "7");
  EXPECT_EQ(e.samples.at("weir_shadow_running" + labels), "1");
}

TEST(PrometheusText, TellsOfACanary) {
  auto of = two_subtasks();
  of.canary = canary_metrics{"exposure", "risk@1.3.0", 5, 1, 3, {950, 900, 1}, {50, 40, 2}};
  exposition e;
  EXPECT_EQ(parse(prometheus_text(of), e), std::nullopt);
  const std::string labels = "{pipeline=\"desk-risk\",operator=\"exposure\",plugin=\"risk@1.3.0\"";
  EXPECT_EQ(e.samples.at("weir_canary_share" + labels + "}"), "0.05");
  EXPECT_EQ(e.samples.at("weir_canary_records_in_total" + labels + ",version=\"old\"}"), "950");
  EXPECT_EQ(e.samples.at("weir_canary_records_in_total" + labels + ",version=\"new\"}"), "50");
  EXPECT_EQ(e.samples.at("weir_canary_errors_total" + labels + ",version=\"new\"}"), "2");
}

TEST(PrometheusText, IsWellFormedWithoutSubtasks) {
  exposition e;
  EXPECT_EQ(parse(prometheus_text({}), e), std::nullopt);
  EXPECT_EQ(e.samples.count("process_resident_memory_bytes"), 1u);
}

TEST(PrometheusText, KeepsEveryDigitOfLargeCounters) {
  exposition e;
  ASSERT_EQ(parse(prometheus_text(two_subtasks()), e), std::nullopt);
  const std::string labels = R"({pipeline="desk-risk",operator="exposure",subtask="0",plugin="risk@1.2.0"})";
  EXPECT_EQ(e.samples.at("weir_task_records_in_total" + labels), "18446744073709551615");
  EXPECT_EQ(e.samples.at("weir_task_busy_seconds_total" + labels), "9007199254.740993001");
  EXPECT_EQ(e.samples.at("weir_exchange_pushed_batches_total" + labels), "7");
}

TEST(PrometheusText, LeavesOutWhatIsNotKnown) {
  const auto text = prometheus_text(two_subtasks());
  EXPECT_THAT(
      text, HasSubstr(R"(weir_task_watermark_timestamp_seconds{pipeline="desk-risk",operator="exposure",subtask="0")"));
  EXPECT_THAT(
      text,
      Not(HasSubstr(R"(weir_task_watermark_timestamp_seconds{pipeline="desk-risk",operator="exposure",subtask="1")")));
  EXPECT_THAT(text, Not(HasSubstr("weir_source_pending_records")));
}

TEST(PrometheusText, TellsTheThreadsTimesOnTheHeadOfAChainOnly) {
  auto s = two_subtasks();
  s.subtasks[1].operator_id = "behind";
  s.subtasks[1].head = false;
  exposition e;
  ASSERT_EQ(parse(prometheus_text(s), e), std::nullopt);
  int busy = 0, pushed = 0, records = 0;
  for (const auto& [name, value] : e.samples) {
    busy += name.starts_with("weir_task_busy_seconds_total{");
    pushed += name.starts_with("weir_exchange_pushed_batches_total{");
    records += name.starts_with("weir_task_records_in_total{");
  }
  EXPECT_EQ(busy, 1);
  EXPECT_EQ(pushed, 1);
  EXPECT_EQ(records, 2);
}

TEST(PrometheusText, EscapesLabelValues) {
  auto s = two_subtasks();
  s.pipeline = "a\"b\\c\nd";
  exposition e;
  EXPECT_EQ(parse(prometheus_text(s), e), std::nullopt);
  EXPECT_THAT(prometheus_text(s), HasSubstr(R"(pipeline="a\"b\\c\nd")"));
}

TEST(PrometheusText, TellsOfCheckpointsAndOfStateWhereThereAreSome) {
  auto s = two_subtasks();
  EXPECT_THAT(prometheus_text(s), Not(testing::AnyOf(HasSubstr("weir_checkpoint"), HasSubstr("weir_state"))));
  s.subtasks[0].state_bytes = 4096;
  s.subtasks[0].state_entries = 12;
  s.subtasks[0].state_entries_on_disk = 5;
  s.cuts = cut_metrics{.completed = 0,
                       .failed = 2,
                       .last_duration_us = {},
                       .last_pause_us = {},
                       .last_bytes = {},
                       .age_us = {},
                       .in_work_us = {}};
  exposition none;
  ASSERT_EQ(parse(prometheus_text(s), none), std::nullopt);
  EXPECT_EQ(none.samples.at("weir_checkpoint_failed_total{pipeline=\"desk-risk\"}"), "2");
  EXPECT_EQ(none.samples.count("weir_checkpoint_age_seconds{pipeline=\"desk-risk\"}"), 0u);
  s.cuts = cut_metrics{.completed = 3,
                       .failed = 2,
                       .last_duration_us = 1500,
                       .last_pause_us = 40'000,
                       .last_bytes = 77,
                       .age_us = 2'000'000,
                       .in_work_us = 250'000};
  exposition e;
  ASSERT_EQ(parse(prometheus_text(s), e), std::nullopt);
  const std::string labels = R"({pipeline="desk-risk",operator="exposure",subtask="0",plugin="risk@1.2.0"})";
  EXPECT_EQ(e.samples.at("weir_state_memory_bytes" + labels), "4096");
  EXPECT_EQ(e.samples.at("weir_state_entries" + labels), "12");
  EXPECT_EQ(e.samples.at("weir_state_disk_entries" + labels), "5");
  EXPECT_EQ(e.samples.at("weir_checkpoint_completed_total{pipeline=\"desk-risk\"}"), "3");
  EXPECT_EQ(e.samples.at("weir_checkpoint_last_duration_seconds{pipeline=\"desk-risk\"}"), "0.0015");
  EXPECT_EQ(e.samples.at("weir_checkpoint_last_pause_seconds{pipeline=\"desk-risk\"}"), "0.04");
  EXPECT_EQ(e.samples.at("weir_checkpoint_last_bytes{pipeline=\"desk-risk\"}"), "77");
  EXPECT_EQ(e.samples.at("weir_checkpoint_age_seconds{pipeline=\"desk-risk\"}"), "2");
  EXPECT_EQ(e.samples.at("weir_checkpoint_in_work_seconds{pipeline=\"desk-risk\"}"), "0.25");
}

class fake_engine : public metric_source {
 public:
  metric_snapshot snapshot() override { return two_subtasks(); }
  std::optional<std::string> not_ready_because() override { return why; }
  std::optional<std::string> why;
};

TEST(MetricsServer, IsHealthyButNotReadyWhileSubtasksStart) {
  fake_engine engine;
  engine.why = "operator exposure/1 is starting";
  EXPECT_EQ(metrics_response(engine, "/healthz").status, 200);
  EXPECT_EQ(metrics_response(engine, "/readyz").status, 503);
  EXPECT_EQ(metrics_response(engine, "/readyz").body, "operator exposure/1 is starting\n");
  engine.why.reset();
  EXPECT_EQ(metrics_response(engine, "/readyz").status, 200);
}

TEST(MetricsServer, ServesTheExpositionFormatsContentType) {
  fake_engine engine;
  const auto r = metrics_response(engine, "/metrics");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(metrics_response(engine, "/metrics/").status, 404);
}

}  // namespace
}  // namespace weir::control
