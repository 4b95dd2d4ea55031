#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "toy.hpp"

namespace weir::checkpoint::test {
namespace {

using base::fs_op;

std::size_t chain_of(toy& t, const std::string& id) {
  const snapshot newest = t.store->newest()->value();
  for (const state_chain& c : newest.facts().state)
    if (c.operator_id == id) return c.files.size();
  return 0;
}

TEST(Fold, MakesOneBaseOfALongChainAndChangesNothingElse) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 4; ++i) {
    t.change(30);
    EXPECT_FALSE(t.store->wants_fold());
    ASSERT_TRUE(t.cut());
  }
  EXPECT_EQ(chain_of(t, "count"), 8u);
  EXPECT_TRUE(t.store->wants_fold());
  EXPECT_EQ(*t.store->fold(make_toy_merger, divide_toy), 2u);
  EXPECT_FALSE(t.store->wants_fold());
  EXPECT_EQ(*t.store->fold(make_toy_merger, divide_toy), 0u);
  t.expect_newest_intact();
  t.change(30);
  ASSERT_TRUE(t.cut());
  EXPECT_EQ(chain_of(t, "count"), 3u);  // the base, and what two subtasks changed since
  t.expect_newest_intact();
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 3; ++i) {
    t.change(5);
    ASSERT_TRUE(t.cut());
  }
  EXPECT_EQ(t.files(), t.referenced());
}

TEST(Fold, GoesOnWhileCutsAreWritten) {
  for (int when = 0; when < 3; ++when) {  // before its first file, between its files, and in the second chain
    SCOPED_TRACE(when);
    base::test_env env;
    options how = toy_options(1);
    how.fold_bytes = 500;
    toy t(env, how);
    ASSERT_TRUE(t.start());
    for (int i = 0; i < 5; ++i) {
      t.change(60);
      ASSERT_TRUE(t.cut());
    }
    int merged = 0;
    auto make = [&](const std::string& id, model::key_group_range range) {
      if (merged++ == when) {
        for (int i = 0; i < 2; ++i) {
          t.change(10);
          EXPECT_TRUE(t.cut().ok());
        }
      }
      return make_toy_merger(id, range);
    };
    EXPECT_EQ(*t.store->fold(make, divide_toy), 2u);
    EXPECT_GE(merged, 4);
    t.change(10);
    ASSERT_TRUE(t.cut());
    t.expect_newest_intact();
    EXPECT_EQ(t.files(), t.referenced());
  }
}

TEST(Fold, IsThrownAwayWhenAFullCutTookThePlaceOfItsChain) {
  base::test_env env;
  toy t(env, toy_options(1));
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 5; ++i) {
    t.change(30);
    ASSERT_TRUE(t.cut());
  }
  int merged = 0;
  auto make = [&](const std::string& id, model::key_group_range range) {
    if (merged++ == 0) {
      t.change(30);
      EXPECT_TRUE(t.cut(model::cut_kind::checkpoint, true).ok());
    }
    return make_toy_merger(id, range);
  };
  EXPECT_EQ(*t.store->fold(make, divide_toy), 0u);
  t.change(30);
  ASSERT_TRUE(t.cut());
  t.expect_newest_intact();
  EXPECT_EQ(t.files(), t.referenced());
}

TEST(Fold, HoldsOnlyAPartOfALargeStateInMemoryAtOnce) {
  base::test_env env;
  options how = toy_options();
  how.fold_bytes = 500;
  toy t(env, how);
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 4; ++i) {
    t.change(60);
    ASSERT_TRUE(t.cut());
  }
  std::set<std::pair<std::uint32_t, std::uint32_t>> slices;
  auto make = [&](const std::string& id, model::key_group_range range) {
    slices.emplace(range.begin, range.end);
    return make_toy_merger(id, range);
  };
  EXPECT_EQ(*t.store->fold(make, divide_toy), 2u);
  EXPECT_GT(slices.size(), 2u);
  for (const auto& [begin, end] : slices) EXPECT_LT(end - begin, groups);
  ASSERT_TRUE(t.cut());
  t.expect_newest_intact();
}

TEST(Fold, ReadsAChainOnceHoweverManyPartsItIsMergedIn) {
  base::test_env env;
  options how = toy_options();
  how.fold_bytes = 100;
  toy t(env, how);
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 4; ++i) {
    t.change(60);
    ASSERT_TRUE(t.cut());
  }
  std::size_t merged_bytes = 0, parts = 0;
  struct counting final : block_merger {
    counting(model::key_group_range range, std::size_t& bytes) : merger(range), seen(bytes) {}
    base::result<void> add(std::string_view block, const block_source& from) override {
      seen += block.size();
      return merger.add(block, from);
    }
    base::result<bool> take(std::string& block) override { return merger.take(block); }
    toy_merger merger;
    std::size_t& seen;
  };
  auto make = [&](const std::string&, model::key_group_range range) -> base::result<std::unique_ptr<block_merger>> {
    ++parts;
    return std::unique_ptr<block_merger>(std::make_unique<counting>(range, merged_bytes));
  };
  std::uint64_t raw = 0;
  {
    const auto newest = t.store->newest().take();
    for (const auto& chain : newest->facts().state)
      for (const auto& f : chain.files) raw += f.raw_bytes;
  }
  EXPECT_EQ(*t.store->fold(make, divide_toy), 2u);
  EXPECT_GE(parts, 8u);
  EXPECT_EQ(merged_bytes, raw);
  t.change(5);
  ASSERT_TRUE(t.cut());  // refers to the base, and what nothing refers to goes
  ASSERT_TRUE(t.cut());
  EXPECT_EQ(t.files(), t.referenced()) << "what it made for itself is gone";
  t.expect_newest_intact();
}

TEST(Fold, IsKeptThoughNoCutRefersToItYet) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 4; ++i) {
    t.change(30);
    ASSERT_TRUE(t.cut());
  }
  ASSERT_TRUE(t.store->make_savepoint(4, "/backup/s"));
  const auto elsewhere = open_snapshot(env, "/backup/s").take();
  EXPECT_EQ(*t.store->fold(make_toy_merger, divide_toy), 2u);
  // A restore that fails half way cleans up behind itself.
  env.fs().fail(fs_op::sync_directory, 1, EIO);
  EXPECT_FALSE(t.store->continue_from(elsewhere).ok());
  t.change(5);
  ASSERT_TRUE(t.cut());
  t.expect_newest_intact();
}

TEST(Fold, ThatFailsLeavesTheChainAsItWas) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 4; ++i) {
    t.change(30);
    ASSERT_TRUE(t.cut());
  }
  const auto before = t.files();
  auto refuse = [](const std::string&, model::key_group_range) -> base::result<std::unique_ptr<block_merger>> {
    return base::host_error("no merger");
  };
  const auto refused = t.store->fold(refuse, divide_toy);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.why().text(), testing::HasSubstr("folding the state of count: no merger"));
  env.fs().fail(fs_op::sync, 2, EIO);
  EXPECT_FALSE(t.store->fold(make_toy_merger, divide_toy).ok());
  t.change(5);
  ASSERT_TRUE(t.cut());
  t.expect_newest_intact();
  for (const std::string& f : before)
    if (t.referenced().contains(f)) {
      EXPECT_TRUE(t.files().contains(f));
    }
  EXPECT_EQ(*t.store->fold(make_toy_merger, divide_toy), 1u);
}

}  // namespace
}  // namespace weir::checkpoint::test
