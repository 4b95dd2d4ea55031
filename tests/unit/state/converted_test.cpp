// Stores that load what an older declaration wrote.
#include <gmock/gmock.h>

#include <algorithm>

#include "declared.hpp"
#include "packed.hpp"
#include "state/convert.hpp"
#include "state/folder.hpp"

namespace weir::state {
namespace {

using namespace test;
using model::state_declaration;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string bytes(std::string_view text) {
  const auto n = static_cast<std::uint32_t>(text.size());
  return std::string(reinterpret_cast<const char*>(&n), 4) + std::string(text);
}
std::string big_endian(std::uint64_t n, int width) {
  std::string out;
  for (int i = width - 1; i >= 0; --i) out.push_back(static_cast<char>(n >> 8 * i));
  return out;
}
template <class T>
std::string little(T v) {
  return {reinterpret_cast<const char*>(&v), sizeof v};
}

class Converted : public ::testing::Test {
 protected:
  static std::vector<state_declaration> v1() {
    return {declared("n", WEIR_STATE_VALUE, "a: int32, b: int32"), declared("t", WEIR_STATE_BYTES, "x: utf8"),
            declared("l", WEIR_STATE_LIST, "x: utf8"), declared("m", WEIR_STATE_MAP, "x: utf8", "k: uint8")};
  }
  /// Every state has changed, and they are declared in another order.
  static std::vector<state_declaration> v2() {
    return {declared("m", WEIR_STATE_MAP, "more: int64, x: utf8", "k: uint32"),
            declared("l", WEIR_STATE_LIST, "text(was x): utf8?"), declared("t", WEIR_STATE_BYTES, "y: int32?, x: utf8"),
            declared("n", WEIR_STATE_VALUE, "b: int64, c: float64, a: int32")};
  }
  std::unique_ptr<store> make(std::vector<state_declaration> states, model::key_group_range own = {0, 128}) {
    return std::make_unique<store>(shape_of(keys, std::move(states), {{"due", 0}}, own), base::real_env());
  }
  static void put_v1(store& s, const key_maker& keys, std::int64_t key) {
    auto* v = reinterpret_cast<std::int32_t*>(slot_of(s, 0, keys, key) + 1);
    slot_of(s, 0, keys, key)->flags |= WEIR_SLOT_PRESENT;
    v[0] = static_cast<std::int32_t>(key), v[1] = static_cast<std::int32_t>(-key);
    ASSERT_EQ(s.bytes_put(1, slot_of(s, 1, keys, key), view(bytes("t" + std::to_string(key)))), WEIR_OK);
    ASSERT_EQ(s.list_add(2, slot_of(s, 2, keys, key), view(bytes("l" + std::to_string(key)))), WEIR_OK);
    ASSERT_EQ(s.map_put(3, slot_of(s, 3, keys, key), view(big_endian(7, 1)), view(bytes("m"))), WEIR_OK);
    ASSERT_EQ(s.map_put(3, slot_of(s, 3, keys, key), view(big_endian(200, 1)), view(bytes("goes"))), WEIR_OK);
    ASSERT_EQ(s.timer_set(0, *keys.batch({key}), keys.key(), nullptr, &key, 1), WEIR_OK);
  }
  void expect_v2(store& s, std::int64_t key, bool has_200, std::vector<std::string> elements) {
    weir_slot* n = slot_of(s, 3, keys, key, 0, 0);
    ASSERT_NE(n, nullptr);
    struct now {
      std::int64_t b;
      double c;
      std::int32_t a, padding;
    };
    const now& v = *reinterpret_cast<const now*>(n + 1);
    EXPECT_EQ(v.a, key);
    EXPECT_EQ(v.b, -key);
    EXPECT_EQ(v.c, 0);
    EXPECT_EQ(v.padding, 0);
    weir_view out{};
    ASSERT_EQ(s.bytes_get(2, slot_of(s, 2, keys, key, 0, 0), &out), WEIR_OK);
    EXPECT_EQ(text(out), std::string(1, '\0') + bytes("t" + std::to_string(key)));
    weir_slot* l = slot_of(s, 1, keys, key, 0, 0);
    std::uint64_t size = 0;
    ASSERT_EQ(s.list_size(1, l, &size), WEIR_OK);
    std::vector<std::string> found;
    for (std::uint64_t i = 0; i < size; ++i) {
      ASSERT_EQ(s.list_at(1, l, i, &out), WEIR_OK);
      found.push_back(text(out).substr(5));
    }
    EXPECT_EQ(found, elements);
    weir_slot* m = slot_of(s, 0, keys, key, 0, 0);
    ASSERT_EQ(s.map_get(0, m, view(big_endian(7, 4)), &out), WEIR_OK);
    EXPECT_EQ(text(out), little(std::int64_t{0}) + bytes("m"));
    ASSERT_EQ(s.map_get(0, m, view(big_endian(200, 4)), &out), WEIR_OK);
    EXPECT_EQ(out.data != nullptr, has_200);
  }
  static void load(store& s, const std::vector<std::string>& blocks, const load_options& how = {}) {
    for (const std::string& b : blocks) {
      const auto done = s.load(b, how);
      ASSERT_TRUE(done) << done.why().text();
    }
    const auto all = s.loaded();
    ASSERT_TRUE(all) << all.why().text();
  }
  key_maker keys{"k: int64", false};
};

TEST_F(Converted, EveryKindComesBackAsItIsDeclaredNow) {
  const auto s = make(v1());
  for (std::int64_t key = 1; key <= 50; ++key) put_v1(*s, keys, key);
  s->cut();
  auto chain = capture_all(*s);
  // Changes of lists and maps on top of it.
  ASSERT_EQ(s->list_add(2, slot_of(*s, 2, keys, 1), view(bytes("second"))), WEIR_OK);
  ASSERT_EQ(s->list_trim(2, slot_of(*s, 2, keys, 2), 1), WEIR_OK);
  ASSERT_EQ(s->list_add(2, slot_of(*s, 2, keys, 2), view(bytes("only"))), WEIR_OK);
  ASSERT_EQ(s->map_remove(3, slot_of(*s, 3, keys, 1), view(big_endian(200, 1))), WEIR_OK);
  s->cut();
  for (auto& b : capture_all(*s, 100)) chain.push_back(b);
  const auto now = make(v2());
  load(*now, chain);
  expect_v2(*now, 1, false, {"l1", "second"});
  expect_v2(*now, 2, true, {"only"});
  for (std::int64_t key = 3; key <= 50; ++key) expect_v2(*now, key, true, {"l" + std::to_string(key)});
  EXPECT_EQ(now->next_timer(0), 1);
}

/// v1 wrote with two subtasks; v2 goes on with `parallelism`, and what it says is loaded and folded.
TEST_F(Converted, TheChainGoesOnInTheNewFormAndFoldsToIt) {
  std::vector<std::string> chain;
  for (const model::key_group_range own : {model::key_group_range{0, 64}, model::key_group_range{64, 128}}) {
    const auto s = make(v1(), own);
    for (std::int64_t key = 1; key <= 60; ++key)
      if (own.contains(model::key_group(keys.batch({key})->view().key_hash[0], 128))) put_v1(*s, keys, key);
    s->cut();
    for (auto& b : capture_all(*s, 500)) chain.push_back(b);
  }
  std::vector<std::vector<std::string>> said;
  for (const model::key_group_range own :
       {model::key_group_range{0, 40}, model::key_group_range{40, 80}, model::key_group_range{80, 128}}) {
    const auto s = make(v2(), own);
    load(*s, chain);
    for (std::int64_t key = 1; key <= 60; ++key) {
      if (!own.contains(model::key_group(keys.batch({key})->view().key_hash[0], 128))) continue;
      if (key % 10 == 0) {
        for (std::uint32_t state = 0; state < 4; ++state)
          ASSERT_EQ(s->clear(state, slot_of(*s, state, keys, key)), WEIR_OK);
      }
      if (key % 10 == 1) {
        ASSERT_EQ(s->list_add(1, slot_of(*s, 1, keys, key), view(std::string(1, '\1') + bytes("new"))), WEIR_OK);
      }
    }
    s->cut();
    said.push_back(capture_all(*s, 300));
    s->cut();
    EXPECT_TRUE(capture_all(*s).empty()) << "only the first cut says everything";
  }
  // The blocks of the subtasks between each other.
  for (std::size_t i = 0, left = 1; left > 0; ++i) {
    left = 0;
    for (const auto& of_one : said) {
      if (i < of_one.size()) chain.push_back(of_one[i]);
      left += i + 1 < of_one.size();
    }
  }
  folder f(128, {0, 128});
  for (const std::string& b : chain) {
    const auto done = f.add(b);
    ASSERT_TRUE(done) << done.why().text();
  }
  std::vector<std::string> folded;
  for (bool more = true; more;) {
    std::string block;
    more = f.take(2000, block);
    if (!block.empty()) folded.push_back(block);
  }
  const auto v1_may_not = make(v1());
  for (const std::string& b : folded) ASSERT_TRUE(v1_may_not->load(b));
  EXPECT_FALSE(v1_may_not->loaded()) << "nothing of the old form is left";
  for (const auto* blocks : {&chain, &folded}) {
    const auto s = make(v2());
    load(*s, *blocks);
    for (std::int64_t key = 1; key <= 60; ++key) {
      SCOPED_TRACE(key);
      if (key % 10 == 0) {
        for (std::uint32_t state = 0; state < 4; ++state) {
          const weir_slot* slot = slot_of(*s, state, keys, key, 0, 0);
          EXPECT_TRUE(!slot || (slot->flags & WEIR_SLOT_PRESENT) == 0);
        }
        continue;
      }
      std::vector<std::string> elements{"l" + std::to_string(key)};
      if (key % 10 == 1) elements.emplace_back("new");
      expect_v2(*s, key, true, elements);
    }
    EXPECT_EQ(s->next_timer(0), 1);
  }
}

TEST_F(Converted, AFolderKeepsWhatWasNotSaidAgain) {
  // Only one of two subtasks has cut since: the keys of the other one are still in the old form.
  std::vector<std::string> chain;
  const auto both = make(v1());
  for (std::int64_t key = 1; key <= 30; ++key) put_v1(*both, keys, key);
  both->cut();
  for (auto& b : capture_all(*both)) chain.push_back(b);
  const auto half = make(v2(), {0, 64});
  load(*half, chain);
  half->cut();
  for (auto& b : capture_all(*half)) chain.push_back(b);
  folder f(128, {0, 128});
  for (const std::string& b : chain) ASSERT_TRUE(f.add(b));
  std::vector<std::string> folded;
  for (bool more = true; more;) {
    std::string block;
    more = f.take(500, block);
    if (!block.empty()) folded.push_back(block);
  }
  const auto s = make(v2());
  load(*s, folded);
  for (std::int64_t key = 1; key <= 30; ++key) expect_v2(*s, key, true, {"l" + std::to_string(key)});
}

TEST_F(Converted, ThePluginsReasonIsInTheError) {
  const auto s = make({declared("t", WEIR_STATE_BYTES, "text: utf8")});
  ASSERT_EQ(s->bytes_put(0, slot_of(*s, 0, keys, 1), view(bytes("four"))), WEIR_OK);
  s->cut();
  auto blocks = capture_all(*s);
  const auto now = make({declared("t", WEIR_STATE_BYTES, "text: int64")});
  load(*now, blocks, {.allow_dropped = false, .migrate = ask_by_length});
  weir_view out{};
  ASSERT_EQ(now->bytes_get(0, slot_of(*now, 0, keys, 1), &out), WEIR_OK);
  EXPECT_EQ(text(out), little(std::int64_t{4}));
  ASSERT_EQ(s->bytes_put(0, slot_of(*s, 0, keys, 2), view(bytes("two"))), WEIR_OK);
  s->cut();
  const auto again = make({declared("t", WEIR_STATE_BYTES, "text: int64")});
  const auto refused = again->load(capture_all(*s).at(0), {.allow_dropped = false, .migrate = ask_by_length});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.why().text(), AllOf(HasSubstr("state t"), HasSubstr("three is too much")));
}

/// Blocks of the first cut of a store that was loaded from a chain.
std::vector<std::string> cut_of(store& s) {
  s.cut();
  return capture_all(s);
}
std::vector<std::string> both(std::vector<std::string> first, const std::vector<std::string>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}
std::string refusal(store& s, const std::vector<std::string>& blocks, const load_options& how = {}) {
  for (const std::string& b : blocks)
    if (const auto done = s.load(b, how); !done) return done.why().text();
  const auto all = s.loaded();
  return all ? std::string() : all.why().text();
}

TEST_F(Converted, AFormThatWasTakenBackIsNotAskedForAgain) {
  const auto first = make({declared("t", WEIR_STATE_BYTES, "text: utf8")});
  for (std::int64_t key = 1; key <= 20; ++key)
    ASSERT_EQ(first->bytes_put(0, slot_of(*first, 0, keys, key), view(bytes("four"))), WEIR_OK);
  const auto chain = cut_of(*first);
  const auto nobody = make({declared("t", WEIR_STATE_BYTES, "text: int64")});
  EXPECT_THAT(refusal(*nobody, chain), AllOf(HasSubstr("state t"), HasSubstr("field text is utf8 in the checkpoint")));
  const auto second = make({declared("t", WEIR_STATE_BYTES, "text: int64")});
  load(*second, chain, {.allow_dropped = false, .migrate = ask_by_length});
  const auto longer = both(chain, cut_of(*second));
  // The plugin of now does not know the oldest form, and need not.
  const auto third = make({declared("t", WEIR_STATE_BYTES, "text: int64, more: int8")});
  EXPECT_EQ(refusal(*third, longer), "");
  weir_view out{};
  ASSERT_EQ(third->bytes_get(0, slot_of(*third, 0, keys, 7), &out), WEIR_OK);
  EXPECT_EQ(text(out), little(std::int64_t{4}) + std::string(1, '\0'));
  // Half of it is not enough.
  const auto half = make({declared("t", WEIR_STATE_BYTES, "text: int64")}, {0, 64});
  load(*half, chain, {.allow_dropped = false, .migrate = ask_by_length});
  const auto unfinished = both(chain, cut_of(*half));
  const auto again = make({declared("t", WEIR_STATE_BYTES, "text: int64")});
  EXPECT_THAT(refusal(*again, unfinished), HasSubstr("state t"));
  const auto lower = make({declared("t", WEIR_STATE_BYTES, "text: int64")}, {0, 64});
  EXPECT_EQ(refusal(*lower, unfinished), "");
}

TEST_F(Converted, AStateThatWasLeftOutIsGoneForGood) {
  const auto s = make({declared("n", WEIR_STATE_VALUE, "a: int64"), declared("old", WEIR_STATE_VALUE, "a: int64")});
  for (std::int64_t key = 1; key <= 20; ++key)
    for (std::uint32_t state = 0; state < 2; ++state) slot_of(*s, state, keys, key)->flags |= WEIR_SLOT_PRESENT;
  const auto chain = cut_of(*s);
  const auto refused = make({declared("n", WEIR_STATE_VALUE, "a: int64")});
  EXPECT_THAT(refusal(*refused, chain), HasSubstr("--allow-dropped-state"));
  std::vector<std::string> longer = chain;
  for (const model::key_group_range own : {model::key_group_range{0, 64}, model::key_group_range{64, 128}}) {
    const auto now = make({declared("n", WEIR_STATE_VALUE, "a: int64")}, own);
    load(*now, chain, {.allow_dropped = true, .migrate = {}});
    longer = both(longer, cut_of(*now));
  }
  folder f(128, {0, 128});
  for (const std::string& b : longer) ASSERT_TRUE(f.add(b));
  std::string folded;
  while (f.take(1 << 20, folded)) {
  }
  for (const auto& blocks : {longer, std::vector<std::string>{folded}}) {
    const auto later = make({declared("n", WEIR_STATE_VALUE, "a: int64")});
    EXPECT_EQ(refusal(*later, blocks), "");
    EXPECT_EQ(later->entries(), 20u);
    const auto back =
        make({declared("n", WEIR_STATE_VALUE, "a: int64"), declared("old", WEIR_STATE_VALUE, "a: int64")});
    EXPECT_EQ(refusal(*back, blocks), "");
    EXPECT_EQ(back->entries(), 20u);
  }
}

TEST_F(Converted, ATimeToLiveMayComeAndGo) {
  auto kept = declared("n", WEIR_STATE_VALUE, "a: int64");
  auto timed = kept;
  timed.ttl_us = 1'000'000;
  const std::int64_t now_us = 1'700'000'000'000'000;
  const auto s = make({kept});
  slot_of(*s, 0, keys, 1)->flags |= WEIR_SLOT_PRESENT;
  s->cut();
  auto chain = capture_all(*s);
  const auto later = make({timed});
  load(*later, chain);
  later->set_time(now_us, now_us);
  ASSERT_NE(slot_of(*later, 0, keys, 1, 0, 0), nullptr);
  EXPECT_TRUE(slot_of(*later, 0, keys, 1, 0, 0)->flags & WEIR_SLOT_PRESENT) << "its age counts from now on";
  later->cut();
  for (auto& b : capture_all(*later)) chain.push_back(b);
  folder f(128, {0, 128});
  for (const std::string& b : chain) ASSERT_TRUE(f.add(b));
  std::string folded;
  while (f.take(1 << 20, folded)) {
  }
  const auto back = make({timed});
  load(*back, {folded});
  back->set_time(now_us + 2'000'000, now_us + 2'000'000);
  const weir_slot* gone = slot_of(*back, 0, keys, 1, 0, 0);
  EXPECT_TRUE(!gone || !(gone->flags & WEIR_SLOT_PRESENT));
  const auto for_ever = make({kept});
  load(*for_ever, {folded});
  EXPECT_TRUE(slot_of(*for_ever, 0, keys, 1, 0, 0)->flags & WEIR_SLOT_PRESENT);
}

}  // namespace
}  // namespace weir::state
