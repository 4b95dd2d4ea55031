#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "base/test_env.hpp"
#include "fakes.hpp"
#include "model/name_registry.hpp"
#include "task/operator_task.hpp"
#include "task/source_task.hpp"
#include "task/thread_runner.hpp"

namespace weir::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct flag final : exchange::waker {
  void wake() noexcept override {}
};

/// A source task, `sinks` sink tasks behind an exchange, all stepped by hand.
struct rig {
  base::test_env env;
  flag waker;
  fake::numbers input;
  fake::picky picky;
  fake::collected output, letters;
  std::vector<std::unique_ptr<task>> tasks;
  std::vector<std::uint64_t> random_order;

  source_task& source(std::shared_ptr<op::spec> what, source::watermark_rule rule, std::int64_t emit_interval_us = 0) {
    auto t = std::make_unique<source_task>("s", 0, fake::host(), env, waker, rule, emit_interval_us);
    t->nodes().add(std::move(what));
    t->nodes().stamp(0, {}, &t->watermarks());
    t->prepare();
    tasks.push_back(std::move(t));
    return static_cast<source_task&>(*tasks.back());
  }
  operator_task& sink(std::uint32_t subtask, std::shared_ptr<op::spec> what) {
    tasks.push_back(
        std::make_unique<operator_task>("o", subtask, fake::host(), env, waker, std::vector<std::uint32_t>{0}, 1));
    tasks.back()->nodes().add(std::move(what));
    return static_cast<operator_task&>(*tasks.back());
  }
  static void connect(task& from, std::uint32_t node, std::uint32_t output, exchange::partitioning how,
                      std::vector<operator_task*> to, std::uint64_t bytes = 1 << 20) {
    std::vector<exchange::channel*> channels;
    for (operator_task* t : to) channels.push_back(&t->gate().open(0, bytes, nullptr));
    from.nodes().connect(node, output, std::make_unique<exchange::writer>(how, channels, 0));
  }
  std::vector<new_split> splits() const {
    std::vector<new_split> all;
    for (const auto& [id, range] : input.ranges) all.push_back({model::split_names().number("test/" + id), id, ""});
    return all;
  }
  /// Steps all tasks in an order that the seed decides until all have finished; false when nobody can go on.
  bool run(std::uint64_t seed, step_result* last = nullptr) {
    std::mt19937_64 random(seed);
    for (auto& t : tasks) EXPECT_TRUE(t->create());
    std::vector<bool> done(tasks.size(), false);
    int stuck = 0;
    while (!std::all_of(done.begin(), done.end(), [](bool d) { return d; })) {
      const std::size_t i = random() % tasks.size();
      if (done[i]) continue;
      const step_result r = tasks[i]->step();
      if (last) *last = r;
      if (r == step_result::failed) return false;
      if (r == step_result::finished) done[i] = true;
      stuck = r == step_result::worked || r == step_result::finished ? 0 : stuck + 1;
      if (stuck > 10'000) return false;
    }
    for (auto& t : tasks) t->close();
    return true;
  }
};

TEST(Task, EveryNumberReachesTheSinkInOrderThenTheEnd) {
  rig r;
  r.input.ranges["a"] = {0, 95};
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(source, 0, 0, {}, {&sink});
  sink.seal();
  source.assign(r.splits(), true);
  ASSERT_TRUE(r.run(1));
  std::vector<std::int64_t> expected(95);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(r.output.numbers, expected);
  EXPECT_EQ(r.output.flushes, 1);
  EXPECT_EQ(r.output.ends, 1);
  EXPECT_EQ(r.output.destroyed, 1);
  EXPECT_EQ(source.nodes().counts(0).records_out, 95u);
  EXPECT_EQ(sink.nodes().counts(0).records_in, 95u);
  EXPECT_EQ(r.output.watermarks.back(), WEIR_TIME_MAX);
  EXPECT_TRUE(std::is_sorted(r.output.watermarks.begin(), r.output.watermarks.end()));
}

TEST(Task, HashSendsEqualKeysToOneSubtaskAndLosesNothing) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    rig r;
    r.input.ranges["a"] = {0, 500};
    r.input.ranges["b"] = {0, 500};  // the same numbers again
    auto& source = r.source(fake::source_node("numbers", &r.input), {});
    std::vector<operator_task*> sinks;
    auto what = fake::node("out", &fake::collecting_sink(), &r.output, true);
    what->keys[0] = {0};
    for (std::uint32_t i = 0; i < 3; ++i) sinks.push_back(&r.sink(i, what));
    rig::connect(source, 0, 0, {exchange::kind::hash, {0}, 128}, sinks);
    for (auto* s : sinks) s->seal();
    source.assign(r.splits(), true);
    ASSERT_TRUE(r.run(seed));
    EXPECT_EQ(r.output.numbers.size(), 1000u);
    std::map<std::int64_t, int> seen;
    for (auto n : r.output.numbers) ++seen[n];
    EXPECT_EQ(seen.size(), 500u);
    std::uint64_t sum = 0;
    for (auto* s : sinks) {
      const std::uint64_t mine = s->nodes().counts(0).records_in;
      EXPECT_GT(mine, 0u) << "500 keys on 3 subtasks";
      EXPECT_EQ(mine % 2, 0u) << "both copies of a number in one subtask";
      sum += mine;
    }
    EXPECT_EQ(sum, 1000u);
  }
}

TEST(Task, AFullQueueStopsTheSourceAndTheBoundHolds) {
  rig r;
  r.input.ranges["a"] = {0, 100'000};
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(source, 0, 0, {}, {&sink}, 4096);
  sink.seal();
  source.assign(r.splits(), true);
  ASSERT_TRUE(source.create());
  ASSERT_TRUE(sink.create());
  step_result last = step_result::worked;
  int steps = 0;
  while ((last = source.step()) == step_result::worked) ASSERT_LT(++steps, 100'000);
  EXPECT_EQ(last, step_result::wait_output);
  const auto queued = sink.gate().at(0).counters();
  EXPECT_GE(queued.pushed_bytes, 4096u);
  EXPECT_LT(queued.pushed_bytes, 3 * 4096u) << "one step beyond the bound at most";
  while (sink.step() == step_result::worked) {
  }
  EXPECT_EQ(source.step(), step_result::worked) << "there is room again";
}

TEST(Task, DeadLettersAndTheRestAreTogetherWhatCameIn) {
  rig r;
  r.input.ranges["a"] = {1, 1001};
  r.picky.bad = 10;
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto picky = fake::node("picky", &fake::picky_operator(), &r.picky);
  picky->policy = op::on_error::dead_letter;
  picky->dead_letters_connected = true;
  source.nodes().add(picky);
  source.nodes().connect(0, 0, 1, 0);
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  auto& dead = r.sink(0, fake::node("dead", &fake::collecting_sink(), &r.letters, true));
  rig::connect(source, 1, 0, {}, {&sink});
  rig::connect(source, 1, 1, {}, {&dead});
  sink.seal();
  dead.seal();
  source.assign(r.splits(), true);
  ASSERT_TRUE(r.run(3));
  EXPECT_EQ(r.output.numbers.size(), 900u);
  EXPECT_EQ(r.letters.numbers.size(), 100u);
  EXPECT_EQ(source.nodes().counts(1).dead_letters, 100u);
}

TEST(Task, APolicyOfFailStopsWithThePlaceOfTheRecord) {
  rig r;
  r.input.ranges["a"] = {1, 50};
  r.picky.bad = 7;
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  source.nodes().add(fake::node("picky", &fake::picky_operator(), &r.picky));
  source.nodes().connect(0, 0, 1, 0);
  source.assign(r.splits(), true);
  EXPECT_FALSE(r.run(1));
  EXPECT_THAT(source.why().text(), HasSubstr("operator picky/0"));
  EXPECT_THAT(source.why().what, HasSubstr("bad number (split test/a, offset 7)"));
  EXPECT_THAT(source.why().what, HasSubstr("on_error"));
}

TEST(Task, AnErrorOfAPluginNamesItAndTheCallItFailedIn) {
  rig r;
  r.input.ranges["a"] = {0, 50};
  r.picky.broken = 33;
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  source.nodes().add(fake::node("picky", &fake::picky_operator(), &r.picky));
  source.nodes().connect(0, 0, 1, 0);
  source.assign(r.splits(), true);
  EXPECT_FALSE(r.run(1));
  EXPECT_EQ(source.why().text(), "operator picky/0: plugin fake 1.0.0 failed in process: this number breaks it");
  EXPECT_EQ(source.why().by, base::blame::plugin);
}

TEST(Task, WatermarksFollowTheSlowestSplit) {
  rig r;
  r.input.ranges["a"] = {0, 1000};
  r.input.ranges["b"] = {0, 100};
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(source, 0, 0, {}, {&sink});
  sink.seal();
  source.assign(r.splits(), true);
  ASSERT_TRUE(source.create());
  ASSERT_TRUE(sink.create());
  for (int i = 0; i < 5; ++i) ASSERT_EQ(source.step(), step_result::worked);
  while (sink.step() == step_result::worked) {
  }
  ASSERT_FALSE(r.output.watermarks.empty());
  EXPECT_EQ(r.output.watermarks.back(), 48) << "both splits are at 49; one microsecond before may still be equal";
}

// Splits are dealt while the sources already run. One that was not told yet has records to come: it is not idle, or the
// clock would go on without it and make them late.
TEST(Task, ASourceThatWaitsForItsSplitsHoldsTheClock) {
  rig r;
  r.input.ranges["a"] = {0, 1000};
  r.input.ranges["b"] = {0, 100};
  auto& first = r.source(fake::source_node("numbers", &r.input), {});
  auto& second = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(first, 0, 0, {}, {&sink});
  rig::connect(second, 0, 0, {}, {&sink});
  sink.seal();
  ASSERT_TRUE(first.create());
  ASSERT_TRUE(second.create());
  ASSERT_TRUE(sink.create());
  EXPECT_EQ(first.step(), step_result::wait_input);
  EXPECT_EQ(second.step(), step_result::wait_input);
  const auto splits = r.splits();
  first.assign({splits[0]}, true);
  const auto drain = [&] {
    while (sink.step() == step_result::worked) {
    }
  };
  for (int i = 0; i < 50; ++i) first.step();
  drain();
  EXPECT_TRUE(r.output.watermarks.empty()) << "the second one was not told yet";
  second.assign({splits[1]}, true);
  second.step();
  drain();
  ASSERT_FALSE(r.output.watermarks.empty());
  EXPECT_LT(r.output.watermarks.back(), 100) << "the second one is at its beginning";
}

TEST(Task, ADrainedSourceEndsWithoutTheLastWatermark) {
  rig r;
  r.input.ranges["a"] = {0, 1'000'000};
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(source, 0, 0, {}, {&sink});
  sink.seal();
  source.assign(r.splits(), true);
  ASSERT_TRUE(source.create());
  ASSERT_TRUE(sink.create());
  for (int i = 0; i < 5; ++i) source.step();
  source.drain();
  EXPECT_EQ(source.step(), step_result::finished);
  step_result last = step_result::worked;
  while ((last = sink.step()) == step_result::worked) {
  }
  EXPECT_EQ(last, step_result::finished);
  EXPECT_EQ(r.output.numbers.size(), 50u) << "what was read has arrived";
  EXPECT_EQ(r.output.flushes, 1);
  EXPECT_LT(r.output.watermarks.back(), WEIR_TIME_MAX) << "windows must not fire because somebody stops the pipeline";
}

TEST(Task, TheClockStaysWhereTheSlowestOfDrainedSourcesWas) {
  rig r;
  r.input.ranges["a"] = {0, 1000};
  r.input.ranges["b"] = {0, 1000};
  auto& first = r.source(fake::source_node("numbers", &r.input), {});
  auto& second = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(first, 0, 0, {}, {&sink});
  rig::connect(second, 0, 0, {}, {&sink});
  sink.seal();
  ASSERT_TRUE(first.create());
  ASSERT_TRUE(second.create());
  ASSERT_TRUE(sink.create());
  const auto splits = r.splits();
  first.assign({splits[0]}, true);
  second.assign({splits[1]}, true);
  for (int i = 0; i < 2; ++i) first.step();
  for (int i = 0; i < 20; ++i) second.step();
  first.drain();
  EXPECT_EQ(first.step(), step_result::finished);
  second.drain();
  EXPECT_EQ(second.step(), step_result::finished);
  step_result last = step_result::worked;
  while ((last = sink.step()) == step_result::worked) {
  }
  EXPECT_EQ(last, step_result::finished);
  ASSERT_FALSE(r.output.watermarks.empty());
  EXPECT_LT(r.output.watermarks.back(), 30) << "what the first one reads in the next run would be late";
}

TEST(Task, RowsInOrderComeInTheSameOrderInAnySchedule) {
  std::vector<std::int64_t> wanted;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    rig r;
    r.input.batch = std::vector<std::int64_t>{1, 7, 64, 500}[seed % 4];
    r.input.ranges["a"] = {0, 300};
    r.input.ranges["b"] = {100, 400};
    r.input.ranges["c"] = {250, 350};
    auto& first = r.source(fake::source_node("numbers", &r.input), {});
    auto& second = r.source(fake::source_node("numbers", &r.input), {});
    auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
    rig::connect(first, 0, 0, {}, {&sink}, 4096);
    rig::connect(second, 0, 0, {}, {&sink}, 4096);
    sink.seal();
    sink.put_in_order(10, true);
    const auto splits = r.splits();
    first.assign({splits[seed % 3]}, true);
    second.assign({splits[(seed + 1) % 3], splits[(seed + 2) % 3]}, true);
    ASSERT_TRUE(r.run(seed));
    EXPECT_TRUE(std::is_sorted(r.output.numbers.begin(), r.output.numbers.end()));
    EXPECT_EQ(r.output.numbers.size(), 700u);
    EXPECT_TRUE(std::is_sorted(r.output.watermarks.begin(), r.output.watermarks.end()));
    EXPECT_EQ(r.output.watermarks.back(), WEIR_TIME_MAX);
    EXPECT_EQ(r.output.ends, 1);
  }
}

TEST(Task, RowsWhoseTurnItIsGoOutAStepAtATime) {
  rig r;
  r.input.ranges["a"] = {0, 1000};
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(source, 0, 0, {}, {&sink});
  sink.seal();
  sink.put_in_order(50, true);
  source.assign(r.splits(), true);
  ASSERT_TRUE(source.create());
  ASSERT_TRUE(sink.create());
  while (source.step() != step_result::finished) {
  }
  for (step_result last = step_result::worked; last != step_result::finished;) {
    const std::size_t before = r.output.numbers.size();
    last = sink.step();
    ASSERT_NE(last, step_result::failed);
    ASSERT_LE(r.output.numbers.size(), before + 50) << "orders and room are looked at between two steps of event time";
  }
  EXPECT_EQ(r.output.numbers.size(), 1000u);
}

TEST(Task, AStopHandsOnWhatWaitsForItsTurnUnlessACutKeepsIt) {
  for (const bool keep : {false, true}) {
    SCOPED_TRACE(keep);
    rig r;
    r.input.ranges["a"] = {0, 1'000'000};
    auto& source = r.source(fake::source_node("numbers", &r.input), {});
    auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
    rig::connect(source, 0, 0, {}, {&sink});
    sink.seal();
    sink.put_in_order(100, keep);
    source.assign(r.splits(), true);
    ASSERT_TRUE(source.create());
    ASSERT_TRUE(sink.create());
    for (int i = 0; i < 25; ++i) source.step();
    source.drain();
    EXPECT_EQ(source.step(), step_result::finished);
    step_result last = step_result::worked;
    while ((last = sink.step()) == step_result::worked) {
    }
    EXPECT_EQ(last, step_result::finished);
    EXPECT_EQ(r.output.numbers.size(), keep ? 200u : 250u)
        << "of 250 that were read, 50 are of a step that is not over";
    EXPECT_EQ(sink.ordered()->first(), keep ? 200 : INT64_MAX);
    EXPECT_EQ(r.output.watermarks.back(), 199) << "a window of a step that is not over must not fire";
    EXPECT_EQ(r.output.ends, 1);
  }
}

TEST(Task, ASubtaskWithoutSplitsEndsWithTheOthers) {
  rig r;
  auto& source = r.source(fake::source_node("numbers", &r.input), {});
  auto& sink = r.sink(0, fake::node("out", &fake::collecting_sink(), &r.output, true));
  rig::connect(source, 0, 0, {}, {&sink});
  sink.seal();
  source.assign({}, true);
  ASSERT_TRUE(r.run(5));
  EXPECT_TRUE(r.output.numbers.empty());
  EXPECT_THAT(r.output.watermarks, ElementsAre(WEIR_TIME_MAX));
}

TEST(ThreadRunner, RunsAPipelineOnThreadsToItsEnd) {
  rig r;
  r.input.ranges["a"] = {0, 200'000};
  r.input.ranges["b"] = {0, 200'000};
  r.input.batch = 100;
  thread_runner runner(base::real_env());
  std::vector<std::unique_ptr<task>> tasks;
  std::vector<source_task*> sources;
  std::vector<operator_task*> sinks;
  std::vector<exchange::waker*> wakers;
  auto from = fake::source_node("numbers", &r.input);
  auto to = fake::node("out", &fake::collecting_sink(), &r.output, true);
  for (std::uint32_t i = 0; i < 2; ++i) {
    wakers.push_back(&runner.next_waker());
    auto t = std::make_unique<source_task>("s", i, fake::host(), base::real_env(), *wakers.back(),
                                           source::watermark_rule{}, 0);
    t->nodes().add(from);
    t->prepare();
    sources.push_back(t.get());
    tasks.push_back(std::move(t));
    runner.add(*tasks.back());
  }
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto t = std::make_unique<operator_task>("o", i, fake::host(), base::real_env(), runner.next_waker(),
                                             std::vector<std::uint32_t>{0}, 1);
    t->nodes().add(to);
    sinks.push_back(t.get());
    tasks.push_back(std::move(t));
    runner.add(*tasks.back());
  }
  for (std::uint32_t i = 0; i < 2; ++i) {
    std::vector<exchange::channel*> channels;
    for (auto* s : sinks) channels.push_back(&s->gate().open(0, 4096, wakers[i]));
    sources[i]->nodes().connect(
        0, 0, std::make_unique<exchange::writer>(exchange::partitioning{exchange::kind::hash, {0}, 128}, channels, i));
  }
  for (auto* s : sinks) s->seal();
  std::atomic<int> finished{0};
  runner.start([&](task& t, step_result last) {
    if (last == step_result::finished) ++finished;
    t.close();
  });
  auto splits = r.splits();
  sources[0]->assign({splits[0]}, true);
  sources[1]->assign({splits[1]}, true);
  runner.join();
  EXPECT_EQ(finished, 4);
  EXPECT_EQ(r.output.numbers.size(), 400'000u);
  EXPECT_EQ(r.output.destroyed, 2);
}

}  // namespace
}  // namespace weir::task
