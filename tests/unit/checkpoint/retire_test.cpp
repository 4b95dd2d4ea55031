// What is deleted, and what never: each of these once lost data in another engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "toy.hpp"

namespace weir::checkpoint::test {
namespace {

using base::fs_op;

void expect_all_intact(toy& t) {
  for (const auto& info : *t.store->list()) {
    const auto cut = t.store->open_cut(info.cut);
    ASSERT_TRUE(cut.ok()) << cut.why().text();
    t.expect_intact(*cut);
  }
}

TEST(Retire, KeepsAsManyCutsAsAskedForAndTheFilesTheyShare) {
  for (std::uint32_t retained = 1; retained <= 4; ++retained) {
    base::test_env env;
    toy t(env, toy_options(retained));
    ASSERT_TRUE(t.start());
    for (std::uint32_t i = 1; i <= 8; ++i) {
      t.change(10);
      ASSERT_TRUE(t.cut());
      EXPECT_EQ(t.store->list()->size(), std::min(i, retained));
      expect_all_intact(t);
      EXPECT_EQ(t.files(), t.referenced());
    }
  }
}

TEST(Retire, ALateDeletionOfAnOldCutLeavesWhatNewerOnesShareWithIt) {
  base::test_env env;
  toy t(env, toy_options(1));
  ASSERT_TRUE(t.start());
  t.change(100);
  ASSERT_TRUE(t.cut());
  t.change(5);
  env.fs().fail(fs_op::remove, 1, EIO, true);  // the old manifest does not go away yet
  ASSERT_TRUE(t.cut());
  EXPECT_EQ(t.store->list()->size(), 2u);
  t.change(5);
  env.fs().stop_failing();
  ASSERT_TRUE(t.cut());
  EXPECT_EQ(t.store->list()->size(), 1u);
  expect_all_intact(t);
}

TEST(Retire, ACutThatIsGivenUpTakesNoSharedFileWithIt) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(100);
  ASSERT_TRUE(t.cut());
  t.change(5);
  ASSERT_TRUE(t.cut());
  const auto before = t.files();
  {
    auto cut = t.store->begin({t.store->next_number(), model::cut_kind::checkpoint, false}).take();
    t.write_blocks(*cut, false);
  }
  EXPECT_EQ(t.files(), before) << "its own files are gone, and only they";
  expect_all_intact(t);
}

TEST(Retire, AFailedCutTakesNoFileOfAnOlderCutWithIt) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 2; ++i) {
    t.change(50);
    ASSERT_TRUE(t.cut());
  }
  const auto before = t.files();
  for (std::uint64_t nth = 1; nth <= 6; ++nth) {
    t.change(50);
    env.fs().fail(fs_op::sync, nth, EIO);
    ASSERT_FALSE(t.cut().ok());
    EXPECT_EQ(t.files(), before);
    expect_all_intact(t);
  }
}

TEST(Retire, TheFilesOfARestoredCutOutliveThatCut) {
  base::test_env env;
  toy t(env, toy_options(1));
  ASSERT_TRUE(t.start());
  t.change(100);
  ASSERT_TRUE(t.cut());
  for (int run = 0; run < 4; ++run) {
    ASSERT_TRUE(t.start());
    for (int i = 0; i < 2; ++i) {
      t.change(3);
      ASSERT_TRUE(t.cut());
      EXPECT_EQ(t.store->list()->size(), 1u);
      expect_all_intact(t);
    }
  }
}

TEST(Retire, NothingIsOrphanedByACutThatFailedToRemoveItsFiles) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(50);
  env.fs().fail(fs_op::sync | fs_op::remove, 1, EIO, true);
  ASSERT_FALSE(t.cut().ok());
  env.fs().stop_failing();
  EXPECT_FALSE(t.files().empty());
  t.change(50);
  ASSERT_TRUE(t.cut());
  EXPECT_EQ(t.files(), t.referenced());
}

TEST(Retire, WhatACrashedCutLeftIsRemovedAtTheNextStart) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(50);
  ASSERT_TRUE(t.cut());
  env.fs().put(cat(directory, "/files/000000000009-0123456789abcdef0123456789abcdef.blocks"), "half");
  env.fs().put(cat(directory, "/cut-000000000009.manifest.tmp"), "half");
  env.fs().put(cat(directory, "/files/notes.txt"), "of a person");
  ASSERT_TRUE(t.start());
  auto expected = t.referenced();
  expected.insert("files/notes.txt");
  EXPECT_EQ(t.files(), expected);
  EXPECT_FALSE(*env.fs().exists(cat(directory, "/cut-000000000009.manifest.tmp")));
}

TEST(Retire, AManifestThatCannotBeReadKeepsTheFilesOfItsTime) {
  base::test_env env;
  toy t(env, toy_options(3));
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 3; ++i) {
    t.change(50);
    ASSERT_TRUE(t.cut());
  }
  const auto before = t.files();
  const std::string path = cat(directory, "/cut-000000000003.manifest");
  const std::string good = *env.fs().read_whole(path);
  env.fs().put(path, "damaged");
  ASSERT_TRUE(t.start());
  EXPECT_EQ(t.restored, 2u);
  EXPECT_EQ(t.files(), before) << "a person may still repair it";
  env.fs().put(path, good);
  ASSERT_TRUE(t.start());
  EXPECT_EQ(t.restored, 3u);
  env.fs().put(path, "damaged");
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 3; ++i) {
    t.change(50);
    ASSERT_TRUE(t.cut());
  }
  EXPECT_EQ(t.store->list()->size(), 3u);
  EXPECT_FALSE(*env.fs().exists(path)) << "it retires with the others of its time";
  EXPECT_EQ(t.files(), t.referenced());
  expect_all_intact(t);
}

TEST(Retire, KeepsTheFilesOfAnOldCutUntilAPowerCutCannotBringItBack) {
  base::test_env env;
  toy t(env, toy_options(1));
  ASSERT_TRUE(t.start());
  t.change(50);
  ASSERT_TRUE(t.cut());
  {  // a full cut shares nothing
    auto given_up = t.store->begin({t.store->next_number(), model::cut_kind::checkpoint, false}).take();
  }
  t.change(50);
  env.fs().fail(fs_op::sync_directory, 3, EIO);  // the one behind the removal of the old manifest
  ASSERT_TRUE(t.cut());
  t.change(5);
  env.fs().fail(fs_op::rename, 1, EIO);  // a cut that gets as far as to sync the directory of the files
  ASSERT_FALSE(t.cut().ok());
  t.store.reset();
  env.fs().crash();
  const auto back = open_snapshot(env, cat(directory, "/cut-000000000001.manifest"));
  ASSERT_TRUE(back.ok()) << back.why().text();
  t.expect_intact(*back);
}

TEST(Retire, AnOpenSnapshotKeepsItsFiles) {
  base::test_env env;
  toy t(env, toy_options(1));
  ASSERT_TRUE(t.start());
  t.change(100);
  ASSERT_TRUE(t.cut());
  auto held = std::make_unique<snapshot>(t.store->newest()->value());
  const auto files = t.files();
  t.change(100);
  ASSERT_TRUE(t.cut(model::cut_kind::checkpoint, true)) << "a full cut shares nothing";
  t.expect_intact(*held);
  EXPECT_TRUE(held->verify().ok());
  held.reset();
  ASSERT_TRUE(t.cut());
  const auto left = t.files();
  for (const std::string& f : files) EXPECT_FALSE(left.contains(f)) << f;
  expect_all_intact(t);
}

}  // namespace
}  // namespace weir::checkpoint::test
