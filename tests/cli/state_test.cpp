// `weir checkpoint` and `weir state` on cuts of a real store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "../unit/state/rows.hpp"
#include "base/cat.hpp"
#include "checkpoint/storage.hpp"
#include "program.hpp"

namespace weir::cli {
namespace {

using base::cat;
using testing::ElementsAre;
using testing::HasSubstr;

words lines_of(const std::string& text) {
  words out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// Three cuts of an operator "count" with a value and a timer by account, at parallelism 2.
class StateCommands : public testing::Test {
 protected:
  void SetUp() override {
    checkpoint::options how;
    how.directory = files_.path() + "/cuts";
    how.pipeline = "toy";
    how.key_groups = 128;
    store_ = checkpoint::storage::open(base::real_env(), how).take();
    for (std::uint32_t s = 0; s < 2; ++s)
      subtasks_.push_back(
          std::make_unique<state::store>(state::test::shape_of(keys_, {state::test::value_of_longs("total")},
                                                               {{"deadline", 0}}, model::key_groups_of(s, 2, 128)),
                                         base::real_env()));
    for (std::int64_t account = 1; account <= 20; ++account) put(account, 100 * account);
    cut(1);
    put(3, 333);
    cut(2);
    put(7, 777);
    forget(5);
    put(21, 2100);
    cut(3);
  }
  state::store& owner(std::int64_t account) {
    const auto batch = keys_.batch({account});
    const auto group = model::key_group(model::hash_key(*batch, keys_.key(), 0), 128);
    return *subtasks_[model::subtask_of(group, 2, 128)];
  }
  void put(std::int64_t account, std::int64_t value) {
    weir_slot* slot = state::test::slot_of(owner(account), 0, keys_, account);
    slot->flags |= WEIR_SLOT_PRESENT;
    state::test::long_in(slot) = value;
  }
  void forget(std::int64_t account) {
    weir_slot* slot = state::test::slot_of(owner(account), 0, keys_, account);
    ASSERT_EQ(owner(account).clear(0, slot), WEIR_OK);
  }
  void cut(std::uint64_t number) {
    auto writer = store_->begin({number, model::cut_kind::checkpoint, false}).take();
    for (std::uint32_t s = 0; s < 2; ++s) {
      subtasks_[s]->cut();
      for (const auto& block : state::test::capture_all(*subtasks_[s]))
        writer->state_block("count", s, model::key_groups_of(s, 2, 128), block);
      checkpoint::node_snapshot n;
      n.operator_id = "count";
      n.subtask = s;
      writer->node(n);
    }
    const auto done = writer->finish();
    ASSERT_TRUE(done.ok()) << done.why().text();
  }
  std::string cuts() const { return files_.path() + "/cuts"; }
  std::string manifest(int cut) const { return cat(cuts(), "/cut-00000000000", cut, ".manifest"); }

  temporary_folder files_;
  state::test::key_maker keys_{"account: int64", false};
  std::unique_ptr<checkpoint::storage> store_;
  std::vector<std::unique_ptr<state::store>> subtasks_;
};

TEST_F(StateCommands, ListsCutsNewestFirst) {
  const auto text = weir({"checkpoint", "ls", cuts()});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("cut 3  checkpoint  "));
  EXPECT_LT(text.out.find("cut 3"), text.out.find("cut 1"));
  const auto json = weir({"checkpoint", "ls", cuts(), "--json"});
  EXPECT_THAT(json.out,
              HasSubstr("{\"cut\":2,\"path\":\"" + manifest(2) + "\",\"pipeline\":\"toy\",\"kind\":\"checkpoint\""));
}

TEST_F(StateCommands, VerifiesEveryByteAndNamesTheFile) {
  EXPECT_EQ(weir({"checkpoint", "verify", cuts()}).code, 0);
  auto& fs = base::real_env().fs();
  const auto newest = checkpoint::open_snapshot(base::real_env(), manifest(3)).take();
  const std::string path = cat(cuts(), "/", newest.facts().nodes.name);
  std::string bytes = *fs.read_whole(path);
  bytes[70] ^= 1;
  ASSERT_TRUE(fs.write_atomically(path, bytes));
  const auto bad = weir({"checkpoint", "verify", cuts()});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, HasSubstr("DAMAGED  " + path));
  // Looking at the directory falls back and says so; looking at the cut itself fails.
  const auto fallback = weir({"state", "ls", cuts()});
  EXPECT_EQ(fallback.code, 0);
  EXPECT_THAT(fallback.err, HasSubstr(path));
  EXPECT_THAT(fallback.out, HasSubstr("\"cut\":2"));
  EXPECT_NE(weir({"state", "ls", manifest(3)}).code, 0);
}

TEST_F(StateCommands, CountsEntries) {
  const auto run = weir({"state", "ls", cuts()});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(
      run.out,
      "{\"operator\":\"count\",\"state\":\"total\",\"kind\":\"value\",\"entries\":20,\"name_spaces\":1,\"cut\":3}\n");
}

TEST_F(StateCommands, ShowsWhatAKeyHasAsOfACut) {
  const auto now = weir({"state", "get", cuts(), "count", "total", "{\"account\":3}"});
  EXPECT_EQ(now.out,
            "{\"operator\":\"count\",\"state\":\"total\",\"kind\":\"value\",\"name_space\":0,\"key\":{\"account\":3},"
            "\"value\":{\"v0\":333}}\n");
  EXPECT_THAT(weir({"state", "get", manifest(1), "count", "total", "{\"account\":3}"}).out, HasSubstr("{\"v0\":300}"));
  const auto gone = weir({"state", "get", cuts(), "count", "total", "{\"account\":5}"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, HasSubstr("no entry has the key"));
  EXPECT_THAT(weir({"state", "get", cuts(), "count", "total", "account=3"}).err, HasSubstr("no JSON object"));
  const auto unknown = weir({"state", "get", cuts(), "cuont", "total", "{}"});
  EXPECT_EQ(unknown.code, 78);
  EXPECT_THAT(unknown.err, HasSubstr("there is state of count"));
}

TEST_F(StateCommands, ScansAndExports) {
  EXPECT_EQ(lines_of(weir({"state", "scan", cuts(), "count", "--limit", "4"}).out).size(), 4u);
  const std::string file = files_.path() + "/out.jsonl";
  EXPECT_EQ(weir({"state", "export", cuts(), "-o", file}).code, 0);
  const auto lines = lines_of(read_file(file));
  EXPECT_EQ(lines.size(), 20u);
  EXPECT_EQ(lines, lines_of(weir({"state", "scan", cuts(), "count", "total"}).out));
  EXPECT_THAT(lines, testing::Contains(HasSubstr("\"key\":{\"account\":21},\"value\":{\"v0\":2100}")));
  EXPECT_TRUE(weir({"state", "export", cuts(), "--state", "other"}).out.empty());
}

TEST_F(StateCommands, ShowsHowTwoCutsDiffer) {
  const auto same = weir({"state", "diff", manifest(3), cuts()});
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_EQ(same.out, "");
  const auto run = weir({"state", "diff", manifest(2), manifest(3)});
  EXPECT_EQ(run.code, 1);
  const std::string of =
      "\"operator\":\"count\",\"state\":\"total\",\"kind\":\"value\",\"name_space\":0,\"key\":{\"account\":";
  EXPECT_THAT(lines_of(run.out),
              ElementsAre("{\"change\":\"added\"," + of + "21},\"after\":{\"v0\":2100}}",
                          "{\"change\":\"changed\"," + of + "7},\"before\":{\"v0\":700},\"after\":{\"v0\":777}}",
                          "{\"change\":\"removed\"," + of + "5},\"before\":{\"v0\":500}}"));
}

TEST_F(StateCommands, ReadASavepointAndAStateDirectory) {
  const std::string savepoint = files_.path() + "/save";
  ASSERT_TRUE(store_->make_savepoint(3, savepoint));
  EXPECT_EQ(weir({"state", "diff", cuts(), savepoint}).code, 0);
  EXPECT_THAT(weir({"checkpoint", "ls", savepoint}).out, HasSubstr("cut 3  savepoint"));
  auto& fs = base::real_env().fs();
  ASSERT_TRUE(fs.make_directories(files_.path() + "/states/toy/checkpoints/7"));
  ASSERT_TRUE(fs.make_directories(files_.path() + "/states/toy/checkpoints/8"));  // has no cut yet
  ASSERT_TRUE(fs.remove(files_.path() + "/states/toy/checkpoints/7"));
  ASSERT_TRUE(fs.rename(cuts(), files_.path() + "/states/toy/checkpoints/7"));
  EXPECT_EQ(weir({"state", "diff", savepoint, files_.path() + "/states/toy"}).code, 0);
  const auto by_name = weir({"state", "ls", "toy"}, {{"WEIR_STATE_DIR", files_.path() + "/states"}});
  EXPECT_EQ(by_name.code, 0) << by_name.err;
  EXPECT_THAT(by_name.out, HasSubstr("\"entries\":20"));
  const auto nobody = weir({"state", "ls", "nobody"}, {{"WEIR_STATE_DIR", files_.path() + "/states"}});
  EXPECT_EQ(nobody.code, 78);
  EXPECT_THAT(nobody.err, HasSubstr("there is no " + files_.path() + "/states/nobody"));
}

}  // namespace
}  // namespace weir::cli
