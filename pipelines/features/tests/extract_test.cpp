#include "extract/extract.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <weir/test/harness.hpp>

namespace features {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::test::table;

struct given {
  std::string trace_id, source_id, event_id, desk, account, counterparty, channel;
  money amount;
  std::string currency;
  weir::time event_at;
};
struct made {
  std::string event_id, account;
  money base_amount;
  std::int64_t count_1h;
  weir::decimal<20, 2> sum_1h;
  std::optional<double> avg_1h;
  std::optional<money> max_1h;
  std::int64_t count_24h;
  weir::decimal<20, 2> sum_24h;
  std::optional<double> avg_24h;
  std::optional<money> max_24h;
  std::optional<double> zscore_24h;
  std::int64_t counterparties_24h;
  bool counterparty_is_new;
  std::optional<money> previous_amount;
  std::optional<std::string> previous_channel;
  std::optional<double> seconds_since_previous;
  bool operator==(const made&) const = default;
};
WEIR_RECORD(given, trace_id, source_id, event_id, desk, account, counterparty, channel, amount, currency, event_at)
WEIR_RECORD(made, event_id, account, base_amount, count_1h, sum_1h, avg_1h, max_1h, count_24h, sum_24h, avg_24h,
            max_24h, zscore_24h, counterparties_24h, counterparty_is_new, previous_amount, previous_channel,
            seconds_since_previous)
// The columns that the operator adds are those of `made`; the harness takes them by name.
using harness = weir::test::harness<extract, given, made>;
const weir::test::key by_account{"account"};
table options(weir::duration lateness = 0s) {
  return {{"currencies", table{{"EUR", 1.0}, {"JPY", 0.0061}}}, {"allowed_lateness", lateness}};
}
const char* const states[] = {
    "minutes", "peaks", "totals", "counterparties", "counterparty_minutes", "counterparty_count", "last_events"};
std::size_t kept(harness& h) {
  std::size_t n = h.timer_count("silence");
  for (const auto* s : states) n += h.state_count(s);
  return n;
}

given event(int id, std::string account, std::int64_t cents, std::string counterparty = "Alder",
            std::string channel = "swift", std::string currency = "EUR") {
  return {.trace_id = "t",
          .source_id = "s",
          .event_id = std::to_string(id),
          .desk = "fx",
          .account = std::move(account),
          .counterparty = std::move(counterparty),
          .channel = std::move(channel),
          .amount = {cents},
          .currency = std::move(currency),
          .event_at = weir::time{}};
}

// Looks at all events that came before, each time.
class model {
 public:
  made next(const given& e, weir::time at) {
    auto& before = events_[e.account];
    const auto ppm = e.currency == "JPY" ? 6'100 : 1'000'000;
    const auto amount = static_cast<std::int64_t>((e.amount.unscaled * ppm + 500'000) / 1'000'000);
    made f{.event_id = e.event_id, .account = e.account, .base_amount = {amount}};
    std::set<std::string> met;
    weir::int128 sum = 0, squares = 0;
    const one* last = nullptr;
    for (const auto& o : before) {
      const auto back = minute_of(at) - minute_of(o.at);
      if (back <= 1440) met.insert(o.counterparty);
      if (back >= 0 && back <= 60) {
        ++f.count_1h, f.sum_1h.unscaled += o.amount;
        f.max_1h = money{std::max<weir::int128>(o.amount, f.max_1h.value_or(money{-1}).unscaled)};
      }
      if (back >= 0 && back <= 1440) {
        ++f.count_24h, sum += o.amount, squares += static_cast<weir::int128>(o.amount) * o.amount;
        f.max_24h = money{std::max<weir::int128>(o.amount, f.max_24h.value_or(money{-1}).unscaled)};
        if (o.at <= at && (!last || o.at >= last->at)) last = &o;
      }
    }
    f.sum_24h.unscaled = sum;
    const auto average = [](weir::int128 s, std::int64_t n) {
      return static_cast<double>(s) / (100.0 * static_cast<double>(n));
    };
    if (f.count_1h) f.avg_1h = average(f.sum_1h.unscaled, f.count_1h);
    if (f.count_24h) f.avg_24h = average(sum, f.count_24h);
    const auto spread = f.count_24h * squares - sum * sum;
    if (f.count_24h > 1 && spread > 0)
      f.zscore_24h =
          static_cast<double>(f.count_24h * weir::int128{amount} - sum) / std::sqrt(static_cast<double>(spread));
    f.counterparties_24h = static_cast<std::int64_t>(met.size());
    f.counterparty_is_new = !met.contains(e.counterparty);
    if (last) {
      f.previous_amount = money{last->amount};
      f.previous_channel = last->channel;
      f.seconds_since_previous = static_cast<double>((at - last->at).count()) / 1e6;
    }
    before.push_back({at, amount, e.counterparty, e.channel});
    return f;
  }

 private:
  struct one {
    weir::time at;
    std::int64_t amount;
    std::string counterparty, channel;
  };
  std::map<std::string, std::vector<one>> events_;
};

void expect_same(const made& found, const made& wanted) {
  EXPECT_EQ(found, wanted) << "event " << wanted.event_id << ": count " << found.count_24h << " for "
                           << wanted.count_24h << ", counterparties " << found.counterparties_24h << " for "
                           << wanted.counterparties_24h << ", largest "
                           << static_cast<std::int64_t>(found.max_24h.value_or(money{-1}).unscaled) << " for "
                           << static_cast<std::int64_t>(wanted.max_24h.value_or(money{-1}).unscaled) << ", previous "
                           << found.seconds_since_previous.value_or(-1) << " for "
                           << wanted.seconds_since_previous.value_or(-1);
}

struct habit {
  weir::duration disorder, step, lateness;
  bool restores;
};

// Random events of a few accounts, as far out of order as the clock and the lateness allow; the clock moves when chance
// wants, and now and then a day passes in silence.
void compare_with_the_model(std::uint32_t seed, const habit& how) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 chance{seed};
  const auto roll = [&](std::int64_t below) {
    return static_cast<std::int64_t>(chance() % static_cast<std::uint64_t>(below));
  };
  harness h{options(how.lateness), by_account};
  model m;
  weir::time now{20'000 * 24h}, clock = weir::no_time;
  std::size_t silences = 0;
  for (int n = 0; n < 4000; ++n) {
    now += weir::duration{roll(how.step.count())};
    if (roll(500) == 0) now += 20h + std::chrono::minutes{roll(600)}, ++silences;
    weir::time at = now - weir::duration{roll(how.disorder.count())};
    if (roll(10) == 0) at = std::chrono::floor<std::chrono::minutes>(at);
    if (clock != weir::no_time) at = std::max(at, clock - how.lateness + 1us);
    auto e = event(n, "A" + std::to_string(std::min(roll(4), roll(4))), 1 + roll(roll(20) ? 20'000 : 2'000'000'000),
                   "C" + std::to_string(roll(5) * roll(5)), roll(2) ? "swift" : "sepa", roll(3) ? "EUR" : "JPY");
    h.push(e, at);
    const auto found = h.take();
    ASSERT_EQ(found.size(), 1u);
    const auto wanted = m.next(e, at);
    expect_same(found[0], wanted);
    if (found[0] != wanted) return;
    if (roll(20) == 0) h.watermark(clock = std::max(clock, now - how.disorder - 1us));
    if (how.restores && roll(200) == 0) h.restore(h.cut());
  }
  EXPECT_GT(silences, 2u);
  EXPECT_TRUE(h.take("late").empty());
  EXPECT_GT(kept(h), 10u);
  h.end();
  EXPECT_EQ(kept(h), 0u) << "nothing is left of accounts that are silent";
}

TEST(Extract, GivesWhatAModelThatRemembersEverythingGives) {
  for (std::uint32_t seed = 1; seed <= 4; ++seed)
    compare_with_the_model(seed, {.disorder = 5s, .step = 60s, .lateness = 0s, .restores = false});
}
TEST(Extract, GivesTheSameWhenMinutesHoursAndADayAreOutOfOrder) {
  compare_with_the_model(11, {.disorder = 10min, .step = 60s, .lateness = 0s, .restores = false});
  compare_with_the_model(12, {.disorder = 3h, .step = 120s, .lateness = 0s, .restores = false});
  compare_with_the_model(13, {.disorder = 30h, .step = 600s, .lateness = 0s, .restores = false});
  compare_with_the_model(14, {.disorder = 30h, .step = 600s, .lateness = 40h, .restores = false});
}
TEST(Extract, GivesTheSameWhereverItIsCutAndRestored) {
  for (std::uint32_t seed = 21; seed <= 23; ++seed)
    compare_with_the_model(seed, {.disorder = 2min, .step = 60s, .lateness = 10s, .restores = true});
}

TEST(Extract, CountsWhatWasBeforeTheEventAndFromTheMinuteThatBeganAnHourBefore) {
  harness h{options(), by_account};
  h.push(event(1, "a", 100), 10h + 5min + 59s);
  h.push(event(2, "a", 300), 11h + 5min + 0s);   // the same minute an hour before: counts
  h.push(event(3, "a", 500), 11h + 6min + 59s);  // a minute more: gone from the hour, still in the day
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].value.count_1h, 0) << "not the event itself";
  EXPECT_EQ(rows[0].value.avg_24h, std::nullopt);
  EXPECT_EQ(rows[0].value.max_24h, std::nullopt);
  EXPECT_EQ(rows[0].value.seconds_since_previous, std::nullopt);
  EXPECT_TRUE(rows[0].value.counterparty_is_new);
  EXPECT_EQ(rows[1].value.count_1h, 1);
  EXPECT_EQ(rows[1].value.zscore_24h, std::nullopt) << "one event has no spread";
  EXPECT_EQ(rows[2].value.count_1h, 1);
  EXPECT_EQ(rows[2].value.count_24h, 2);
  EXPECT_EQ(rows[2].value.sum_24h.unscaled, 400);
  EXPECT_EQ(rows[2].value.avg_24h, 2.0);
  EXPECT_EQ(rows[2].value.zscore_24h, 3.0) << "average 2.00, deviation 1.00";
  EXPECT_EQ(rows[2].value.previous_amount, money{300});
  EXPECT_EQ(rows[2].value.seconds_since_previous, 119.0);
  EXPECT_FALSE(rows[2].value.counterparty_is_new);
  EXPECT_EQ(rows[2].at, weir::time{11h + 6min + 59s}) << "a feature record has the time of its event";
}

TEST(Extract, SendsWhatIsOlderThanTheClockToLate) {
  harness h{options(1min), by_account};
  h.push(event(1, "a", 100), 10h);
  h.watermark(10h);
  h.push(event(2, "a", 200), 10h - 1min);
  h.push(event(3, "a", 300), 10h - 1min + 1us);
  h.push(event(4, "a", 400), 10h);
  const auto late = h.take<given>("late");
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].event_id, "2");
  EXPECT_EQ(late[0].amount, money{200});
  const auto rows = h.take();
  ASSERT_EQ(rows.size(), 3u) << "accepted + late = in";
  EXPECT_EQ(rows[2].count_24h, 2) << "late ones do not count";
}

TEST(Extract, ForgetsAnAccountADayAndAMinuteAfterItsNewestEvent) {
  harness h{options(1min), by_account};
  h.push(event(1, "a", 100), 10h);
  h.push(event(2, "b", 100), 10h);
  h.push(event(3, "a", 100), 15h + 30s);
  h.watermark(34h + 1min);
  EXPECT_EQ(h.timer_count("silence"), 2u);
  h.watermark(34h + 2min);
  EXPECT_EQ(h.state_count("totals"), 1u) << "b is gone";
  EXPECT_EQ(h.timer_count("silence"), 1u);
  h.push(event(4, "a", 100), 34h + 2min);
  EXPECT_EQ(h.take().back().count_24h, 1) << "of the last day, though the one before is kept no more";
  EXPECT_EQ(h.state_count("last_events"), 1u);
  h.watermark(58h + 4min);
  EXPECT_EQ(kept(h), 0u);
}

TEST(Extract, MakesADeadLetterOfWhatItCannotJudge) {
  harness h{options(), by_account};
  h.push(event(1, "a", 100, "Alder", "swift", "XXX"), 1s);
  h.push(event(2, "a", -1), 1s);
  h.push(event(3, "a", 1'000'000'000'001), 1s);
  h.push(event(4, "a", 100, ""), 1s);
  h.push(event(5, "a", 1'000'000'000'000), 1s);
  std::vector<std::string> why;
  for (const auto& l : h.take_dead_letters()) why.push_back(l.why);
  EXPECT_THAT(why, ElementsAre(HasSubstr("unknown currency"), HasSubstr("negative"), HasSubstr("above 10,000,000,000"),
                               HasSubstr("counterparty is empty")));
  const auto rows = h.take();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].count_24h, 0) << "dead letters have left nothing";
}

TEST(Extract, RefusesOptionsThatMakeNoSense) {
  const auto errors = [](const table& t) { return weir::test::bind_errors<extract, given>(t, by_account); };
  EXPECT_THAT(errors(options()), testing::IsEmpty());
  EXPECT_THAT(errors({{"currencies", table{{"EUR", 0.0}}}}), ElementsAre(HasSubstr("must be 0.000001")));
  EXPECT_THAT(errors({{"currencies", table{{"EUR", 1.0}}}, {"allowed_lateness", -1s}}),
              ElementsAre(HasSubstr("must be 0s")));
}

}  // namespace
}  // namespace features
