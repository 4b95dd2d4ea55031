#include "control/why_no_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::control {
namespace {

using job::subtask_figures;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t ten = 1'704'103'200 * second;  // 2024-01-01T10:00:00Z
const std::string at_ten = "2024-01-01T10:00:00.000000Z";

/// trades, quotes -> join (a queue in front, waits for event time) -> out. quotes may be left out of a test's mind.
struct pipeline {
  plan::plan plan;
  std::vector<subtask_figures> now, before;
  std::vector<bool> waits;
  std::optional<std::string> not_ready;

  pipeline() {
    plan.pipeline = "desk";
    add("trades", plan::node_kind::source, {});
    add("quotes", plan::node_kind::source, {});
    add("join", plan::node_kind::transform, {0, 1});
    add("out", plan::node_kind::sink, {2});
    for (int source : {0, 1}) {
      plan.nodes[source].watermark = plan::watermark_strategy{};
      plan.nodes[source].watermark->out_of_orderness_us = 5 * second;
      figures(source).records_out = 100;
      figures(source).held_by = plan.nodes[source].id + "/a";
      figures(source).held_watermark_us = figures(source).watermark_us = ten;
      figures(source).newest_split = figures(source).held_by;
      figures(source).newest_split_us = ten;
    }
    waits[2] = true;
    figures(2).records_in = 200;
    figures(2).held_by = "trades/0";
    figures(2).watermark_us = ten;
    before = now;
    flow(1);
  }
  void add(const char* id, plan::node_kind kind, std::vector<std::uint32_t> from) {
    const auto number = static_cast<std::uint32_t>(plan.nodes.size());
    plan::node n;
    n.id = id;
    n.kind = kind;
    n.visible = n.chain = number;
    n.outputs.resize(2);
    n.outputs[1].name = "dead_letter";
    for (const auto f : from) {
      n.inputs.emplace_back();
      n.inputs.back().from_node = f;
    }
    plan.nodes.push_back(std::move(n));
    plan.chains.push_back({{number}, 1});
    subtask_figures f;
    f.node = number;
    now.push_back(f);
    waits.push_back(false);
  }
  subtask_figures& figures(int node) { return now[node]; }
  /// Records that both sources gave, and the join took, between the looks.
  void flow(std::uint64_t n) {
    for (int source : {0, 1}) figures(source).records_out = before[source].records_out + n;
    figures(2).records_in = before[2].records_in + 2 * n;
  }
  silence answer() const { return explain({plan, waits, before, now, second, not_ready}); }
  silence_reason reason() const {
    const auto all = answer();
    EXPECT_EQ(all.reasons.size(), 1u);
    return all.reasons.empty() ? silence_reason{} : all.reasons.front();
  }
};

TEST(WhyNoOutput, OutputThatFlowsNeedsNoReason) {
  pipeline p;
  p.figures(3).records_in = 5;
  EXPECT_THAT(p.answer().flows, ElementsAre("out"));
  EXPECT_TRUE(p.answer().reasons.empty());
}

TEST(WhyNoOutput, ASourceWithoutItsSplitsComesFirst) {
  pipeline p;
  p.not_ready = "source trades: the broker is away";
  EXPECT_EQ(p.reason().kind, silence_kind::not_ready);
  EXPECT_EQ(p.reason().what, "source trades: the broker is away");
}

TEST(WhyNoOutput, NamesTheSplitThatIsBehindWithWhatItStillHas) {
  pipeline p;
  p.figures(0).held_pending = 1200;
  p.figures(1).newest_split_us = ten + 90 * second;
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::split);
  EXPECT_EQ(r.sink, "out");
  EXPECT_EQ(r.at, "trades/a");
  EXPECT_EQ(r.watermark_us, ten);
  EXPECT_EQ(r.behind_us, 90 * second);
  EXPECT_EQ(r.pending, 1200);
  EXPECT_THAT(r.what, AllOf(HasSubstr("join waits for event time: its clock stands at " + at_ten),
                            HasSubstr("split trades/a stands there, 1m30s behind quotes/a"),
                            HasSubstr("1200 records of it are not read")));
}

TEST(WhyNoOutput, ASplitThatNeverHadAnEventTimeIsToldAsThat) {
  pipeline p;
  p.figures(0).held_watermark_us = p.figures(0).newest_split_us = INT64_MIN;
  p.figures(2).watermark_us = p.before[2].watermark_us = INT64_MIN;
  const auto r = p.reason();
  EXPECT_EQ(r.watermark_us, std::nullopt);
  EXPECT_THAT(r.what,
              AllOf(HasSubstr("its clock has not begun"), HasSubstr("has not given a record with an event time yet"),
                    HasSubstr("quotes/a is at " + at_ten)));
}

TEST(WhyNoOutput, ASplitWithNothingToReadNeedsIdleAfter) {
  pipeline p;
  p.figures(0).held_quiet_us = 40 * second;
  p.figures(1).newest_split_us = ten + 90 * second;
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::idle_source);
  EXPECT_THAT(r.what, HasSubstr("it has had nothing to read for 40s"));
  EXPECT_THAT(r.advice, AllOf(HasSubstr("add idle_after = \"30s\""), HasSubstr("[[source]] trades")));

  p.plan.nodes[0].watermark->idle_after_us = 60 * second;
  EXPECT_THAT(p.reason().what, HasSubstr("counts as idle after 1m"));
  EXPECT_EQ(p.reason().advice, "");
}

TEST(WhyNoOutput, IdleAfterIsNotAdvisedWhereNobodyIsAhead) {
  pipeline p;
  p.figures(0).held_quiet_us = 40 * second;
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::window_open);
  EXPECT_THAT(r.what, HasSubstr("has given nothing newer"));
  EXPECT_THAT(r.advice, AllOf(Not(HasSubstr("idle_after")), HasSubstr("more than 5s (out_of_orderness) newer")));
}

TEST(WhyNoOutput, AClockThatGoesOnMeansThatTheWindowIsOpenStill) {
  pipeline p;
  p.before[2].watermark_us = ten - 3 * second;
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::window_open);
  EXPECT_THAT(r.what, HasSubstr("3s further in 1s"));
}

TEST(WhyNoOutput, FollowsTheClockThroughOperatorsInBetween) {
  pipeline p;
  p.add("late-join", plan::node_kind::transform, {2});
  p.plan.nodes[3].inputs[0].from_node = 4;
  p.waits[4] = true;
  p.figures(2).records_out = p.figures(4).records_in = 10;
  p.figures(4).held_by = "join/0";
  p.figures(4).watermark_us = ten;
  p.before = p.now;
  p.figures(2).held_by = "quotes/0";
  p.figures(0).newest_split_us = ten + second;
  const auto r = p.reason();
  EXPECT_EQ(r.at, "quotes/a");
  EXPECT_THAT(r.what, HasSubstr("late-join waits"));
}

TEST(WhyNoOutput, ASourceWithoutAWatermarkIsNamedWithTheLineToAdd) {
  pipeline p;
  p.plan.nodes[1].watermark.reset();
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::no_strategy);
  EXPECT_EQ(r.at, "quotes");
  EXPECT_THAT(r.advice,
              HasSubstr("add watermark = { field = \"COLUMN\", out_of_orderness = \"5s\" } to [[source]] quotes"));
}

TEST(WhyNoOutput, APausedSourcePointsAtTheSlowestOfItsGroup) {
  pipeline p;
  for (int source : {0, 1}) {
    p.plan.nodes[source].watermark->align_group = "market";
    p.plan.nodes[source].watermark->max_drift_us = 60 * second;
  }
  p.flow(0);
  p.waits[2] = false;
  p.figures(0).paused = true;
  p.figures(0).watermark_us = ten + 90 * second;
  p.figures(1).held_quiet_us = second;
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::paused);
  EXPECT_EQ(r.at, "trades/0");
  EXPECT_THAT(r.what, AllOf(HasSubstr("max_drift 1m ahead of its align_group \"market\""),
                            HasSubstr("slowest source is quotes at " + at_ten)));
  EXPECT_THAT(r.advice, HasSubstr("add idle_after = \"30s\" to the watermark of [[source]] quotes"));
}

TEST(WhyNoOutput, AFullQueueNamesWhoIsSlowNearestToTheSink) {
  pipeline p;
  for (int node : {2, 3}) {
    p.figures(node).full = true;
    p.figures(node).pushed_batches = 12;
    p.figures(node).popped_batches = 4;
    p.before[node].pushed_batches = 10;
    p.before[node].popped_batches = 3;
    p.figures(node).pushed_bytes = 8 << 20;
    p.figures(node).popped_bytes = 4 << 20;
  }
  auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::back_pressure);
  EXPECT_EQ(r.at, "out/0");
  EXPECT_THAT(r.what, AllOf(HasSubstr("8 batches (4MiB) wait"), HasSubstr("only 1 were taken")));
  EXPECT_THAT(r.advice, HasSubstr("out is slow"));

  p.figures(3).popped_batches = p.before[3].popped_batches;
  EXPECT_THAT(p.reason().advice, HasSubstr("a call of out hangs"));
  p.figures(3).full = false;
  EXPECT_EQ(p.reason().at, "out/0") << "a queue that nobody takes from need not be full";
}

TEST(WhyNoOutput, RecordsThatAreAllLateAreToldBeforeTheClock) {
  pipeline p;
  p.figures(2).late = p.before[2].late + 2;
  const auto r = p.reason();
  EXPECT_EQ(r.kind, silence_kind::late);
  EXPECT_THAT(r.what, HasSubstr("all of the 2 records that join got in 1s came too late"));
}

TEST(WhyNoOutput, AnOperatorThatKeepsEverythingIsNamed) {
  pipeline p;
  p.waits[2] = false;
  EXPECT_EQ(p.reason().kind, silence_kind::swallowed);
  EXPECT_THAT(p.reason().what, HasSubstr("join took 2 records in 1s and passed none on"));
  p.figures(2).dead_letters = p.before[2].dead_letters + 2;
  EXPECT_THAT(p.reason().what, HasSubstr("2 could not be processed"));
}

TEST(WhyNoOutput, TellsSourcesThatHaveNothingFromSourcesThatDoNotRead) {
  pipeline p;
  p.waits[2] = false;
  p.flow(0);
  for (int source : {0, 1}) p.figures(source).held_quiet_us = second;
  EXPECT_EQ(p.reason().kind, silence_kind::nothing_to_read);
  EXPECT_THAT(p.reason().what, HasSubstr("trades"));
  p.figures(1).pending_records = 7;
  EXPECT_EQ(p.reason().kind, silence_kind::not_reading);
  EXPECT_EQ(p.reason().at, "quotes");
  EXPECT_EQ(p.reason().pending, 7);
}

TEST(WhyNoOutput, ASinkOfDeadLettersIsSilentWhenAllIsWell) {
  pipeline p;
  p.add("bad", plan::node_kind::sink, {2});
  p.plan.nodes[4].inputs[0].from_output = 1;
  p.before = p.now;
  p.figures(3).records_in = 5;
  EXPECT_TRUE(p.answer().reasons.empty());
}

TEST(WhyNoOutput, LooksOfAJobThatHasNotBegunAreNoReasonToFall) {
  pipeline p;
  p.before.clear();
  p.now.clear();
  EXPECT_EQ(p.answer().reasons.size(), 1u);
}

TEST(WhyNoOutput, SaysTheSameToMachinesAndToPeople) {
  pipeline p;
  p.figures(1).newest_split_us = ten + 90 * second;
  const auto json = json_of(p.answer());
  EXPECT_THAT(json, AllOf(HasSubstr("\"kind\":\"split\""), HasSubstr("\"behind_us\":90000000"),
                          HasSubstr("\"pipeline\":\"desk\""), Not(HasSubstr("\n"))));
  EXPECT_THAT(silence_for_people(json), AllOf(HasSubstr("out: join waits"), HasSubstr("\n  -> ")));
  p.figures(3).records_in = 5;
  EXPECT_EQ(silence_for_people(json_of(p.answer())), "out: output flows\n");
}

}  // namespace
}  // namespace weir::control
