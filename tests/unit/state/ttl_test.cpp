// Time to live: what is read, what the sweep takes, what a cut says of it.
#include "rows.hpp"
#include "state/block_reader.hpp"

namespace weir::state {
namespace {

using namespace test;

class TimeToLive : public ::testing::Test {
 protected:
  static constexpr std::int64_t second = 1'000'000;
  model::state_shape shape(std::uint32_t clock) {
    auto d = value_of_longs("n");
    d.ttl_us = 10 * second;
    d.ttl_time = clock;
    return shape_of(keys, {d});
  }
  void put(store& s, std::int64_t key, std::int64_t value) {
    weir_slot* slot = slot_of(s, 0, keys, key, 0, WEIR_SLOTS_CREATE);
    // As a plugin writes: it says so only when the epoch is another one.
    if (slot->epoch != s.epoch()) {
      ASSERT_EQ(s.touch(0, slot), WEIR_OK);
    }
    slot->flags |= WEIR_SLOT_PRESENT;
    long_in(slot) = value;
  }
  bool there(store& s, std::int64_t key) {
    weir_slot* slot = slot_of(s, 0, keys, key, 0, 0);
    return slot && (slot->flags & WEIR_SLOT_PRESENT) != 0;
  }
  key_maker keys{"k: int64", false};
};

TEST_F(TimeToLive, IsFromTheLastWriteOn) {
  store s(shape(WEIR_TTL_PROCESSING_TIME), base::real_env());
  s.set_time(0, 0);
  put(s, 1, 1);
  put(s, 2, 2);
  s.set_time(6 * second, 0);
  put(s, 1, 3);  // in the same epoch as the first write
  EXPECT_TRUE(there(s, 2)) << "reading is no writing";
  s.set_time(10 * second, 0);
  EXPECT_TRUE(there(s, 1));
  EXPECT_FALSE(there(s, 2));
  s.set_time(16 * second, 0);
  EXPECT_FALSE(there(s, 1));
}

TEST_F(TimeToLive, AnExpiredValueIsZeroAgainForTheNextWriter) {
  store s(shape(WEIR_TTL_PROCESSING_TIME), base::real_env());
  put(s, 1, 77);
  s.set_time(11 * second, 0);
  weir_slot* slot = slot_of(s, 0, keys, 1);
  EXPECT_EQ(slot->flags & WEIR_SLOT_PRESENT, 0u);
  EXPECT_EQ(long_in(slot), 0);
}

TEST_F(TimeToLive, InEventTimeGoesByTheWatermark) {
  store s(shape(WEIR_TTL_EVENT_TIME), base::real_env());
  s.set_time(0, WEIR_TIME_MIN);
  put(s, 1, 1);
  s.set_time(100 * second, WEIR_TIME_MIN);
  EXPECT_TRUE(there(s, 1)) << "event time has not begun";
  s.set_time(100 * second, 5000 * second);
  EXPECT_TRUE(there(s, 1)) << "it lives from the first watermark on";
  s.set_time(100 * second, 5009 * second);
  EXPECT_TRUE(there(s, 1));
  s.set_time(100 * second, 5010 * second);
  EXPECT_FALSE(there(s, 1));
}

TEST_F(TimeToLive, TheSweepTakesWhatNobodyAsksFor) {
  store s(shape(WEIR_TTL_PROCESSING_TIME), base::real_env());
  for (std::int64_t i = 0; i < 1000; ++i) put(s, i, i);
  s.cut();
  capture_all(s);
  for (int i = 0; i < 100; ++i) s.set_time(11 * second, 0);
  s.cut();
  std::size_t removed = 0;
  for (const std::string& b : capture_all(s))
    ASSERT_TRUE(read_block(b, [&](const block_entry& e) { return removed += e.what == entry_kind::removed, true; }));
  EXPECT_EQ(removed, 1000u);
  s.set_time(11 * second, 0);
  EXPECT_EQ(s.entries(), 0u);
}

TEST_F(TimeToLive, ScansAndNameSpacesLeaveOutWhatExpired) {
  store s(shape(WEIR_TTL_PROCESSING_TIME), base::real_env());
  put(s, 1, 1);
  std::int64_t ns = -1;
  EXPECT_EQ(s.next_name_space(0, INT64_MIN, &ns), WEIR_OK);
  s.set_time(11 * second, 0);
  EXPECT_EQ(s.next_name_space(0, INT64_MIN, &ns), WEIR_IDLE);
  std::uint64_t cursor = 0;
  model::batch_ref found;
  weir_slot** slots = nullptr;
  ASSERT_EQ(s.scan(0, 0, &cursor, &found, &slots), WEIR_OK);
  EXPECT_EQ(found->length(), 0);
}

TEST_F(TimeToLive, GoesOnAfterARestore) {
  store s(shape(WEIR_TTL_PROCESSING_TIME), base::real_env());
  s.set_time(3 * second, 0);
  put(s, 1, 1);
  s.set_time(5 * second, 0);
  put(s, 2, 2);
  s.cut();
  put(s, 2, 3);
  store back(shape(WEIR_TTL_PROCESSING_TIME), base::real_env());
  for (const std::string& b : capture_all(s)) ASSERT_TRUE(back.load(b));
  ASSERT_TRUE(back.loaded());
  back.set_time(14 * second, 0);
  EXPECT_FALSE(there(back, 1));
  EXPECT_TRUE(there(back, 2));
  EXPECT_EQ(long_in(slot_of(back, 0, keys, 2, 0, 0)), 2);
}

}  // namespace
}  // namespace weir::state
