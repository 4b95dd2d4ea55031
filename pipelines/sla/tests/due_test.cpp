#include "calendar/due.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/harness.hpp>

namespace sla {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::test::table;
using weir::test::value;

weir::time utc(year_month_day date, minutes clock) { return sys_days{date} + clock; }

desk_hours::rules office() {
  return {.opens = 8h, .closes = 18h, .weekdays = 0x3e, .holidays = {sys_days{2026y / April / 3}}};
}

TEST(DeskHours, CountOnlyWhileTheDeskIsOpen) {
  const desk_hours desk{office()};
  const auto thursday = 2026y / April / 2, tuesday = 2026y / April / 7, monday = 2026y / April / 6;
  EXPECT_EQ(desk.after(utc(thursday, 9h), 2h), utc(thursday, 11h));
  EXPECT_EQ(desk.after(utc(thursday, 6h), 2h), utc(thursday, 10h)) << "the count begins when it opens";
  EXPECT_EQ(desk.after(utc(thursday, 17h), 1h), utc(thursday, 18h)) << "the closing time is in time";
  EXPECT_EQ(desk.after(utc(thursday, 17h), 90min), utc(monday, 8h + 30min)) << "Good Friday and the weekend between";
  EXPECT_EQ(desk.after(utc(thursday, 18h), 1h), utc(monday, 9h));
  EXPECT_EQ(desk.after(utc(thursday, 12h), 17h), utc(tuesday, 9h));
}

TEST(DeskHours, FollowTheDesksOwnClock) {
  auto rules = office();
  rules.utc_offset = 60min;
  rules.summer = summer_time::eu;  // from 29 March
  const desk_hours frankfurt{rules};
  EXPECT_EQ(frankfurt.after(utc(2026y / March / 27, 6h), 1h), utc(2026y / March / 27, 8h));
  EXPECT_EQ(frankfurt.after(utc(2026y / March / 27, 16h), 2h), utc(2026y / March / 30, 7h));
  rules.utc_offset = -300min;
  rules.summer = summer_time::us;  // from 8 March to 1 November
  const desk_hours new_york{rules};
  EXPECT_EQ(new_york.after(utc(2026y / March / 6, 22h), 2h), utc(2026y / March / 9, 13h));
  EXPECT_EQ(new_york.after(utc(2026y / October / 30, 21h), 2h), utc(2026y / November / 2, 14h));
}

TEST(DeskHours, OfANightWhenClocksChangeAreThoseThatPass) {
  desk_hours::rules rules;
  rules.utc_offset = 60min;
  rules.summer = summer_time::eu;
  const desk_hours always{rules};
  for (const auto day : {2026y / March / 28, 2026y / October / 24})
    EXPECT_EQ(always.after(utc(day, 12h), 40h), utc(day, 52h)) << "a desk that never closes counts real hours";
}

TEST(DeskHours, OfADeskThatNeverOpensEndNever) {
  auto rules = office();
  rules.weekdays = 0;
  EXPECT_EQ(desk_hours{rules}.after(utc(2026y / April / 2, 9h), 2h), weir::no_time);
}

struct promised {
  std::string desk;
  weir::time due_at;
  std::int32_t sla_minutes;
};
WEIR_RECORD(promised, desk, due_at, sla_minutes)

table options(const table& desk) { return {{"desks", value::list({desk})}, {"severity", table{{"high", 60}}}}; }

TEST(Due, AddsTheTimeOrMakesADeadLetter) {
  weir::test::harness<due, opened, promised> h{options({{"name", "fx"}, {"opens", "08:00"}, {"closes", "18:00"}})};
  h.push(opened{"fx", "high"}, utc(2026y / April / 2, 17h + 30min).time_since_epoch());
  h.push(opened{"fx", "odd"}, 0s);
  h.push(opened{"nobody", "high"}, 0s);
  const auto rows = h.take();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].due_at, utc(2026y / April / 3, 8h + 30min));
  EXPECT_EQ(rows[0].sla_minutes, 60);
  std::vector<std::string> why;
  for (const auto& l : h.take_dead_letters()) why.push_back(l.why);
  EXPECT_THAT(why, ElementsAre(HasSubstr("unknown severity"), HasSubstr("unknown desk")));
}

TEST(Due, RefusesHoursThatMakeNoSense) {
  const auto errors = [](const table& desk) { return weir::test::bind_errors<due>(options(desk)); };
  EXPECT_THAT(errors({{"name", "fx"}}), testing::IsEmpty());
  EXPECT_THAT(errors({{"name", "fx"}, {"opens", "8:00"}}), ElementsAre(HasSubstr("must be a time")));
  EXPECT_THAT(errors({{"name", "fx"}, {"closes", "24:01"}}), ElementsAre(HasSubstr("at most 24:00")));
  EXPECT_THAT(errors({{"name", "fx"}, {"opens", "22:00"}, {"closes", "06:00"}}), ElementsAre(HasSubstr("later than")));
  EXPECT_THAT(errors({{"name", "fx"}, {"days", value::list({"monday"})}}),
              ElementsAre(HasSubstr("'monday' is none of")));
  EXPECT_THAT(errors({{"name", "fx"}, {"holidays", value::list({"2026-02-30"})}}),
              ElementsAre(HasSubstr("is no date")));
}

}  // namespace
}  // namespace sla
