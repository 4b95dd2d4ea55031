#include <algorithm>
#include <set>

#include "rows.hpp"

namespace weir::state {
namespace {

using namespace test;

class Timers : public ::testing::Test {
 protected:
  void set(store& s, std::uint32_t family, std::int64_t key, std::int64_t when) {
    ASSERT_EQ(s.timer_set(family, *keys.batch({key}), keys.key(), nullptr, &when, 1), WEIR_OK) << s.why();
  }
  void clear(store& s, std::uint32_t family, std::int64_t key, std::int64_t when) {
    ASSERT_EQ(s.timer_clear(family, *keys.batch({key}), keys.key(), nullptr, &when, 1), WEIR_OK) << s.why();
  }
  /// One call: "family: key@time ...".
  std::string fire(store& s, std::int64_t until, std::int64_t limit = 1000,
                   std::uint32_t kind = WEIR_TIMER_EVENT_TIME) {
    std::uint32_t family = 0;
    const auto b = s.pop_due(kind, until, limit, &family);
    if (!b) return "";
    std::string out = std::to_string(family) + ":";
    for (std::uint32_t i = 0; i < b->length(); ++i)
      out += " " + std::to_string(b->column_at(0).values<std::int64_t>()[i]) + "@" +
             std::to_string(b->view().event_time[i]);
    return out;
  }
  key_maker keys{"k: int64", false};
};

TEST_F(Timers, FireInTheOrderOfTheirTimesOnceEach) {
  store s(shape_of(keys, {}, {{"a", WEIR_TIMER_EVENT_TIME}}), base::real_env());
  for (const std::int64_t when : {50, 10, 30, 10, 20}) set(s, 0, 1, when);
  set(s, 0, 2, 30);
  EXPECT_EQ(s.next_timer(WEIR_TIMER_EVENT_TIME), 10);
  EXPECT_EQ(fire(s, 9), "");
  EXPECT_EQ(fire(s, 30), "0: 1@10 1@20 1@30 2@30");
  EXPECT_EQ(s.next_timer(WEIR_TIMER_EVENT_TIME), 50);
  EXPECT_EQ(fire(s, 1000), "0: 1@50");
  EXPECT_EQ(fire(s, INT64_MAX), "");
  EXPECT_EQ(s.next_timer(WEIR_TIMER_EVENT_TIME), INT64_MAX);
  EXPECT_EQ(s.entries(), 0u);
}

TEST_F(Timers, OfTwoFamiliesTheEarlierFiresFirst) {
  store s(shape_of(keys, {},
                   {{"a", WEIR_TIMER_EVENT_TIME}, {"b", WEIR_TIMER_EVENT_TIME}, {"c", WEIR_TIMER_PROCESSING_TIME}}),
          base::real_env());
  set(s, 0, 1, 10);
  set(s, 0, 1, 30);
  set(s, 1, 1, 20);
  set(s, 2, 1, 5);
  EXPECT_EQ(fire(s, 100), "0: 1@10");
  EXPECT_EQ(fire(s, 100), "1: 1@20");
  EXPECT_EQ(fire(s, 100), "0: 1@30");
  EXPECT_EQ(fire(s, 100), "");
  EXPECT_EQ(fire(s, 100, 10, WEIR_TIMER_PROCESSING_TIME), "2: 1@5");
}

TEST_F(Timers, AClearedOneDoesNotFireAndItsMemoryIsNoOtherTimerInTheSameBucket) {
  store s(shape_of(keys, {}, {{"a", WEIR_TIMER_EVENT_TIME}}), base::real_env());
  for (std::int64_t i = 1; i <= 9; ++i) set(s, 0, i, i * 10);
  EXPECT_EQ(fire(s, 100, 1), "0: 1@10");
  clear(s, 0, 3, 30);
  clear(s, 0, 7, 12345);  // was never set
  s.set_time(0, 0);
  set(s, 0, 50, 65);
  set(s, 0, 51, 15);
  EXPECT_EQ(fire(s, 70), "0: 51@15 2@20 4@40 5@50 6@60 50@65 7@70");
  set(s, 0, 3, 30);  // in the past of the clock: with the next look
  EXPECT_EQ(fire(s, 80), "0: 3@30 8@80");
}

TEST_F(Timers, OnesThatAreSetBeforeTheBucketInWorkComeFirst) {
  store s(shape_of(keys, {}, {{"a", WEIR_TIMER_EVENT_TIME}}), base::real_env());
  const std::int64_t bucket = std::int64_t{1} << 20;
  set(s, 0, 1, 5 * bucket);
  set(s, 0, 1, 5 * bucket + 1);
  EXPECT_EQ(fire(s, 6 * bucket, 1), "0: 1@" + std::to_string(5 * bucket));
  set(s, 0, 2, -3 * bucket);
  EXPECT_EQ(s.next_timer(WEIR_TIMER_EVENT_TIME), -3 * bucket);
  EXPECT_EQ(fire(s, 6 * bucket), "0: 2@" + std::to_string(-3 * bucket));
  EXPECT_EQ(fire(s, 6 * bucket), "0: 1@" + std::to_string(5 * bucket + 1));
}

TEST_F(Timers, OfEqualTimesFireByKeyWhateverTheyWentThrough) {
  store s(shape_of(keys, {}, {{"a", WEIR_TIMER_EVENT_TIME}}), base::real_env());
  random r(4);
  std::vector<std::int64_t> numbers(300);
  for (std::int64_t i = 0; i < 300; ++i) numbers[static_cast<std::size_t>(i)] = i;
  std::shuffle(numbers.begin(), numbers.end(), r);
  for (const std::int64_t n : numbers) set(s, 0, n, 7);
  s.cut();
  store back(s.what(), base::real_env());
  for (const std::string& b : capture_all(s, 500)) ASSERT_TRUE(back.load(b));
  EXPECT_EQ(fire(s, 7), fire(back, 7));
}

TEST_F(Timers, TextKeysTimersAndNullsComeBack) {
  const key_maker of("k: utf8?, l: int32", true);
  store s(shape_of(of, {}, {{"a", WEIR_TIMER_PROCESSING_TIME}}), base::real_env());
  std::multiset<std::string> expected;
  for (std::int64_t n = 0; n < 50; ++n) {
    const std::int64_t when = n * 100'000;
    ASSERT_EQ(s.timer_set(0, *of.batch({n}), of.key(), nullptr, &when, 1), WEIR_OK);
    expected.insert(of.text(n));
  }
  std::multiset<std::string> found;
  std::uint32_t family = 9;
  while (const auto b = s.pop_due(WEIR_TIMER_PROCESSING_TIME, INT64_MAX, 7, &family)) {
    EXPECT_LE(b->length(), 7);
    const auto key = of.key();
    for (std::uint32_t i = 0; i < b->length(); ++i) {
      std::string text;
      model::row_json(b->schema()).append(text, *b, i);
      found.insert(text);
      EXPECT_EQ(b->view().key_hash[i], model::hash_key(*b, key, i));
    }
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace weir::state
