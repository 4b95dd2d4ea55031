#include "supervisor/definition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_env.hpp"
#include "supervisor/history.hpp"

namespace weir::supervisor {
namespace {

using testing::HasSubstr;

struct Definitions : testing::Test {
  Definitions() { EXPECT_TRUE(env.fs().make_directories("/s")); }
  definition add(std::vector<std::string> sets = {}) {
    definition d;
    d.file = "risk.toml";
    d.text = "name = \"risk\"\n";
    d.sets = std::move(sets);
    d.origin = origin_of(d.text, d.sets);
    EXPECT_TRUE(add_definition(env, "/s", d));
    return d;
  }
  base::test_env env;
};

TEST_F(Definitions, AreNumberedAndReadAsTheyWereWritten) {
  EXPECT_EQ(*newest_definition(env, "/s"), 0);
  EXPECT_EQ(add().number, 1);
  const auto second = add({"a.b=1", "c.uses=\"x\ny\""});
  EXPECT_EQ(second.number, 2);
  EXPECT_EQ(*newest_definition(env, "/s"), 2);
  const auto read = read_definition(env, "/s", 2);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->text, second.text);
  EXPECT_EQ((*read)->sets, second.sets);
  EXPECT_EQ((*read)->origin, second.origin);
  EXPECT_FALSE((*read_definition(env, "/s", 3)).has_value());
}

TEST_F(Definitions, OriginTellsWhatAPersonGaveApart) {
  EXPECT_EQ(origin_of("t", {"a", "b"}), origin_of("t", {"a", "b"}));
  EXPECT_NE(origin_of("t", {"a", "b"}), origin_of("t", {"ab"}));
  EXPECT_NE(origin_of("t", {}), origin_of("u", {}));
}

TEST_F(Definitions, OldOnesGoWithThePluginsThatNobodyNames) {
  ASSERT_TRUE(env.fs().make_directories(kept_plugins("/s")));
  for (const char* name : {"aa.so", "bb.so", "cc.so"})
    ASSERT_TRUE(env.fs().write_atomically(base::join_path(kept_plugins("/s"), name), "x"));
  add({"plugin.x.path=/s/plugins/aa.so"});
  add({"plugin.x.path=/s/plugins/bb.so"});
  add({"plugin.x.path=/s/plugins/cc.so"});
  add();
  ASSERT_TRUE(trim_definitions(env, "/s", 1, 2));
  EXPECT_FALSE((*read_definition(env, "/s", 1)).has_value());
  EXPECT_TRUE((*read_definition(env, "/s", 2)).has_value()) << "it is needed";
  EXPECT_FALSE((*read_definition(env, "/s", 3)).has_value());
  EXPECT_TRUE((*read_definition(env, "/s", 4)).has_value());
  EXPECT_FALSE(*env.fs().exists("/s/plugins/aa.so"));
  EXPECT_TRUE(*env.fs().exists("/s/plugins/bb.so"));
  EXPECT_FALSE(*env.fs().exists("/s/plugins/cc.so"));
  EXPECT_EQ(add().number, 5) << "numbers are not used twice";
}

TEST_F(Definitions, ADamagedOneSaysSo) {
  add();
  ASSERT_TRUE(env.fs().write_atomically("/s/definitions/1.json", "{\"format\":1}"));
  const auto read = read_definition(env, "/s", 1);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.why().text(), HasSubstr("damaged"));
}

struct History : testing::Test {
  History() { EXPECT_TRUE(env.fs().make_directories("/s")); }
  base::test_env env;
};

TEST_F(History, ALaterEventOfAChangeStandsForIt) {
  change_record c;
  c.what = "swap";
  c.by = "alice";
  c.nodes.push_back({"score", "a", "b"});
  ASSERT_TRUE(note_change(env, "/s", c));
  EXPECT_EQ(c.number, 1);
  EXPECT_EQ((*pending_change(env, "/s"))->number, 1);
  env.advance_us(5);
  c.state = change_state::committed;
  c.pause_us = 7;
  ASSERT_TRUE(note_change(env, "/s", c));
  EXPECT_FALSE((*pending_change(env, "/s")).has_value());
  change_record next;
  next.what = "apply";
  ASSERT_TRUE(note_change(env, "/s", next));
  const auto all = read_history(env, "/s");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2);
  EXPECT_EQ((*all)[0].state, change_state::committed);
  EXPECT_EQ((*all)[0].pause_us, 7);
  EXPECT_EQ((*all)[0].at_us - (*all)[0].began_at_us, 5);
  EXPECT_EQ((*all)[0].nodes.front().id, "score");
  EXPECT_EQ((*all)[1].number, 2);
}

TEST_F(History, ATornLineIsLeftOutAndDoesNotTakeTheNextWithIt) {
  change_record c;
  c.what = "swap";
  ASSERT_TRUE(note_change(env, "/s", c));
  const auto text = *env.fs().read_whole("/s/history.jsonl");
  ASSERT_TRUE(env.fs().write_atomically("/s/history.jsonl", text + text.substr(0, text.size() / 2)));
  EXPECT_EQ(read_history(env, "/s")->size(), 1);
  change_record next;
  next.what = "rollback";
  ASSERT_TRUE(note_change(env, "/s", next));
  const auto all = read_history(env, "/s");
  ASSERT_EQ(all->size(), 2);
  EXPECT_EQ((*all)[1].what, "rollback");
}

}  // namespace
}  // namespace weir::supervisor
