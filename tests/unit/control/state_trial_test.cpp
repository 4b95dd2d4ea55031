// What one process asks another about state arrives as it was.
#include "control/state_trial.hpp"

#include <gmock/gmock.h>

#include "weir/ext/draft/state.h"

namespace weir::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(StateTrial, AQuestionArrivesAsItWasAsked) {
  state_question asked;
  asked.allow_dropped = true;
  kept_state kept;
  kept.node = "counts";
  kept.was.key = {{"id", model::type_id::int64, false, {}}};
  kept.was.states = {{.name = "m",
                      .kind = WEIR_STATE_MAP,
                      .value = model::parse_schema("a: int64, \"odd name\": list<utf8?>").take(),
                      .map_key = model::parse_schema("k: utf8").take()},
                     {.name = "v",
                      .kind = WEIR_STATE_VALUE,
                      .value = model::parse_schema("n: int32").take(),
                      .map_key = nullptr,
                      .value_size = 4}};
  kept.was.timers = {{"due", 1}};
  kept.samples = {{"m", {std::string("\0\xff\n\"", 4), ""}, {"key"}}, {"v", {}, {}}};
  asked.operators = {kept};
  const auto read = read_question(to_json(asked, "name = \"x\"\n"));
  ASSERT_TRUE(read) << read.why().text();
  EXPECT_EQ(read->second, "name = \"x\"\n");
  const state_question& got = read->first;
  EXPECT_TRUE(got.allow_dropped);
  ASSERT_EQ(got.operators.size(), 1u);
  const kept_state& k = got.operators[0];
  EXPECT_EQ(k.node, "counts");
  EXPECT_EQ(k.was.key, kept.was.key);
  ASSERT_EQ(k.was.states.size(), 2u);
  EXPECT_EQ(k.was.states[0].value->text(), kept.was.states[0].value->text());
  EXPECT_EQ(k.was.states[0].map_key->text(), "k: utf8");
  EXPECT_EQ(k.was.states[1].map_key, nullptr);
  EXPECT_EQ(k.was.states[1].value_size, 4u);
  EXPECT_EQ(k.was.timers[0].name, "due");
  EXPECT_EQ(k.was.timers[0].time_kind, 1u);
  EXPECT_THAT(k.samples[0].values, ElementsAre(std::string("\0\xff\n\"", 4), ""));
  EXPECT_THAT(k.samples[0].map_keys, ElementsAre("key"));
}

TEST(StateTrial, AnswersAreFoundAmongWhatAPluginPrints) {
  const auto answers = to_json({{"counts", "refused: state t: \"x\"\nno", true}});
  const auto read = read_answers("hello from a plugin\n" + answers + "\nfile: ok, 3 nodes\n");
  ASSERT_TRUE(read) << read.why().text();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->front().node, "counts");
  EXPECT_EQ(read->front().told, "refused: state t: \"x\"\nno");
  EXPECT_TRUE(read->front().refused);
  EXPECT_TRUE(read_answers("\n" + answers + "\nfile: ok, 3 nodes\n"));
  EXPECT_FALSE(read_answers("file: ok, 3 nodes\n"));
  EXPECT_THAT(read_question("{}").why().text(), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace weir::control
