#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "toy.hpp"

namespace weir::checkpoint::test {
namespace {

using base::fs_op;
using testing::HasSubstr;

/// Copies a tree as `cp -r` does.
void copy_tree(base::test_env& env, const std::string& from, const std::string& to) {
  for (const auto& e : *env.fs().list(from)) {
    const std::string a = cat(from, '/', e.name), b = cat(to, '/', e.name);
    if (e.kind == base::file_kind::directory)
      copy_tree(env, a, b);
    else
      env.fs().put(b, *env.fs().read_whole(a));
  }
}

struct with_cuts {
  base::test_env env;
  toy t{env};
  with_cuts() {
    EXPECT_TRUE(t.start());
    for (int i = 0; i < 3; ++i) {
      t.change(30);
      EXPECT_TRUE(t.cut().ok());
    }
  }
};

TEST(Savepoint, IsCompleteByItselfAndStaysWhenItsCutRetires) {
  with_cuts w;
  const auto made = w.t.store->make_savepoint(3, "/backup/deep/before-upgrade");
  ASSERT_TRUE(made.ok()) << made.why().text();
  EXPECT_EQ(made->kind, model::cut_kind::savepoint);
  for (int i = 0; i < 4; ++i) {
    w.t.change(30);
    ASSERT_TRUE(w.t.cut());
  }
  w.t.store.reset();
  ASSERT_TRUE(w.env.fs().remove_tree(directory));
  const auto opened = open_snapshot(w.env, "/backup/deep/before-upgrade");
  ASSERT_TRUE(opened.ok()) << opened.why().text();
  EXPECT_EQ(opened->facts().kind, model::cut_kind::savepoint);
  w.t.expect_intact(*opened);
}

TEST(Savepoint, SurvivesAPowerCutOnceItIsMade) {
  with_cuts w;
  ASSERT_TRUE(w.t.store->make_savepoint(3, "/backup/s"));
  w.env.fs().crash();
  const auto opened = open_snapshot(w.env, "/backup/s");
  ASSERT_TRUE(opened.ok()) << opened.why().text();
  w.t.expect_intact(*opened);
}

TEST(Savepoint, MayBeMovedAndRestoredIntoAnotherStorageAndThenDeleted) {
  with_cuts w;
  ASSERT_TRUE(w.t.store->make_savepoint(3, "/backup/s"));
  copy_tree(w.env, "/backup/s", "/elsewhere/t");
  options how = toy_options();
  how.directory = "/new/checkpoints";
  toy other(w.env, how);
  other.at_cut = w.t.at_cut;
  ASSERT_TRUE(other.start());
  const auto from = open_snapshot(w.env, "/elsewhere/t");
  ASSERT_TRUE(from.ok());
  other.now = {{"count", {}}, {"join", {}}};
  for (auto& [id, t] : load(*from)) other.now[id] = t;
  ASSERT_TRUE(other.store->continue_from(*from));
  ASSERT_TRUE(w.env.fs().remove_tree("/elsewhere"));
  EXPECT_EQ(other.store->next_number(), 4u) << "numbers go on: sinks remember them";
  other.change(5);
  ASSERT_TRUE(other.cut());
  w.env.fs().crash();
  ASSERT_TRUE(other.start());
  EXPECT_EQ(other.restored, 4u);
}

TEST(Savepoint, ComesBackIntoTheStorageItIsOf) {
  with_cuts w;
  ASSERT_TRUE(w.t.store->make_savepoint(3, "/backup/s"));
  for (int i = 0; i < 3; ++i) {
    w.t.change(30);
    ASSERT_TRUE(w.t.cut());
  }
  const auto from = open_snapshot(w.env, "/backup/s");
  ASSERT_TRUE(w.t.store->continue_from(*from));
  ASSERT_TRUE(w.t.store->continue_from(*from)) << "twice is fine";
  w.t.now = {{"count", {}}, {"join", {}}};
  for (auto& [id, t] : load(*from)) w.t.now[id] = t;
  EXPECT_EQ(w.t.store->next_number(), 7u);
  {
    auto cut = w.t.store->begin({7, model::cut_kind::checkpoint, false}).take();
    ASSERT_TRUE(cut->finish());
  }
  EXPECT_EQ(load(w.t.store->newest()->value()), load(*from));
}

TEST(Savepoint, IsCopiedWhereNoHardLinkIsPossible) {
  with_cuts w;
  w.env.fs().fail(fs_op::link, 1, EXDEV, true);
  ASSERT_TRUE(w.t.store->make_savepoint(3, "/backup/s"));
  w.env.fs().crash();
  const auto opened = open_snapshot(w.env, "/backup/s");
  ASSERT_TRUE(opened.ok()) << opened.why().text();
  w.t.expect_intact(*opened);
}

TEST(Savepoint, LeavesNothingWhenItFails) {
  with_cuts w;
  const std::uint64_t before = w.env.fs().count(fs_op::changing);
  ASSERT_TRUE(w.t.store->make_savepoint(3, "/backup/s"));
  const std::uint64_t steps = w.env.fs().count(fs_op::changing) - before;
  ASSERT_TRUE(w.env.fs().remove_tree("/backup/s"));
  int failed = 0;
  for (std::uint64_t n = 1; n <= steps; ++n) {
    w.env.fs().fail(fs_op::changing, n, ENOSPC);
    const auto made = w.t.store->make_savepoint(3, "/backup/s");
    w.env.fs().stop_failing();
    if (made) {  // a link that failed is a copy that worked
      const auto opened = open_snapshot(w.env, "/backup/s");
      ASSERT_TRUE(opened.ok()) << opened.why().text();
      ASSERT_TRUE(w.env.fs().remove_tree("/backup/s"));
      continue;
    }
    ++failed;
    EXPECT_FALSE(*w.env.fs().exists("/backup/s")) << n;
  }
  EXPECT_GT(failed, 10);
  w.t.expect_newest_intact();
}

TEST(Savepoint, RefusesADirectoryWithSomethingInIt) {
  with_cuts w;
  w.env.fs().put("/backup/s/precious", "x");
  const auto made = w.t.store->make_savepoint(3, "/backup/s");
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.why().text(), HasSubstr("/backup/s is not empty"));
  EXPECT_TRUE(*w.env.fs().exists("/backup/s/precious"));
}

TEST(OpenSnapshot, TakesADirectoryOrAManifestAndSaysWhatItWants) {
  with_cuts w;
  EXPECT_EQ(open_snapshot(w.env, directory)->facts().cut, 3u);
  EXPECT_EQ(open_snapshot(w.env, cat(directory, "/cut-000000000002.manifest"))->facts().cut, 2u);
  EXPECT_THAT(open_snapshot(w.env, "/nowhere").why().text(), HasSubstr("/nowhere does not exist"));
  ASSERT_TRUE(w.env.fs().make_directories("/empty"));
  EXPECT_THAT(open_snapshot(w.env, "/empty").why().text(), HasSubstr("no complete cut"));
}

}  // namespace
}  // namespace weir::checkpoint::test
