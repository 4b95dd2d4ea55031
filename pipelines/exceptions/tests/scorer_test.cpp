#include "scorer/scorer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/harness.hpp>

namespace exceptions {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct scored {
  std::string desk, severity;
  double score;
  std::int64_t age_seconds;
  std::int32_t sla_minutes;
};
WEIR_RECORD(scored, desk, severity, score, age_seconds, sla_minutes)

using harness = weir::test::harness<scorer, exception_event, scored>;
using weir::test::table;

table fx() { return {{"name", "fx"}, {"limit", 1000}, {"trade_sla", 60min}, {"payment_sla", 30min}}; }
weir::test::value list_of(const table& first, const table* second = nullptr) {
  return second ? weir::test::value::list({first, *second}) : weir::test::value::list({first});
}
table options_with(const weir::test::value& desks, const table& currencies, const table& reasons,
                   const table& severity) {
  return {{"desks", desks}, {"currencies", currencies}, {"reasons", reasons}, {"severity", severity}};
}
const table eur_usd{{"EUR", 1.0}, {"USD", 0.5}}, ssi{{"SSI_MISSING", 20}};
table options() { return options_with(list_of(fx()), eur_usd, ssi, {}); }
exception_event trade(std::int64_t cents, weir::duration age) {
  const weir::time at{1000h};
  return {"trade", "fx", "EUR", "SSI_MISSING", {cents}, at - age, at};
}

TEST(Scorer, AddsUpAmountAgeAndReason) {
  harness h{options()};
  h.push(trade(50'000, 30min));  // half the limit, half the time
  const auto out = h.take();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].desk, "fx") << "what came passes by";
  EXPECT_DOUBLE_EQ(out[0].score, 20 + 20 + 20);
  EXPECT_EQ(out[0].severity, "high");
  EXPECT_EQ(out[0].age_seconds, 1800);
  EXPECT_EQ(out[0].sla_minutes, 60);
}

TEST(Scorer, HasALimitForEachPart) {
  harness h{options()};
  h.push(trade(10'000'000'000, 100h));
  EXPECT_DOUBLE_EQ(h.take()[0].score, 100);
}

TEST(Scorer, ConvertsTheCurrencyAndPromisesPaymentsTheirOwnTime) {
  harness h{options()};
  auto e = trade(100'000, 15min);
  e.kind = "payment";
  e.currency = "USD";
  e.reason_code = std::nullopt;
  h.push(e);
  const auto out = h.take();
  EXPECT_DOUBLE_EQ(out[0].score, 20 + 20 + 5);
  EXPECT_EQ(out[0].severity, "medium");
  EXPECT_EQ(out[0].sla_minutes, 30);
}

TEST(Scorer, PutsEachScoreIntoItsSeverity) {
  harness h{options()};
  for (const std::int64_t cents : {0, 50'000, 100'000}) h.push(trade(cents, 30min));  // 40, 60, 80
  auto low = trade(0, 29min);
  h.push(low);
  std::vector<std::string> words;
  for (const auto& s : h.take()) words.push_back(s.severity);
  EXPECT_THAT(words, ElementsAre("medium", "high", "critical", "low"));
}

TEST(Scorer, SendsWhatItCannotJudgeToTheDeadLetters) {
  harness h{options()};
  h.sparse = true;
  std::vector<exception_event> bad(6, trade(100, 1min));
  bad[1].desk = "nobody";
  bad[2].currency = "XXX";
  bad[3].kind = "rumour";
  bad[4].amount.unscaled = -1;
  bad[5].booked_at = bad[5].event_at + 1us;
  h.push_all(bad);
  EXPECT_EQ(h.take().size(), 1u);
  std::vector<std::string> reasons;
  for (const auto& l : h.take_dead_letters()) reasons.push_back(l.why);
  EXPECT_THAT(reasons, ElementsAre(HasSubstr("unknown desk"), HasSubstr("unknown currency"),
                                   HasSubstr("neither trade nor payment"), HasSubstr("negative"),
                                   HasSubstr("older than its booking")));
}

TEST(Scorer, RefusesTablesThatMakeNoSense) {
  const auto errors = [](const table& changed) { return weir::test::bind_errors<scorer>(changed); };
  EXPECT_THAT(errors(options()), IsEmpty());
  const auto again = fx();
  EXPECT_THAT(errors(options_with(list_of(fx(), &again), eur_usd, ssi, {})), ElementsAre(HasSubstr("twice")));
  EXPECT_THAT(errors(options_with(list_of(fx()), {{"EUR", 0}}, ssi, {})), ElementsAre(HasSubstr("currencies.EUR")));
  EXPECT_THAT(errors(options_with(list_of(fx()), eur_usd, {{"SSI_MISSING", 21}}, {})),
              ElementsAre(HasSubstr("reasons.SSI_MISSING")));
  EXPECT_THAT(errors(options_with(list_of(fx()), eur_usd, ssi, {{"medium", 90}})), ElementsAre(HasSubstr("must rise")));
}

}  // namespace
}  // namespace exceptions
