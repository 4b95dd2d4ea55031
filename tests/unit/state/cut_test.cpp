// Cuts, restore and blocks: single behaviours. Random histories are in model_test.cpp.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "rows.hpp"
#include "state/block_reader.hpp"
#include "state/folder.hpp"

namespace weir::state {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Cut : public ::testing::Test {
 protected:
  void put(store& s, std::int64_t key, std::int64_t value, std::int64_t ns = 0) {
    weir_slot* slot = slot_of(s, 0, keys, key, ns);
    slot->flags |= WEIR_SLOT_PRESENT;
    long_in(slot) = value;
  }
  std::int64_t get(store& s, std::int64_t key, std::int64_t ns = 0) {
    weir_slot* slot = slot_of(s, 0, keys, key, ns, 0);
    return slot && (slot->flags & WEIR_SLOT_PRESENT) != 0 ? long_in(slot) : -1;
  }
  /// One line a record.
  static std::vector<std::string> lines(const std::vector<std::string>& blocks) {
    std::vector<std::string> out;
    for (const std::string& b : blocks) {
      const auto done = read_block(b, [&](const block_entry& e) {
        std::string line(e.state);
        const char* names[] = {"put", "merge", "removed", "dropped", "reset"};
        line += std::string(" ") + names[static_cast<int>(e.what)] + " " + std::to_string(e.name_space);
        for (const std::string_view part : {e.key, e.value, e.removed})
          if (!part.empty()) line += " " + std::string(part);
        if (e.trim > 0) line += " trim " + std::to_string(e.trim);
        out.push_back(line);
        return true;
      });
      EXPECT_TRUE(done) << done.why().text();
    }
    return out;
  }
  static std::string refusal(store& s, const std::vector<std::string>& blocks, const load_options& how = {}) {
    for (const std::string& b : blocks)
      if (const auto done = s.load(b, how); !done) return done.why().text();
    const auto all = s.loaded();
    return all ? std::string() : all.why().text();
  }
  key_maker keys{"k: int64", false};
};

TEST_F(Cut, HoldsWhatWasThereWhenItWasMade) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  put(s, 1, 10);
  put(s, 2, 20);
  s.cut();
  EXPECT_TRUE(s.capturing());
  put(s, 1, 11);
  put(s, 3, 30);
  const auto blocks = capture_all(s);
  EXPECT_FALSE(s.capturing());
  store back(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_EQ(refusal(back, blocks), "");
  EXPECT_EQ(get(back, 1), 10);
  EXPECT_EQ(get(back, 2), 20);
  EXPECT_EQ(get(back, 3), -1);
  EXPECT_EQ(get(s, 1), 11);
}

TEST_F(Cut, SaysOnlyWhatChangedSinceTheLastOne) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  for (std::int64_t i = 0; i < 100; ++i) put(s, i, i, i % 2);
  s.cut();
  EXPECT_EQ(lines(capture_all(s)).size(), 100u);
  s.cut();
  EXPECT_TRUE(capture_all(s).empty());
  put(s, 7, 70, 1);
  ASSERT_EQ(s.clear(0, slot_of(s, 0, keys, 9, 1)), WEIR_OK);
  put(s, 1000, 1, 5);  // comes and goes between two cuts
  ASSERT_EQ(s.drop(0, 5), WEIR_OK);
  ASSERT_EQ(s.drop(0, 0), WEIR_OK);
  s.cut();
  EXPECT_EQ(lines(capture_all(s)),
            (std::vector<std::string>{"n dropped 0", R"(n put 1 {"k":7} {"v0":70})", R"(n removed 1 {"k":9})"}));
}

TEST_F(Cut, ARestoredStoreHasNothingToSay) {
  store s(shape_of(keys, {value_of_longs("n")}, {{"t", 0}}), base::real_env());
  for (std::int64_t i = 0; i < 100; ++i) put(s, i, i);
  s.cut();
  store back(shape_of(keys, {value_of_longs("n")}, {{"t", 0}}), base::real_env());
  EXPECT_EQ(refusal(back, capture_all(s)), "");
  ASSERT_TRUE(back.loaded());
  back.cut();
  EXPECT_TRUE(capture_all(back).empty());
  put(back, 5, 6);
  back.cut();
  EXPECT_EQ(lines(capture_all(back)), std::vector<std::string>{R"(n put 0 {"k":5} {"v0":6})"});
}

TEST_F(Cut, ListsAndMapsSayTheirChanges) {
  store s(shape_of(keys, {texts_of("l", WEIR_STATE_LIST), texts_of("m", WEIR_STATE_MAP)}), base::real_env());
  auto packed = [](std::string_view text) {
    std::string out(4, '\0');
    out[0] = static_cast<char>(text.size());
    return out + std::string(text);
  };
  auto number = [](char n) { return std::string("\x80\0\0\0\0\0\0", 7) + n; };
  for (const char* e : {"a", "b", "c"}) ASSERT_EQ(s.list_add(0, slot_of(s, 0, keys, 1), view(packed(e))), WEIR_OK);
  for (const char k : {1, 2})
    ASSERT_EQ(s.map_put(1, slot_of(s, 1, keys, 1), view(number(k)), view(packed("x"))), WEIR_OK);
  s.cut();
  EXPECT_EQ(lines(capture_all(s)),
            (std::vector<std::string>{
                R"(l put 0 {"k":1} [{"text":"a"},{"text":"b"},{"text":"c"}])",
                R"(m put 0 {"k":1} [{"key":{"k":1},"value":{"text":"x"}},{"key":{"k":2},"value":{"text":"x"}}])"}));
  ASSERT_EQ(s.list_trim(0, slot_of(s, 0, keys, 1), 2), WEIR_OK);
  ASSERT_EQ(s.list_add(0, slot_of(s, 0, keys, 1), view(packed("d"))), WEIR_OK);
  ASSERT_EQ(s.map_remove(1, slot_of(s, 1, keys, 1), view(number(1))), WEIR_OK);
  ASSERT_EQ(s.map_put(1, slot_of(s, 1, keys, 1), view(number(3)), view(packed("y"))), WEIR_OK);
  s.cut();
  EXPECT_EQ(lines(capture_all(s)),
            (std::vector<std::string>{R"(l merge 0 {"k":1} [{"text":"d"}] trim 2)",
                                      R"(m merge 0 {"k":1} [{"key":{"k":3},"value":{"text":"y"}}] [{"k":1}])"}));
}

TEST_F(Cut, OneThatIsGivenUpIsSaidByTheNext) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  put(s, 1, 1);
  put(s, 2, 2);
  s.cut();
  auto chain = capture_all(s);
  put(s, 1, 5);
  ASSERT_EQ(s.clear(0, slot_of(s, 0, keys, 2)), WEIR_OK);
  s.cut();
  std::string lost;
  s.capture(10, lost);
  s.abandon();
  EXPECT_FALSE(s.capturing());
  put(s, 3, 3);
  s.cut();
  for (auto& b : capture_all(s)) chain.push_back(b);
  store back(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_EQ(refusal(back, chain), "");
  EXPECT_EQ(get(back, 1), 5);
  EXPECT_EQ(get(back, 2), -1);
  EXPECT_EQ(get(back, 3), 3);
}

TEST_F(Cut, SlicesAreAsLargeAsAskedFor) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  for (std::int64_t i = 0; i < 5000; ++i) put(s, i, i);
  s.cut();
  const auto blocks = capture_all(s, 4096);
  EXPECT_GT(blocks.size(), 15u);
  for (const std::string& b : blocks) EXPECT_LT(b.size(), 4096u + 300u);
  EXPECT_EQ(lines(blocks).size(), 5000u);
}

TEST_F(Cut, StateThatIsNoLongerDeclaredIsRefusedUnlessItMayGo) {
  store s(shape_of(keys, {value_of_longs("n"), value_of_longs("old")}), base::real_env());
  put(s, 1, 1);
  slot_of(s, 1, keys, 1)->flags |= WEIR_SLOT_PRESENT;
  s.cut();
  const auto blocks = capture_all(s);
  store now(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_THAT(refusal(now, blocks), AllOf(HasSubstr("state old"), HasSubstr("--allow-dropped-state")));
  store later(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_EQ(refusal(later, blocks, {.allow_dropped = true, .migrate = {}}), "");
  EXPECT_EQ(get(later, 1), 1);
}

TEST_F(Cut, AnotherKindAndAnotherKeyAreRefused) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  put(s, 1, 41);
  s.cut();
  const auto blocks = capture_all(s);
  store list(shape_of(keys, {texts_of("n", WEIR_STATE_LIST)}), base::real_env());
  EXPECT_THAT(refusal(list, blocks), AllOf(HasSubstr("a value"), HasSubstr("a list")));
  const key_maker others("k: utf8", false);
  store other_key(shape_of(others, {value_of_longs("n")}), base::real_env());
  EXPECT_THAT(refusal(other_key, blocks), AllOf(HasSubstr("k: int64?"), HasSubstr("k: utf8?")));
}

TEST_F(Cut, DamagedBlocksAreRefusedAndNeverCrash) {
  store s(shape_of(keys,
                   {value_of_longs("n"), texts_of("l", WEIR_STATE_LIST), texts_of("m", WEIR_STATE_MAP),
                    texts_of("b", WEIR_STATE_BYTES)},
                   {{"t", 0}}),
          base::real_env());
  for (std::int64_t i = 0; i < 20; ++i) {
    put(s, i, i, i % 3);
    ASSERT_EQ(s.list_add(1, slot_of(s, 1, keys, i), view("element")), WEIR_OK);
    ASSERT_EQ(s.map_put(2, slot_of(s, 2, keys, i), view("key"), view("value")), WEIR_OK);
    ASSERT_EQ(s.bytes_put(3, slot_of(s, 3, keys, i), view("bytes")), WEIR_OK);
    ASSERT_EQ(s.timer_set(0, *keys.batch({i}), keys.key(), nullptr, &i, 1), WEIR_OK);
  }
  s.cut();
  const auto blocks = capture_all(s);
  ASSERT_EQ(blocks.size(), 1u);
  auto fresh = [&] { return std::make_unique<store>(s.what(), base::real_env()); };
  for (std::size_t n = 0; n < blocks[0].size(); n += 3) {
    const std::string cut_off = blocks[0].substr(0, n);
    EXPECT_FALSE(fresh()->load(cut_off)) << n;
    base::permit_unchecked(read_block(cut_off, [](const block_entry&) { return true; }), "it only must not crash");
  }
  random r(1);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string flipped = blocks[0];
    flipped[r() % flipped.size()] ^= static_cast<char>(1 << r() % 8);
    refused += !fresh()->load(flipped);
    base::permit_unchecked(read_block(flipped, [](const block_entry&) { return true; }), "it only must not crash");
  }
  EXPECT_GT(refused, 100);
  std::string newer = blocks[0];
  newer[3] = 9;
  EXPECT_THAT(refusal(*fresh(), {newer}), AllOf(HasSubstr("format 9"), HasSubstr("newer")));
}

TEST_F(Cut, ADropInOneSubtaskLeavesTheKeysOfOthers) {
  store left(shape_of(keys, {value_of_longs("n")}, {}, {0, 64}), base::real_env());
  store right(shape_of(keys, {value_of_longs("n")}, {}, {64, 128}), base::real_env());
  std::vector<std::int64_t> of_left, of_right;
  for (std::int64_t i = 0; i < 50; ++i) {
    const bool l = model::key_group(keys.batch({i})->view().key_hash[0], 128) < 64;
    put(l ? left : right, i, i, 7);
    (l ? of_left : of_right).push_back(i);
  }
  left.cut();
  right.cut();
  auto chain = capture_all(left);
  for (auto& b : capture_all(right)) chain.push_back(b);
  ASSERT_EQ(left.drop(0, 7), WEIR_OK);
  left.cut();
  for (auto& b : capture_all(left)) chain.push_back(b);
  store both(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_EQ(refusal(both, chain), "");
  for (const std::int64_t i : of_left) EXPECT_EQ(get(both, i, 7), -1);
  for (const std::int64_t i : of_right) EXPECT_EQ(get(both, i, 7), i);
}

TEST_F(Cut, StateOfTheEmptyKeyBelongsToEverySubtask) {
  store s(shape_of(keys, {value_of_longs("n")}, {}, {0, 64}), base::real_env());
  weir_slot* slot = nullptr;
  ASSERT_EQ(s.slots(0, *keys.batch({1}), {}, nullptr, 1, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &slot),
            WEIR_OK);
  slot->flags |= WEIR_SLOT_PRESENT;
  long_in(slot) = 5;
  s.cut();
  const auto blocks = capture_all(s);
  for (const model::key_group_range own : {model::key_group_range{0, 1}, {1, 127}, {127, 128}}) {
    store back(shape_of(keys, {value_of_longs("n")}, {}, own), base::real_env());
    EXPECT_EQ(refusal(back, blocks), "");
    ASSERT_EQ(back.slots(0, *keys.batch({1}), {}, nullptr, 1, nullptr, 0, &slot), WEIR_OK);
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(long_in(slot), 5);
  }
}

TEST_F(Cut, TimersAreShownWithTheirTime) {
  store s(shape_of(keys, {}, {{"close", 0}}), base::real_env());
  const std::int64_t when = 5'000'000;
  ASSERT_EQ(s.timer_set(0, *keys.batch({3}), keys.key(), nullptr, &when, 1), WEIR_OK);
  s.cut();
  EXPECT_EQ(lines(capture_all(s)), std::vector<std::string>{R"(close put 4 {"k":3} 5000000)"});
}

TEST_F(Cut, AFoldedChainSaysTheSameInOnePiece) {
  store s(shape_of(keys, {value_of_longs("n")}), base::real_env());
  std::vector<std::string> chain;
  for (std::int64_t round = 0; round < 5; ++round) {
    for (std::int64_t i = 0; i < 10; ++i) put(s, i, 100 * round + i);
    s.cut();
    for (auto& b : capture_all(s)) chain.push_back(b);
  }
  folder f(128, {0, 128});
  for (const std::string& b : chain) ASSERT_TRUE(f.add(b));
  std::string base;
  EXPECT_FALSE(f.take(1 << 20, base));
  auto all = lines({base});
  EXPECT_EQ(all.size(), 11u);
  EXPECT_EQ(all[0], "n reset 0");
  store back(shape_of(keys, {value_of_longs("n")}), base::real_env());
  EXPECT_EQ(refusal(back, {base}), "");
  for (std::int64_t i = 0; i < 10; ++i) EXPECT_EQ(get(back, i), 400 + i);
}

}  // namespace
}  // namespace weir::state
