#include "job/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "../../actors/pipeline.hpp"
#include "../../actors/script.hpp"
#include "model/buffer_pool.hpp"

namespace weir::job {
namespace {

using testing::HasSubstr;

constexpr std::int64_t very_long_us = 120'000'000;  // only a hang takes that long

bool wait_until(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(very_long_us);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// source/2 --rebalance--> pass/2 -> sink/2
struct run {
  explicit run(actors::script& told, options how = {}, int parallelism = 2) {
    const std::string config = "config = { script = " + told.address() + " }\n";
    const std::string many = "parallelism = " + std::to_string(parallelism) + "\n";
    job =
        actors::job_of("[[source]]\nid = \"in\"\nuses = \"actors.source\"\n" + many + config +
                           "[[operator]]\nid = \"mid\"\nuses = \"actors.pass\"\nfrom = [\"in\"]\nexchange = { kind = "
                           "\"rebalance\" }\n" +
                           many + "[[sink]]\nid = \"out\"\nuses = \"actors.sink\"\nfrom = [\"mid\"]\n" + many + config,
                       WEIR_ACTORS_DIR, how);
  }
  /// Bytes and batches that wait in all queues. Popped is read before pushed, so it is never negative.
  std::uint64_t queued_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& f : job->figures()) sum += f.pushed_bytes - f.popped_bytes;
    return sum;
  }
  std::unique_ptr<weir::job::job> job;
};

TEST(Job, RunsToTheEndOfItsInputAndTellsWhatCameIn) {
  actors::script told;
  told.splits = 5;
  run r(told);
  r.job->start();
  ASSERT_TRUE(r.job->wait_for(very_long_us));
  auto totals = r.job->wait();
  ASSERT_TRUE(totals) << totals.why().text();
  EXPECT_EQ(totals->records_in, 5000u);
  EXPECT_EQ(totals->records_out, 5000u);
  EXPECT_EQ(totals->dead_letters, 0u);
  EXPECT_EQ(totals->sinks.at("out").at("rows"), 5000u);
  EXPECT_EQ(totals->sinks.at("out").at("seen"), 5000u) << "what the two subtasks report is added";
  EXPECT_EQ(told.taken, 5000);
  EXPECT_EQ(told.flushed, 4) << "at the end of the input and at the last cut, in both subtasks";
  EXPECT_EQ(told.alive, 0) << "every instance is gone when the job is over";
}

TEST(Job, SplitsAreDealtToTheSubtasksInTurn) {
  actors::script told;
  told.splits = 3;
  run r(told);
  r.job->start();
  ASSERT_TRUE(r.job->wait());
  std::vector<std::uint64_t> read;
  for (const auto& f : r.job->figures())
    if (f.node == 0) read.push_back(f.records_out);
  EXPECT_THAT(read, testing::ElementsAre(2000u, 1000u));
}

TEST(Job, ASourceThatIsAwayIsAskedAgainUntilItIsThere) {
  actors::script told;
  told.discover_fails = 2;
  run r(told);
  EXPECT_THAT(r.job->not_ready_because().value_or(""), HasSubstr("in: looking for its splits"));
  r.job->start();
  ASSERT_TRUE(wait_until([&] { return told.discovered >= 1; }));
  ASSERT_TRUE(wait_until([&] {
    const auto why = r.job->not_ready_because();
    return !why || why->find("in: cannot reach the broker") != std::string::npos;
  }));
  auto totals = r.job->wait();
  ASSERT_TRUE(totals) << totals.why().text();
  EXPECT_EQ(told.discovered, 3);
  EXPECT_EQ(totals->records_out, 1000u);
  EXPECT_EQ(r.job->not_ready_because(), std::nullopt);
}

TEST(Job, ASourceThatCanNeverNameItsSplitsEndsTheJob) {
  actors::script told;
  told.discover_throws = 1;
  run r(told);
  r.job->start();
  auto totals = r.job->wait();
  ASSERT_FALSE(totals);
  EXPECT_THAT(totals.why().text(), HasSubstr("source in cannot name its splits: "));
  EXPECT_THAT(totals.why().text(), HasSubstr("there is no such topic"));
  EXPECT_THAT(totals.why().text(), HasSubstr("plugin actors 0.1.0"));
  EXPECT_EQ(told.alive, 0);
}

TEST(Job, AnInstanceThatCannotBeMadeEndsTheJobWithItsReason) {
  actors::script told;
  told.open_fails = 1;
  run r(told);
  r.job->start();
  auto totals = r.job->wait();
  ASSERT_FALSE(totals);
  EXPECT_THAT(totals.why().text(), HasSubstr("nobody at home"));
  EXPECT_THAT(totals.why().text(), HasSubstr("pipeline actors"));
  EXPECT_EQ(told.alive, 0);
}

TEST(Job, ATaskThatFailsStopsTheOthers) {
  actors::script told;
  told.splits = 2;
  told.records = -1;
  told.sink_fails_at = 2000;
  run r(told);
  r.job->start();
  ASSERT_TRUE(r.job->wait_for(very_long_us)) << "the sources have no end: only the failure ends them";
  auto totals = r.job->wait();
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.why().by, base::blame::external);
  EXPECT_THAT(totals.why().text(), HasSubstr("operator out/"));
  EXPECT_THAT(totals.why().text(), HasSubstr("the disk is full"));
  EXPECT_THAT(r.job->not_ready_because().value_or(""), HasSubstr("the disk is full"));
  EXPECT_EQ(told.reported, 0) << "a run that failed has no result";
  EXPECT_EQ(told.alive, 0);
}

TEST(Job, ADrainedJobLosesNothingThatWasRead) {
  actors::script told;
  told.splits = 2;
  told.records = -1;
  run r(told);
  r.job->start();
  ASSERT_TRUE(wait_until([&] { return told.taken > 500; }));
  EXPECT_FALSE(r.job->wait_for(0));
  r.job->drain();
  auto totals = r.job->wait();
  ASSERT_TRUE(totals) << totals.why().text();
  EXPECT_EQ(told.taken, told.emitted);
  EXPECT_EQ(totals->records_in, totals->records_out);
  EXPECT_EQ(told.flushed, 4) << "at the end of the input and at the last cut, in both subtasks";
}

TEST(Job, CancelEndsAJobWhoseSourcesWaitForRoom) {
  actors::script told;
  told.splits = 2;
  told.records = -1;
  told.rows = 1000;
  told.sink_sleep_us = 20'000;
  run r(told, {.queue_bytes = 64 << 10});
  r.job->start();
  ASSERT_TRUE(wait_until([&] {
    std::int64_t blocked = 0;
    for (const auto& f : r.job->figures()) blocked += f.backpressured_ns;
    return blocked > 0;
  })) << "the queues are full at some time";
  r.job->cancel();
  ASSERT_TRUE(r.job->wait_for(very_long_us));
  EXPECT_TRUE(r.job->wait());
  EXPECT_GT(told.emitted, told.taken) << "what was under way is dropped";
  EXPECT_EQ(told.alive, 0);
}

TEST(Job, CanBeDestroyedAtAnyTime) {
  for (int when = 0; when < 4; ++when) {
    actors::script told;
    told.splits = 2;
    told.records = -1;
    told.discover_fails = when == 1 ? 1000 : 0;
    {
      run r(told);
      if (when > 0) r.job->start();
      if (when == 1) {
        ASSERT_TRUE(wait_until([&] { return told.discovered > 0; }));
      }
      if (when == 3) {
        ASSERT_TRUE(wait_until([&] { return told.taken > 100; }));
      }
    }
    EXPECT_EQ(told.alive, 0) << when;
  }
}

TEST(Job, ASlowSinkBehindAFastSourceDoesNotFillTheMemory) {
  actors::script told;
  told.splits = 2;
  told.records = -1;
  told.rows = 1024;
  told.sink_sleep_us = 2000;
  constexpr std::uint64_t bound = 256 << 10;
  run r(told, {.queue_bytes = bound});
  r.job->start();
  ASSERT_TRUE(wait_until([&] { return told.batches_taken >= 100; }));
  const std::int64_t held = model::buffer_pool::stats().held;
  std::uint64_t most_queued = 0;
  std::int64_t most_used = 0;
  // About two seconds on a machine with nothing else to do; what is measured are bytes, not time.
  ASSERT_TRUE(wait_until([&] {
    most_queued = std::max(most_queued, r.queued_bytes());
    most_used = std::max(most_used, model::buffer_pool::bytes_in_use());
    return told.batches_taken >= 2000;
  }));
  // Four channels (2 x 2). A producer goes on until one is full, so each may pass the bound by one batch; 16 KiB is above the
  // 8 KiB of 1,024 numbers and what stands beside them.
  constexpr std::uint64_t most = 4 * (bound + (16 << 10));
  EXPECT_LE(most_queued, most);
  EXPECT_GT(most_queued, bound / 2) << "the queues were used, else this shows nothing";
  EXPECT_LE(most_used, static_cast<std::int64_t>(8 * most));
  EXPECT_LE(model::buffer_pool::stats().held, held + static_cast<std::int64_t>(8 * most)) << "memory is flat";
  r.job->cancel();
  EXPECT_TRUE(r.job->wait());
}

}  // namespace
}  // namespace weir::job
