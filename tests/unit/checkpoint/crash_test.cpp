// Power cuts and I/O errors at every single file operation: a cut is there whole or not at all, and never a mixture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "toy.hpp"

namespace weir::checkpoint::test {
namespace {

using base::fs_op;

/// Five cuts, with a fold and a cut that is given up between them. Errors are the scenario's own business: it goes on
/// as a run that tolerates failed cuts does.
void scenario(toy& t) {
  if (!t.start()) return;
  for (int i = 0; i < 5; ++i) {
    t.change(15);
    if (i == 2) {
      auto given_up = t.store->begin({t.store->next_number(), model::cut_kind::checkpoint, false});
      if (given_up) t.write_blocks(**given_up, false);
      t.change(5);
    }
    base::permit_unchecked(t.cut(), "what happens to a cut is what the test looks at");
    if (i == 1 || i == 3) base::permit_unchecked(t.store->fold(make_toy_merger, divide_toy), "it only saves work");
  }
}

options fold_often() {
  options how = toy_options();
  how.max_chain = 1;
  return how;
}

std::uint64_t operations() {
  base::test_env env;
  toy t(env, fold_often());
  scenario(t);
  EXPECT_EQ(t.complete.size(), 5u);
  return env.fs().count(fs_op::any);
}

/// After everything that may have happened: what is there is one of the cuts that may be there, and life goes on.
void expect_recovery(toy& t, std::uint64_t at_least, std::uint64_t at_most) {
  const auto started = t.start();
  ASSERT_TRUE(started.ok()) << started.why().text();
  EXPECT_GE(t.restored, at_least);
  EXPECT_LE(t.restored, at_most);
  EXPECT_THAT(t.problems, testing::IsEmpty());
  for (int i = 0; i < 2; ++i) {
    t.change(10);
    const auto cut = t.cut();
    ASSERT_TRUE(cut.ok()) << cut.why().text();
  }
  EXPECT_EQ(t.files(), t.referenced()) << "nothing is left lying around";
  for (const auto& info : *t.store->list()) {
    const auto cut = t.store->open_cut(info.cut);
    ASSERT_TRUE(cut.ok()) << cut.why().text();
    t.expect_intact(*cut);
  }
}

TEST(Crash, AtEveryOperationLeavesTheLastCompleteCutOrTheNextOne) {
  const std::uint64_t total = operations();
  ASSERT_GT(total, 250u);
  for (std::uint64_t n = 1; n <= total; ++n) {
    SCOPED_TRACE(cat("crash at operation ", n));
    base::test_env env(n);
    toy t(env, fold_often(), 1);
    env.fs().fail(fs_op::any, n, EIO, true);
    scenario(t);
    env.fs().crash();
    env.fs().stop_failing();
    const std::uint64_t last = t.complete.empty() ? 0 : *t.complete.rbegin();
    const std::uint64_t tried = t.at_cut.empty() ? 0 : t.at_cut.rbegin()->first;
    expect_recovery(t, last, tried);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Crash, WithTornAndLostWritesLeavesTheLastCompleteCutOrTheNextOne) {
  const std::uint64_t total = operations();
  for (std::uint64_t n = 1; n <= total; ++n)
    for (std::uint64_t seed = 0; seed < (n % 3 == 0 ? 2u : 1u); ++seed) {
      SCOPED_TRACE(cat("crash at operation ", n, " seed ", seed));
      base::test_env env(n);
      toy t(env, fold_often(), 1);
      env.fs().fail(fs_op::any, n, EIO, true);
      scenario(t);
      std::mt19937_64 pick(n * 3 + seed);
      env.fs().crash_torn([&] { return pick(); });
      env.fs().stop_failing();
      expect_recovery(t, t.complete.empty() ? 0 : *t.complete.rbegin(),
                      t.at_cut.empty() ? 0 : t.at_cut.rbegin()->first);
      if (testing::Test::HasFailure()) return;
    }
}

class OneError : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Errors, OneError, testing::Values(EIO, ENOSPC), [](const auto& number) {
  return number.param == EIO ? std::string("EIO") : std::string("ENOSPC");
});

TEST_P(OneError, AtEveryOperationCostsAtMostThatCut) {
  const std::uint64_t total = operations();
  for (std::uint64_t n = 1; n <= total; ++n) {
    SCOPED_TRACE(cat("error at operation ", n));
    base::test_env env(n);
    toy t(env, fold_often(), 1);
    env.fs().fail(fs_op::any, n, GetParam());
    scenario(t);
    env.fs().stop_failing();
    t.store.reset();
    env.fs().crash();  // what finish() called complete is on the disk: a sync was neither skipped nor tried again
    const std::uint64_t last = t.complete.empty() ? 0 : *t.complete.rbegin();
    expect_recovery(t, last, t.at_cut.empty() ? 0 : t.at_cut.rbegin()->first);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FullDisk, FailsTheCutsAndLeavesNothingBehindUntilThereIsRoomAgain) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(20);
  ASSERT_TRUE(t.cut());
  const auto before = t.files();
  env.fs().fail(fs_op::write, 1, ENOSPC, true);
  for (int i = 0; i < 3; ++i) {
    t.change(20);
    const auto failed = t.cut();
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.why().how, base::retry::backoff);
    EXPECT_THAT(failed.why().text(), testing::HasSubstr("free some space"));
    EXPECT_EQ(t.files(), before);
  }
  env.fs().stop_failing();
  ASSERT_TRUE(t.cut());
  t.expect_newest_intact();
}

TEST(Sync, ThatFailedFailsTheCutAndIsNotTriedAgain) {
  // How many syncs of files one cut makes before its manifest is in place: four of state, the nodes, the manifest.
  for (std::uint64_t nth = 1; nth <= 6; ++nth) {
    SCOPED_TRACE(nth);
    base::test_env env;
    toy t(env);
    ASSERT_TRUE(t.start());
    t.change(200);
    env.fs().fail(fs_op::sync, nth, EIO);
    const std::uint64_t before = env.fs().count(fs_op::sync);
    const auto failed = t.cut();
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.why().how, base::retry::backoff);
    EXPECT_EQ(env.fs().count(fs_op::sync) - before, nth);
    EXPECT_TRUE(t.store->list()->empty());
    EXPECT_TRUE(t.files().empty());
    ASSERT_TRUE(t.cut());
    t.store.reset();
    env.fs().crash();
    expect_recovery(t, 2, 2);
  }
}

TEST(Sync, OfTheDirectoryThatFailedEndsTheRunBecauseNobodyKnowsWhatTheDiskHolds) {
  for (std::uint64_t nth = 1; nth <= 2; ++nth) {  // of the files; of the manifest
    SCOPED_TRACE(nth);
    base::test_env env;
    toy t(env);
    ASSERT_TRUE(t.start());
    t.change(20);
    ASSERT_TRUE(t.cut());
    t.change(20);
    env.fs().fail(fs_op::sync_directory, nth, EIO);
    const auto failed = t.cut();
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.why().how, base::retry::from_checkpoint);
    const auto next = t.store->begin({t.store->next_number(), model::cut_kind::checkpoint, true});
    ASSERT_FALSE(next.ok());
    EXPECT_EQ(next.why().how, base::retry::from_checkpoint);
    expect_recovery(t, 1, 1);
  }
}

TEST(Crash, OfTheProcessAloneIsMadeSafeBeforeAnybodyCommits) {
  // The process dies between the rename of a manifest and the sync of its name; the next one restores that cut and its
  // sinks commit by it; then the power goes.
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(20);
  env.fs().fail(fs_op::sync_directory | fs_op::remove, 2, EIO, true);
  EXPECT_FALSE(t.cut().ok());
  env.fs().stop_failing();
  ASSERT_TRUE(t.start());
  const std::uint64_t used = t.restored;
  t.store.reset();
  env.fs().crash();
  ASSERT_TRUE(t.start());
  EXPECT_EQ(t.restored, used);
}

}  // namespace
}  // namespace weir::checkpoint::test
