// What leaves memory for disk. Random histories of it are in model_test.cpp.
#include <cstdlib>
#include <filesystem>

#include "rows.hpp"

namespace weir::state {
namespace {

using namespace test;

class Spill : public ::testing::Test {
 protected:
  Spill() { EXPECT_NE(mkdtemp(path.data()), nullptr); }
  ~Spill() override { std::filesystem::remove_all(path); }
  /// A counter of each of these keys goes up by one.
  void count(store& s, std::int64_t from, std::int64_t n) {
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = from; i < from + n; ++i) numbers.push_back(i);
    std::vector<weir_slot*> out(numbers.size());
    s.set_time(0, 0);
    ASSERT_EQ(s.slots(0, *keys.batch(numbers), keys.key(), nullptr, n, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                      out.data()),
              WEIR_OK)
        << s.why();
    for (weir_slot* slot : out) {
      slot->flags |= WEIR_SLOT_PRESENT;
      ++long_in(slot);
    }
  }
  std::string path = ::testing::TempDir() + "spill_XXXXXX";
  key_maker keys{"k: int64", false};
  static constexpr std::uint64_t mib = std::uint64_t{1} << 20;
};

TEST_F(Spill, MemoryStaysInTheBudgetAndNothingIsLost) {
  for (const bool cuts : {false, true}) {
    SCOPED_TRACE(cuts);
    constexpr std::int64_t many = 100'000;
    store s(shape_of(keys, {value_of_longs("n", 4)}), base::real_env(), cuts);
    s.spill({.directory = path + "/of/a/run/rows", .pool = std::make_shared<memory_pool>(4 * mib, 1)});
    std::uint64_t most = 0;
    for (int round = 1; round <= 2; ++round)
      for (std::int64_t n = 0; n < many; n += 1000) {
        count(s, n, 1000);
        if (cuts && n % 20'000 == 0) {
          s.cut();
          capture_all(s);
        }
        most = std::max(most, s.memory_bytes());
      }
    EXPECT_LE(most, 4 * mib + 2 * mib) << "memory comes in pages of 2 MiB";
    EXPECT_EQ(s.entries(), static_cast<std::uint64_t>(many));
    EXPECT_GT(s.cold_entries(), static_cast<std::uint64_t>(many) / 2);
    for (std::int64_t n = 0; n < many; n += 7919) EXPECT_EQ(long_in(slot_of(s, 0, keys, n, 0, 0)), 2) << n;
    EXPECT_EQ(slot_of(s, 0, keys, many, 0, 0), nullptr);
  }
}

TEST_F(Spill, WhatChangedLeavesMemoryTooAndIsInTheNextCut) {
  constexpr std::int64_t many = 100'000;
  store s(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(4 * mib, 1)});
  store back(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  const auto cut = [&](bool whole) {
    if (whole) s.abandon();
    s.cut();
    std::string block;
    for (bool more = true; more;) {
      block.clear();
      more = s.capture(16'384, block);
      if (!block.empty()) ASSERT_TRUE(back.load(block));
      count(s, 0, 100);  // work goes on; these belong to the next cut
    }
  };
  std::uint64_t most = 0;
  for (int round = 1; round <= 3; ++round) {
    for (std::int64_t n = 0; n < many; n += 1000) {
      count(s, n, 1000);
      most = std::max(most, s.memory_bytes());
    }
    EXPECT_GT(s.cold_entries(), static_cast<std::uint64_t>(many) / 2) << "before any cut";
    cut(round == 3);
    for (std::int64_t n = 1000; n < many; n += 7919) EXPECT_EQ(long_in(slot_of(back, 0, keys, n, 0, 0)), round) << n;
  }
  EXPECT_LE(most, 4 * mib + 2 * mib) << "memory comes in pages of 2 MiB";
  EXPECT_EQ(back.entries(), static_cast<std::uint64_t>(many));
}

// A cut that is not captured yet keeps its entries in memory; rows go on coming.
TEST_F(Spill, MemoryStaysInTheBudgetWhileACutWaitsToBeWritten) {
  constexpr std::int64_t first = 30'000, many = 120'000;
  store s(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(4 * mib, 1)});
  for (std::int64_t n = 0; n < first; n += 1000) count(s, n, 1000);
  s.cut();
  std::uint64_t most = 0;
  for (std::int64_t n = first; n < many; n += 1000) {
    count(s, n, 1000);
    s.is_jammed();  // as a task asks before each batch
    most = std::max(most, s.memory_bytes());
  }
  EXPECT_LE(most, 4 * mib + 2 * mib) << "memory comes in pages of 2 MiB";
  ASSERT_TRUE(s.capturing());
  store back(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  for (const std::string& b : capture_all(s)) ASSERT_TRUE(back.load(b));
  EXPECT_EQ(back.entries(), static_cast<std::uint64_t>(first));
  s.cut();
  for (const std::string& b : capture_all(s)) ASSERT_TRUE(back.load(b));
  EXPECT_EQ(back.entries(), static_cast<std::uint64_t>(many));
}

// Another store needs its share while all of this one's memory is full of what a cut has still to say: nothing comes in until enough
// of that is written.
TEST_F(Spill, IsJammedUntilEnoughOfTheCutIsCaptured) {
  constexpr std::int64_t many = 150'000;
  const auto pool = std::make_shared<memory_pool>(16 * mib, 2);
  store s(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  s.spill({.directory = path + "/rows", .pool = pool});
  for (std::int64_t n = 0; n < many; n += 1000) count(s, n, 1000);
  ASSERT_EQ(s.cold_entries(), 0u);
  s.cut();
  EXPECT_FALSE(s.is_jammed());
  pool->changed(0, pool->share());
  ASSERT_TRUE(s.is_over_budget());
  EXPECT_TRUE(s.is_jammed());
  std::vector<std::string> blocks;
  bool more = true;
  while (more && s.is_jammed()) more = s.capture(64 << 10, blocks.emplace_back());
  EXPECT_GT(blocks.size(), 2u);
  EXPECT_TRUE(more) << "before all of it is captured";
  EXPECT_GT(s.cold_entries(), 0u);
  store back(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  for (const std::string& b : blocks) ASSERT_TRUE(back.load(b));
}

// A value that changed, came back and went again, then its name space: what is said of it keeps that order.
TEST_F(Spill, ChangesOfAValueThatLeftMemoryComeBeforeItsDrop) {
  store s(shape_of(keys, {texts_of("list", WEIR_STATE_LIST)}), base::real_env());
  s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(0, 1)});
  store back(shape_of(keys, {texts_of("list", WEIR_STATE_LIST)}), base::real_env());
  const auto add = [&](std::int64_t n) {
    weir_slot* slot = slot_of(s, 0, keys, n, 0, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH);
    ASSERT_EQ(s.list_add(0, slot, {"one", 3}), WEIR_OK);
    slot->flags |= WEIR_SLOT_PRESENT;
  };
  const auto trim = [&](std::int64_t n) {
    ASSERT_EQ(s.list_trim(0, slot_of(s, 0, keys, n, 0, WEIR_SLOTS_TOUCH), 1), WEIR_OK);
  };
  const auto cut = [&] {
    s.cut();
    for (const std::string& b : capture_all(s)) {
      const auto done = back.load(b);
      ASSERT_TRUE(done) << done.why().text();
    }
  };
  const auto leave = [&] {
    for (int i = 0; i < 3; ++i) s.set_time(0, 0);  // the first look only takes note that it was used
  };
  add(1), add(1), leave(), cut();
  ASSERT_EQ(s.cold_entries(), 1u);
  trim(1), leave();
  ASSERT_EQ(s.cold_entries(), 1u);
  ASSERT_EQ(s.drop(0, 0), WEIR_OK);
  cut();
  EXPECT_EQ(back.entries(), 0u);
}

TEST_F(Spill, ADropIsBehindWhatLeftMemoryBefore) {
  constexpr std::int64_t many = 100'000;
  store s(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(4 * mib, 1)});
  for (std::int64_t n = 0; n < many; n += 1000) count(s, n, 1000);
  ASSERT_GT(s.cold_entries(), 0u);
  ASSERT_EQ(s.drop(0, 0), WEIR_OK);
  for (std::int64_t n = many; n < 2 * many; n += 1000) count(s, n, 1000);
  s.cut();
  store back(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  for (const std::string& b : capture_all(s)) ASSERT_TRUE(back.load(b));
  EXPECT_EQ(back.entries(), static_cast<std::uint64_t>(many));
  EXPECT_EQ(slot_of(back, 0, keys, 7, 0, 0), nullptr);
  for (std::int64_t n = many; n < 2 * many; n += 7919) EXPECT_EQ(long_in(slot_of(back, 0, keys, n, 0, 0)), 1) << n;
}

TEST_F(Spill, AStateWithinTheBudgetStaysInMemory) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env(), false);
  s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(64 * mib, 1)});
  for (std::int64_t n = 0; n < 20'000; n += 1000) count(s, n, 1000);
  EXPECT_EQ(s.cold_entries(), 0u);
}

TEST_F(Spill, ARestoreThatIsLargerThanTheBudgetFits) {
  store s(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  for (std::int64_t n = 0; n < 200'000; n += 1000) count(s, n, 1000);
  s.cut();
  auto blocks = capture_all(s);
  for (std::int64_t n = 0; n < 200'000; n += 2000) count(s, n, 1000);
  s.cut();
  for (auto& b : capture_all(s)) blocks.push_back(b);
  store back(shape_of(keys, {value_of_longs("n", 4)}), base::real_env());
  back.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(8 * mib, 1)});
  for (const std::string& b : blocks) {
    ASSERT_TRUE(back.load(b));
    EXPECT_LE(back.memory_bytes(), 10 * mib);
  }
  ASSERT_TRUE(back.loaded());
  EXPECT_EQ(back.entries(), 200'000u);
  for (std::int64_t n = 0; n < 200'000; n += 333)
    EXPECT_EQ(long_in(slot_of(back, 0, keys, n, 0, 0)), n / 1000 % 2 == 0 ? 2 : 1) << n;
}

TEST_F(Spill, ADirectoryThatCannotBeMadeIsNamed) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  s.spill({.directory = "/dev/null/rows", .pool = std::make_shared<memory_pool>(0, 1)});
  count(s, 0, 1000);
  s.cut();
  capture_all(s);
  s.set_time(0, 0);  // the place where entries leave memory
  weir_slot* out = nullptr;
  EXPECT_EQ(s.slots(0, *keys.batch({1}), keys.key(), nullptr, 1, nullptr, 0, &out), WEIR_E_EXTERNAL);
  EXPECT_NE(s.why().find("/dev/null/rows"), std::string::npos) << s.why();
}

TEST_F(Spill, LeavesNothingBehind) {
  {
    store s(shape_of(keys, {value_of_longs("n")}), base::real_env(), false);
    s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(0, 1)});
    for (std::int64_t n = 0; n < 5000; n += 1000) count(s, n, 1000);
    EXPECT_GT(s.cold_entries(), 0u);
  }
  EXPECT_FALSE(std::filesystem::exists(path + "/rows"));
}

}  // namespace
}  // namespace weir::state
