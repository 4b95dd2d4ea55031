// Two operators that share a store, each with some of the keys: what each sees and drops of a name space.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "rows.hpp"

namespace weir::state {
namespace {

using namespace test;

class Parts : public ::testing::Test {
 protected:
  Parts() { EXPECT_NE(mkdtemp(path.data()), nullptr); }
  ~Parts() override { std::filesystem::remove_all(path); }

  void put(store& s, std::int64_t from, std::int64_t n, std::int64_t name_space) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = from; i < from + n; ++i) all.push_back(i);
    const std::vector<std::int64_t> spaces(all.size(), name_space);
    std::vector<weir_slot*> out(all.size());
    s.set_time(0, 0);
    ASSERT_EQ(s.slots(0, *keys.batch(all), keys.key(), nullptr, n, spaces.data(), WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                      out.data()),
              WEIR_OK)
        << s.why();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i]->flags |= WEIR_SLOT_PRESENT;
      long_in(out[i]) = all[i];
    }
  }
  std::set<std::int64_t> seen(store& s, std::int64_t name_space, const model::group_part* of) {
    std::set<std::int64_t> out;
    std::uint64_t cursor = 0;
    do {
      model::batch_ref rows;
      weir_slot** slots = nullptr;
      const weir_code code =
          of ? s.scan(0, name_space, *of, &cursor, &rows, &slots) : s.scan(0, name_space, &cursor, &rows, &slots);
      EXPECT_EQ(code, WEIR_OK) << s.why();
      for (std::int64_t i = 0; i < rows->row_count(); ++i) {
        EXPECT_TRUE(out.insert(long_in(slots[i])).second) << "seen twice";
        EXPECT_TRUE(!of || of->holds(rows->view().key_hash[i]));
      }
    } while (cursor != 0);
    return out;
  }
  std::vector<std::int64_t> name_spaces(store& s, const model::group_part& of) {
    std::vector<std::int64_t> out;
    std::int64_t at = INT64_MIN;
    while (s.next_name_space(0, at, of, &at) == WEIR_OK) out.push_back(at++);
    return out;
  }
  std::string path = ::testing::TempDir() + "parts_XXXXXX";
  key_maker keys{"k: int64", false};
  const model::group_part few{model::group_share::of(0.1), 128, true}, most{model::group_share::of(0.1), 128, false};
};

TEST_F(Parts, EachSeesItsOwnAndDropsItsOwn) {
  for (const bool spills : {false, true}) {
    SCOPED_TRACE(spills);
    constexpr std::int64_t many = 60'000;
    store s(shape_of(keys, {value_of_longs("n", 8)}), base::real_env());
    if (spills)
      s.spill({.directory = path + "/rows", .pool = std::make_shared<memory_pool>(std::uint64_t{4} << 20, 1)});
    for (const std::int64_t space : {7, 9})
      for (std::int64_t n = 0; n < many; n += 1000) {
        put(s, n, 1000, space);
        if (n % 20'000 == 0) {
          s.cut();
          capture_all(s);
        }
      }
    EXPECT_GE(s.cold_entries(), spills ? static_cast<std::uint64_t>(many) / 2 : 0);
    const auto mine = seen(s, 7, &few), theirs = seen(s, 7, &most);
    EXPECT_NEAR(static_cast<double>(mine.size()), 0.1 * many, 0.02 * many);
    EXPECT_EQ(mine.size() + theirs.size(), static_cast<std::size_t>(many));
    EXPECT_TRUE(std::none_of(mine.begin(), mine.end(), [&](auto n) { return theirs.contains(n); }));
    s.set_time(0, 0);
    EXPECT_EQ(name_spaces(s, few), (std::vector<std::int64_t>{7, 9}));

    EXPECT_EQ(s.drop(0, 7, few), WEIR_OK) << s.why();
    s.set_time(0, 0);
    EXPECT_TRUE(seen(s, 7, &few).empty());
    EXPECT_EQ(seen(s, 7, &most), theirs);
    s.set_time(0, 0);
    EXPECT_EQ(name_spaces(s, few), (std::vector<std::int64_t>{9}));
    EXPECT_EQ(name_spaces(s, most), (std::vector<std::int64_t>{7, 9}));
    EXPECT_EQ(s.drop(0, 7, most), WEIR_OK) << s.why();
    s.set_time(0, 0);
    EXPECT_EQ(name_spaces(s, most), (std::vector<std::int64_t>{9}));
    EXPECT_EQ(s.entries(), static_cast<std::uint64_t>(many));
    EXPECT_EQ(seen(s, 9, nullptr).size(), static_cast<std::size_t>(many));
  }
}

TEST_F(Parts, WhatOneHasDroppedIsGoneAfterARestore) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  std::vector<std::string> blocks;
  const auto cut = [&] {
    s.cut();
    for (auto& b : capture_all(s)) blocks.push_back(std::move(b));
  };
  put(s, 0, 1000, 5);
  cut();
  ASSERT_EQ(s.drop(0, 5, few), WEIR_OK);
  cut();
  const auto left = seen(s, 5, nullptr);
  EXPECT_LT(left.size(), 1000u);
  store again(shape_of(keys, {value_of_longs("n")}), base::real_env());
  for (const auto& b : blocks) ASSERT_TRUE(again.load(b));
  ASSERT_TRUE(again.loaded());
  EXPECT_EQ(seen(again, 5, nullptr), left);
  ASSERT_EQ(s.drop(0, 5, most), WEIR_OK);
  cut();
  store empty(shape_of(keys, {value_of_longs("n")}), base::real_env());
  for (const auto& b : blocks) ASSERT_TRUE(empty.load(b));
  ASSERT_TRUE(empty.loaded());
  EXPECT_EQ(empty.entries(), 0u);
}

}  // namespace
}  // namespace weir::state
