#include "model/live_change.hpp"

#include <gtest/gtest.h>

namespace weir::model {
namespace {

state_declaration state(std::string name, std::int64_t ttl_us = 0) {
  state_declaration d;
  d.name = std::move(name);
  d.value = schema::of({{"a", type_id::int64, false, {}}});
  d.ttl_us = ttl_us;
  return d;
}
state_shape shape(std::vector<state_declaration> states, std::vector<timer_declaration> timers = {}) {
  state_shape s;
  s.key = {{"k", type_id::int64, false, {}}};
  s.states = std::move(states);
  s.timers = std::move(timers);
  return s;
}

TEST(LiveChange, StatesMayComeMoveAndChangeTheirFields) {
  auto wider = state("n");
  wider.value = schema::of({{"a", type_id::float64, false, {}}});
  EXPECT_EQ(against_live_change(shape({state("n"), state("m")}), shape({state("m"), state("new"), wider})), "");
}

TEST(LiveChange, SaysWhatStandsAgainstIt) {
  const auto was = shape({state("n"), state("m", 5)}, {{"due", 0}});
  auto now = was;
  EXPECT_EQ(against_live_change(was, now), "");
  now.key = {{"k", type_id::int32, false, {}}};
  EXPECT_EQ(against_live_change(was, now), "its key is another one");
  now = was;
  now.timers = {{"due", 1}};
  EXPECT_EQ(against_live_change(was, now), "its timers are others");
  EXPECT_EQ(against_live_change(was, shape({state("n")}, was.timers)), "state m is not declared any more");
  EXPECT_EQ(against_live_change(was, shape({state("n"), state("m", 6)}, was.timers)),
            "state m has another time to live");
  EXPECT_EQ(against_live_change(shape({}), was), "nothing was kept before");
  EXPECT_EQ(against_live_change(was, shape({})), "nothing is kept any more");
}

}  // namespace
}  // namespace weir::model
