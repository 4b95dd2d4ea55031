#include "checkpoint/storage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy.hpp"

namespace weir::checkpoint::test {
namespace {

using testing::HasSubstr;

TEST(Storage, StartsEmptyAndRestoresWhatWasCut) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  EXPECT_FALSE(t.store->newest()->has_value());
  EXPECT_TRUE(t.store->list()->empty());
  EXPECT_EQ(t.store->next_number(), 1u);
  for (int i = 1; i <= 7; ++i) {
    t.change(20);
    const auto info = t.cut();
    ASSERT_TRUE(info.ok()) << info.why().text();
    EXPECT_EQ(info->cut, static_cast<std::uint64_t>(i));
    const auto newest = t.store->newest();
    ASSERT_TRUE(newest.ok() && newest->has_value());
    EXPECT_EQ((*newest)->facts().cut, info->cut);
    EXPECT_THAT((*newest)->problems(), testing::IsEmpty());
    t.expect_intact(**newest);
  }
  EXPECT_EQ(t.store->list()->size(), 2u);
  EXPECT_EQ(t.files(), t.referenced());
  ASSERT_TRUE(t.start());
  EXPECT_EQ(t.restored, 7u);
  EXPECT_EQ(t.store->next_number(), 8u);
}

TEST(Storage, KeepsEverythingOfANode) {
  base::test_env env;
  auto store = storage::open(env, toy_options()).take();
  auto cut = store->begin({1, model::cut_kind::checkpoint, false}).take();
  node_snapshot n;
  n.operator_id = "trades";
  n.subtask = 1;
  n.parallelism = 2;
  n.component = "kafka.source";
  n.plugin_sha256 = std::string(64, 'f');
  n.saved = {"a", "", std::string(20 << 20, 'b')};
  n.prepared = {std::string("\0x", 2)};
  n.splits = {{"topic/0", std::string("\xff\x00\x01", 3)}, {"topic/1", ""}};
  n.in_flight = "overtaken";
  n.watermark_us = -7;
  n.counts = {{"late", 3}, {"records_in", UINT64_MAX}};
  cut->node(n);
  node_snapshot other;
  other.operator_id = "out";
  cut->node(other);
  ASSERT_TRUE(cut->finish());
  const auto back = store->newest()->value();
  EXPECT_TRUE(back.nodes() == (std::vector{n, other}));
  EXPECT_EQ(back.nodes_of("trades").size(), 1u);
  EXPECT_TRUE(back.nodes_of("nobody").empty());
}

TEST(Storage, WritesOnlyWhatChanged) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(2000);
  const auto first = t.cut();
  const auto second = t.cut();
  EXPECT_EQ(first->files, 5u);  // two operators of two subtasks, and the nodes
  EXPECT_EQ(second->files, 5u);
  EXPECT_LT(second->new_bytes, 700u);  // the nodes alone
  EXPECT_EQ(second->state_bytes, first->state_bytes);
  t.expect_newest_intact();
}

TEST(Storage, HasOneWriter) {
  base::test_env env;
  auto first = storage::open(env, toy_options()).take();
  const auto second = storage::open(env, toy_options());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.why().text(), HasSubstr(cat(directory, " is in use by another weir")));
  first.reset();
  EXPECT_TRUE(storage::open(env, toy_options()).ok());
}

TEST(Storage, RefusesTheDirectoryOfAnotherPipeline) {
  base::test_env env;
  {
    toy t(env);
    ASSERT_TRUE(t.start());
    ASSERT_TRUE(t.cut());
  }
  options how = toy_options();
  how.pipeline = "other";
  const auto opened = storage::open(env, how);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.why().text(), HasSubstr("pipeline toy"));
}

TEST(Storage, AsksWhetherItStillMayWriteBeforeACutExists) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  auto cut = t.store->begin({1, model::cut_kind::checkpoint, false}).take();
  t.write_blocks(*cut, false);
  const auto refused =
      cut->finish([] { return base::result<void>(base::external_error("another worker has taken over")); });
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.why().text(), HasSubstr("another worker has taken over"));
  EXPECT_TRUE(t.store->list()->empty());
}

TEST(Storage, RefusesCutsOutOfOrder) {
  base::test_env env;
  auto store = storage::open(env, toy_options()).take();
  auto one = store->begin({5, model::cut_kind::checkpoint, false}).take();
  EXPECT_FALSE(store->begin({6, model::cut_kind::checkpoint, false}).ok());
  ASSERT_TRUE(one->finish());
  EXPECT_FALSE(store->begin({5, model::cut_kind::checkpoint, false}).ok());
  EXPECT_TRUE(store->begin({6, model::cut_kind::checkpoint, false}).ok());
}

TEST(Storage, GoesOnBehindTheLastCompleteCutAfterOneThatWasGivenUp) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(30);
  ASSERT_TRUE(t.cut());
  t.change(30);
  {
    auto given_up = t.store->begin({2, model::cut_kind::checkpoint, false}).take();
    t.write_blocks(*given_up, false);
  }
  EXPECT_EQ(t.files(), t.referenced());
  t.change(30);
  ASSERT_TRUE(t.cut());
  t.expect_newest_intact();
}

TEST(Storage, MakesNoCutForAWriterThatHasBeenReplaced) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  ASSERT_TRUE(t.cut());
  const auto files = t.files();
  auto cut = t.store->begin({2, model::cut_kind::checkpoint, false}).take();
  t.write_blocks(*cut, false);
  std::vector<std::string> seen;
  const auto finished = cut->finish([&]() -> base::result<void> {
    for (const auto& e : *env.fs().list(directory)) seen.push_back(e.name);
    return base::external_error("another worker has taken over", {}, base::retry::never);
  });
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.why().text(), "cut 2: another worker has taken over");
  EXPECT_EQ(finished.why().how, base::retry::never);
  EXPECT_THAT(seen, testing::Contains("cut-000000000002.manifest.tmp")) << "asked as late as possible";
  EXPECT_EQ(t.files(), files);
  EXPECT_EQ(t.store->newest()->value().facts().cut, 1u);
}

TEST(Storage, RefusesAnotherNumberOfKeyGroups) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(10);
  ASSERT_TRUE(t.cut());
  const auto newest = **t.store->newest();
  t.store.reset();
  options how = toy_options();
  how.key_groups = 16;
  auto other = storage::open(env, how).take();
  const auto refused = other->continue_from(newest);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.why().text(), HasSubstr("8 key groups"));
}

TEST(Storage, RenamesAndDropsOperators) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(60);
  ASSERT_TRUE(t.cut());
  const tables before = t.now;
  ASSERT_TRUE(t.store->continue_from(**t.store->newest(), {{"count", "total"}}, {"join"}));
  auto cut = t.store->begin({2, model::cut_kind::checkpoint, false}).take();
  ASSERT_TRUE(cut->finish());
  const tables after = load(**t.store->newest());
  EXPECT_EQ(after, (tables{{"total", before.at("count")}}));
}

}  // namespace
}  // namespace weir::checkpoint::test
