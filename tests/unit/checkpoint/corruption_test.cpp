// Damage to retained cuts: always noticed, the file named, an older cut used where one is whole, and never loaded
// silently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toy.hpp"

namespace weir::checkpoint::test {
namespace {

using testing::HasSubstr;

struct victim {
  std::string path;
  std::string good;
};

std::vector<victim> everything(base::test_env& env) {
  std::vector<victim> out;
  for (const std::string& d : {std::string(directory), cat(directory, "/files")})
    for (const auto& e : *env.fs().list(d)) {
      const std::string path = cat(d, '/', e.name);
      if (e.kind == base::file_kind::regular && e.name != "LOCK") out.push_back({path, *env.fs().read_whole(path)});
    }
  return out;
}

/// Which retained cuts refer to a file, as it was before the damage.
std::set<std::uint64_t> cuts_with(const std::vector<std::pair<std::uint64_t, manifest>>& manifests,
                                  const std::string& path) {
  std::set<std::uint64_t> out;
  for (const auto& [cut, facts] : manifests) {
    if (path == cat(directory, "/cut-", std::string(12 - cat(cut).size(), '0'), cut, ".manifest")) out.insert(cut);
    for (const file_ref* f : facts.files())
      if (cat(directory, '/', f->name) == path) out.insert(cut);
  }
  return out;
}

TEST(Corruption, IsAlwaysNoticedAndAnOlderCutIsUsed) {
  base::test_env env;
  toy t(env, toy_options(3));
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 6; ++i) {  // full cuts between incremental ones: the retained three share some files, not all
    if (i >= 4) {
      auto given_up = t.store->begin({t.store->next_number(), model::cut_kind::checkpoint, false});
    }
    t.change(40);
    ASSERT_TRUE(t.cut());
  }
  std::vector<std::pair<std::uint64_t, manifest>> manifests;
  for (const auto& info : *t.store->list())
    manifests.emplace_back(info.cut, *decode_manifest(*env.fs().read_whole(info.path)));
  ASSERT_EQ(manifests.size(), 3u);
  const auto files = everything(env);
  std::mt19937_64 random(20260101);
  std::map<std::string, int> ways;
  int fell_back = 0, none_left = 0;
  for (int i = 0; i < 300; ++i) {
    const victim& v = files[random() % files.size()];
    std::set<std::string> hit{v.path};
    std::string way, bad = v.good;
    switch (random() % 5) {
      case 0:
        way = "flip";
        bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
        env.fs().put(v.path, bad);
        break;
      case 1:
        way = "truncate";
        env.fs().put(v.path, bad.substr(0, random() % bad.size()));
        break;
      case 2:
        way = "drop";
        ASSERT_TRUE(env.fs().remove(v.path));
        break;
      case 3:
        way = "grow";
        env.fs().put(v.path, bad + "more");
        break;
      default: {
        way = "swap";
        const victim& other = files[random() % files.size()];
        if (other.path == v.path) continue;
        env.fs().put(v.path, other.good);
        env.fs().put(other.path, v.good);
        hit.insert(other.path);
      }
    }
    SCOPED_TRACE(cat(way, ' ', v.path));
    ++ways[way];
    std::set<std::uint64_t> spoilt;
    for (const auto& path : hit) spoilt.merge(cuts_with(manifests, path));
    std::uint64_t expected = 0;
    for (const auto& [cut, facts] : manifests)
      if (!spoilt.contains(cut)) expected = std::max(expected, cut);
    const std::uint64_t newest_cut = manifests.front().first;

    auto newest = t.store->newest();
    std::string said;
    if (expected == 0) {
      ++none_left;
      ASSERT_FALSE(newest.ok()) << "every cut is damaged";
      said = newest.why().text();
    } else {
      ASSERT_TRUE(newest.ok()) << newest.why().text();
      ASSERT_TRUE(newest->has_value());
      EXPECT_EQ((*newest)->facts().cut, expected);
      t.expect_intact(**newest);
      fell_back += expected < newest_cut;
      for (const auto& p : (*newest)->problems()) said += cat(p, '\n');
    }
    // The damage is told if it concerns the newest cut, or the mark of it; and the file is named.
    for (const auto& path : hit) {
      const auto with = cuts_with(manifests, path);
      if (path.ends_with("/LATEST") || with.contains(newest_cut)) {
        // A cut with several damaged files is told by the first of them.
        EXPECT_TRUE(said.find(path) != std::string::npos || hit.size() > 1) << said;
        EXPECT_FALSE(said.empty());
      }
      // Whoever asks for a damaged cut itself never gets it.
      for (const std::uint64_t cut : with) {
        const std::string manifest_path =
            cat(directory, "/cut-", std::string(12 - cat(cut).size(), '0'), cut, ".manifest");
        const auto opened = open_snapshot(env, manifest_path);
        ASSERT_FALSE(opened.ok());
        EXPECT_THAT(opened.why().text(), hit.size() > 1 ? HasSubstr(directory) : HasSubstr(path));
      }
    }
    for (const victim& f : files) env.fs().put(f.path, f.good);
    if (testing::Test::HasFailure()) return;
  }
  for (const char* way : {"flip", "truncate", "drop", "grow", "swap"}) EXPECT_GT(ways[way], 30) << way;
  EXPECT_GT(fell_back, 50);
  static_cast<void>(none_left);
  EXPECT_TRUE(t.store->newest()->value().problems().empty());
}

TEST(Corruption, OfAFileThatAllCutsShareIsAnErrorAndNotAFreshStart) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  t.change(100);
  ASSERT_TRUE(t.cut());
  t.change(1);
  ASSERT_TRUE(t.cut());
  const auto newest = t.store->newest()->value();
  const std::string shared = cat(directory, '/', newest.facts().state[0].files[0].name);
  ASSERT_TRUE(env.fs().remove(shared));
  const auto found = t.store->newest();
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.why().text(), HasSubstr("none of its cuts can be used"));
  EXPECT_THAT(found.why().text(), HasSubstr(shared));
  EXPECT_FALSE(t.start().ok());
}

TEST(Corruption, ThatTakesAllCutsAwayIsNotAnEmptyDirectory) {
  base::test_env env;
  toy t(env, toy_options(1));
  ASSERT_TRUE(t.start());
  ASSERT_TRUE(t.cut());
  ASSERT_TRUE(env.fs().remove(cat(directory, "/cut-000000000001.manifest")));
  const auto found = t.store->newest();
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.why().text(), HasSubstr("cut-000000000001.manifest: it is missing"));
  EXPECT_FALSE(t.start().ok()) << "also after a restart";
}

TEST(Corruption, OfManifestsThatChangedPlacesIsNoticed) {
  base::test_env env;
  toy t(env, toy_options(3));
  ASSERT_TRUE(t.start());
  for (int i = 0; i < 3; ++i) {
    t.change(20);
    ASSERT_TRUE(t.cut());
  }
  const std::string two = cat(directory, "/cut-000000000002.manifest"),
                    three = cat(directory, "/cut-000000000003.manifest");
  const std::string bytes = *env.fs().read_whole(two);
  env.fs().put(two, *env.fs().read_whole(three));
  env.fs().put(three, bytes);
  const auto used = t.store->newest()->value();
  EXPECT_EQ(used.facts().cut, 1u);
  ASSERT_EQ(used.problems().size(), 2u);
  EXPECT_THAT(used.problems()[0], HasSubstr(three));
  EXPECT_THAT(used.problems()[1], HasSubstr(two));
}

TEST(Corruption, NumbersOfDamagedCutsAreNotUsedAgain) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  ASSERT_TRUE(t.cut());
  ASSERT_TRUE(t.cut());
  env.fs().put(cat(directory, "/cut-000000000002.manifest"), "x");
  ASSERT_TRUE(t.start());
  EXPECT_EQ(t.restored, 1u);
  EXPECT_EQ(t.store->next_number(), 3u);
}

TEST(Corruption, AnErrorThatIsNoDamageMakesNobodyFallBack) {
  base::test_env env;
  toy t(env);
  ASSERT_TRUE(t.start());
  ASSERT_TRUE(t.cut());
  ASSERT_TRUE(t.cut());
  const std::uint64_t reads = [&] {
    const std::uint64_t before = env.fs().count(base::fs_op::open_read);
    EXPECT_TRUE(t.store->newest().ok());
    return env.fs().count(base::fs_op::open_read) - before;
  }();
  for (std::uint64_t n = 1; n <= reads; ++n) {
    env.fs().fail(base::fs_op::open_read, n, EMFILE);
    const auto found = t.store->newest();
    ASSERT_FALSE(found.ok()) << n;
    EXPECT_EQ(found.why().how, base::retry::backoff);
  }
  env.fs().fail(base::fs_op::read, 10, EIO);
  EXPECT_TRUE(t.store->newest().ok());
}

}  // namespace
}  // namespace weir::checkpoint::test
