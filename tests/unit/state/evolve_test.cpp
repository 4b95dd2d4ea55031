// Stores whose states are declared otherwise while they are used: what comes over, when, and what cuts say of it.
#include <gmock/gmock.h>

#include <set>

#include "declared.hpp"
#include "state/block_reader.hpp"
#include "state/evolution.hpp"
#include "state/folder.hpp"

namespace weir::state {
namespace {

using namespace test;
using model::state_declaration;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t now_us = 1'700'000'000'000'000;

state_declaration number(std::string fields, std::int64_t ttl_us = 0) {
  auto d = declared("n", WEIR_STATE_VALUE, std::move(fields));
  d.ttl_us = ttl_us;
  return d;
}
std::string packed(std::string_view text) {
  const auto n = static_cast<std::uint32_t>(text.size());
  return std::string(reinterpret_cast<const char*>(&n), 4) + std::string(text);
}

class Evolve : public ::testing::Test {
 protected:
  std::unique_ptr<store> make(std::vector<state_declaration> states, bool cuts = true) {
    auto s = std::make_unique<store>(shape_of(keys, std::move(states), {{"due", 0}}), base::real_env(), cuts);
    s->set_time(now_us, now_us);
    return s;
  }
  void evolve(store& s, std::vector<state_declaration> to, const model::state_migrations& ask = {}) {
    auto how = evolution::make(s.what(), shape_of(keys, std::move(to), {{"due", 0}}), ask);
    ASSERT_TRUE(how) << how.why().text();
    ASSERT_EQ(s.evolve(std::move(how).take()), WEIR_OK) << s.why();
  }
  std::string refused(const store& s, std::vector<state_declaration> to,
                      std::vector<model::timer_declaration> timers = {{"due", 0}}) {
    const auto how = evolution::make(s.what(), shape_of(keys, std::move(to), std::move(timers)), {});
    return how ? std::string() : how.why().text();
  }
  void put(store& s, std::int64_t from, std::int64_t to, std::int64_t ns = 0) {
    for (std::int64_t key = from; key < to; ++key) {
      weir_slot* slot = slot_of(s, 0, keys, key, ns);
      long_in(slot) = key;
      slot->flags |= WEIR_SLOT_PRESENT;
    }
  }
  /// The declared number of a key in its `at`-th place; -1: there is none.
  std::int64_t at(store& s, std::int64_t key, int at, std::int64_t ns = 0) {
    weir_slot* slot = slot_of(s, 0, keys, key, ns, 0);
    return slot && (slot->flags & WEIR_SLOT_PRESENT) != 0 ? (&long_in(slot))[at] : -1;
  }
  /// "put 7", "removed 7", "ended", ... of the states, with the fields of each form in front.
  static std::vector<std::string> records(const std::vector<std::string>& blocks) {
    static const std::map<entry_kind, std::string> names{
        {entry_kind::put, "put"},         {entry_kind::merge, "merge"}, {entry_kind::removed, "removed"},
        {entry_kind::dropped, "dropped"}, {entry_kind::reset, "reset"}, {entry_kind::ended, "ended"}};
    std::vector<std::string> out;
    for (const std::string& b : blocks) {
      const auto done = read_block(b, [&](const block_entry& e) {
        out.push_back(names.at(e.what) + (e.key.empty() ? "" : " " + std::string(e.key)) +
                      (e.value.empty() ? "" : " = " + std::string(e.value)));
        return true;
      });
      EXPECT_TRUE(done) << done.why().text();
    }
    return out;
  }
  std::vector<std::string> cut(store& s) {
    s.cut();
    return capture_all(s);
  }
  std::unique_ptr<store> loaded(std::vector<state_declaration> states, const std::vector<std::string>& chain) {
    auto s = make(std::move(states));
    for (const std::string& b : chain) EXPECT_TRUE(s->load(b));
    const auto all = s->loaded();
    EXPECT_TRUE(all) << all.why().text();
    return s;
  }
  static void sweep(store& s) {
    for (bool did = true; did;) ASSERT_EQ(s.evolve_some(64, &did), WEIR_OK) << s.why();
  }
  key_maker keys{"k: int64", false};
};

TEST_F(Evolve, SaysWhatStandsAgainstIt) {
  const auto s = make({number("a: int64"), declared("t", WEIR_STATE_BYTES, "x: utf8")});
  const auto text = declared("t", WEIR_STATE_BYTES, "x: utf8");
  EXPECT_EQ(refused(*s, {text, number("a: int64, b: int64"), declared("new", WEIR_STATE_LIST, "x: utf8")}), "");
  EXPECT_THAT(refused(*s, {number("a: int64")}), HasSubstr("state t is not declared any more"));
  EXPECT_THAT(refused(*s, {number("a: int64", 5), text}), HasSubstr("state n has another time to live"));
  EXPECT_THAT(refused(*s, {number("a: int64"), text}, {{"due", 1}}), HasSubstr("its timers are others"));
  EXPECT_THAT(refused(*s, {number("a: int32"), text}), AllOf(HasSubstr("state n"), HasSubstr("field a is int64")));
  const key_maker other{"k: int32", false};
  const auto how = evolution::make(s->what(), shape_of(other, {number("a: int64"), text}, {{"due", 0}}), {});
  ASSERT_FALSE(how);
  EXPECT_THAT(how.why().text(), HasSubstr("its key is another one"));
}

TEST_F(Evolve, ValuesComeOverWhenTheirKeyIsAskedForAndWithTheSweep) {
  const auto s = make({number("a: int64")});
  put(*s, 0, 1000);
  std::int64_t due = now_us + 5;
  ASSERT_EQ(s->timer_set(0, *keys.batch({7}), keys.key(), nullptr, &due, 1), WEIR_OK);
  evolve(*s, {number("b: int64, a: int64")});
  EXPECT_EQ(s->evolves(), 1000u);
  EXPECT_EQ(s->entries(), 1001u);
  EXPECT_EQ(at(*s, 7, 1), 7);
  EXPECT_EQ(at(*s, 7, 0), 0);
  EXPECT_EQ(at(*s, 5000, 0), -1) << "looking for what is not there makes nothing";
  EXPECT_EQ(s->evolves(), 999u);
  s->set_time(now_us, now_us);
  EXPECT_LT(s->evolves(), 999u);
  EXPECT_GT(s->evolves(), 900u) << "a few with each call";
  sweep(*s);
  EXPECT_EQ(s->evolves(), 0u);
  EXPECT_EQ(s->entries(), 1001u);
  for (std::int64_t key = 0; key < 1000; ++key) ASSERT_EQ(at(*s, key, 1), key);
  EXPECT_EQ(s->next_timer(0), due);
}

TEST_F(Evolve, ATimeToLiveGoesOn) {
  const auto s = make({number("a: int64", 1'000'000)});
  put(*s, 0, 40);
  s->set_time(now_us + 600'000, now_us);
  evolve(*s, {number("b: int64, a: int64", 1'000'000)});
  EXPECT_EQ(at(*s, 3, 1), 3);
  sweep(*s);
  s->set_time(now_us + 1'000'000, now_us);
  for (std::int64_t key = 0; key < 40; ++key) ASSERT_EQ(at(*s, key, 1), -1) << key;
}

TEST_F(Evolve, AListIsPutWholeAfterItHasComeOver) {
  const auto before = declared("l", WEIR_STATE_LIST, "x: utf8");
  const auto after = declared("l", WEIR_STATE_LIST, "x: utf8, n: int8?");
  const auto s = make({before});
  ASSERT_EQ(s->list_add(0, slot_of(*s, 0, keys, 1), view(packed("one"))), WEIR_OK);
  auto chain = cut(*s);
  evolve(*s, {after});
  ASSERT_EQ(s->list_add(0, slot_of(*s, 0, keys, 1), view(packed("two") + std::string(1, '\0'))), WEIR_OK);
  sweep(*s);
  const auto delta = cut(*s);
  EXPECT_THAT(records(delta), ElementsAre("removed {\"k\":1}", "ended",
                                          "put {\"k\":1} = [{\"x\":\"one\",\"n\":null},{\"x\":\"two\",\"n\":null}]"));
  ASSERT_EQ(s->list_add(0, slot_of(*s, 0, keys, 1), view(packed("three") + std::string(1, '\0'))), WEIR_OK);
  EXPECT_THAT(records(cut(*s)), ElementsAre("merge {\"k\":1} = [{\"x\":\"three\",\"n\":null}]"));
}

TEST_F(Evolve, TheCutInWorkHasTheValuesFromBefore) {
  const auto s = make({number("a: int64")});
  put(*s, 0, 3);
  s->cut();
  evolve(*s, {number("b: int64, a: int64")});
  weir_slot* slot = slot_of(*s, 0, keys, 1);
  (&long_in(slot))[1] = 99;
  const auto chain = capture_all(*s);
  EXPECT_THAT(records(chain), ::testing::UnorderedElementsAre("put {\"k\":0} = {\"a\":0}", "put {\"k\":1} = {\"a\":1}",
                                                              "put {\"k\":2} = {\"a\":2}"));
  EXPECT_THAT(records(cut(*s)), ElementsAre("removed {\"k\":1}", "put {\"k\":1} = {\"b\":0,\"a\":99}"));
}

TEST_F(Evolve, ACutInTheMiddleIsRestoredIntoEitherVersion) {
  const auto s = make({number("a: int64")});
  put(*s, 0, 400);
  auto chain = cut(*s);
  evolve(*s, {number("b: int64, a: int64")});
  for (std::int64_t key = 0; key < 100; ++key) (&long_in(slot_of(*s, 0, keys, key)))[1] = 1000 + key;
  ASSERT_EQ(s->drop(0, 77), WEIR_OK);
  for (const std::string& b : cut(*s)) chain.push_back(b);
  ASSERT_EQ(s->evolves(), 300u);
  folder f(128, {0, 128});
  for (const std::string& b : chain) ASSERT_TRUE(f.add(b));
  std::string folded;
  while (f.take(1 << 20, folded)) {
  }
  for (const auto& blocks : {chain, std::vector<std::string>{folded}}) {
    const auto newer = loaded({number("b: int64, a: int64")}, blocks);
    const auto older = loaded({number("a: int64")}, blocks);
    EXPECT_EQ(newer->entries(), 400u);
    EXPECT_EQ(older->entries(), 400u);
    for (std::int64_t key = 0; key < 400; ++key) {
      ASSERT_EQ(at(*newer, key, 1), key < 100 ? 1000 + key : key);
      ASSERT_EQ(at(*older, key, 0), key < 100 ? 1000 + key : key);
    }
  }
}

TEST_F(Evolve, AFormThatHasEndedNeedNotBeKnownAnyMore) {
  const auto text = declared("n", WEIR_STATE_BYTES, "text: utf8");
  const auto length = declared("n", WEIR_STATE_BYTES, "text: int64");
  const auto s = make({text});
  for (std::int64_t key = 0; key < 100; ++key)
    ASSERT_EQ(s->bytes_put(0, slot_of(*s, 0, keys, key), view(packed("four"))), WEIR_OK);
  auto chain = cut(*s);
  evolve(*s, {length}, ask_by_length);
  (void)slot_of(*s, 0, keys, 1);
  for (const std::string& b : cut(*s)) chain.push_back(b);
  const auto nobody = make({length});
  for (const std::string& b : chain) ASSERT_TRUE(nobody->load(b));
  EXPECT_FALSE(nobody->loaded()) << "99 values are texts, and nobody turns them into numbers";
  sweep(*s);
  const auto last = cut(*s);
  EXPECT_EQ(records(last).size(), 99u + 1 + 99);
  for (const std::string& b : last) chain.push_back(b);
  EXPECT_EQ(loaded({length}, chain)->entries(), 100u);
  EXPECT_TRUE(cut(*s).empty()) << "and it is said once";
}

TEST_F(Evolve, ANameSpaceIsSeenScannedAndDroppedInBothForms) {
  const auto s = make({number("a: int64")});
  put(*s, 0, 50, 10);
  put(*s, 0, 50, 20);
  put(*s, 0, 50, 30);
  auto chain = cut(*s);
  evolve(*s, {number("b: int64, a: int64")});
  (&long_in(slot_of(*s, 0, keys, 1, 15)))[1] = 5;
  slot_of(*s, 0, keys, 1, 15)->flags |= WEIR_SLOT_PRESENT;
  std::vector<std::int64_t> seen;
  std::int64_t ns = 0;
  for (std::int64_t from = INT64_MIN; s->next_name_space(0, from, &ns) == WEIR_OK; from = ns + 1) seen.push_back(ns);
  EXPECT_THAT(seen, ElementsAre(10, 15, 20, 30));
  EXPECT_EQ(s->evolves(), 150u);
  ASSERT_EQ(s->drop(0, 20), WEIR_OK);
  EXPECT_EQ(s->evolves(), 100u);
  std::uint64_t cursor = 0;
  model::batch_ref found;
  weir_slot** slots = nullptr;
  ASSERT_EQ(s->scan(0, 10, &cursor, &found, &slots), WEIR_OK);
  EXPECT_EQ(found->length(), 50);
  EXPECT_EQ(s->evolves(), 50u);
  // A part of the keys is dropped of a name space that is still in the older form.
  const model::group_part half{model::group_share::of(0.5), 128, true};
  ASSERT_EQ(s->drop(0, 30, half), WEIR_OK);
  std::size_t left = 0;
  for (std::int64_t key = 0; key < 50; ++key) left += !half.holds(keys.batch({key})->view().key_hash[0]);
  ASSERT_GT(left, 5u);
  ASSERT_LT(left, 45u);
  for (const std::string& b : cut(*s)) chain.push_back(b);
  for (const auto& form : {number("b: int64, a: int64"), number("a: int64")}) {
    const auto back = loaded({form}, chain);
    EXPECT_EQ(back->entries(), 51 + left);
    EXPECT_EQ(back->next_name_space(0, 16, &ns), WEIR_OK);
    EXPECT_EQ(ns, 30);
  }
}

TEST_F(Evolve, MemoryOfTheOlderFormIsUsedAgain) {
  const auto s = make({number("a: int64, b: int64, c: int64, d: int64")});
  put(*s, 0, 300'000);
  (void)cut(*s);
  const std::uint64_t before = s->memory_bytes();
  evolve(*s, {number("a: int64, b: int64, c: int64, d: int64, e: int64")});
  sweep(*s);
  // Two pages of each size at most, the records of what came over, and the index of the older form.
  EXPECT_LT(s->memory_bytes(), before + before * 6 / 10);
  (void)cut(*s);
  EXPECT_EQ(s->evolves(), 0u);
}

TEST_F(Evolve, AValueThatCannotBeConvertedIsAnError) {
  const auto text = declared("n", WEIR_STATE_BYTES, "text: utf8");
  const auto length = declared("n", WEIR_STATE_BYTES, "text: int64");
  const auto s = make({text});
  ASSERT_EQ(s->bytes_put(0, slot_of(*s, 0, keys, 1), view(packed("two"))), WEIR_OK);
  ASSERT_EQ(s->bytes_put(0, slot_of(*s, 0, keys, 2), view(packed("four"))), WEIR_OK);
  evolve(*s, {length}, ask_by_length);
  const std::int64_t ns = 0;
  const auto ask = [&](std::int64_t key) {
    weir_slot* slot = nullptr;
    return s->slots(0, *keys.batch({key}), keys.key(), nullptr, 1, &ns, WEIR_SLOTS_CREATE, &slot);
  };
  EXPECT_EQ(ask(2), WEIR_OK);
  EXPECT_EQ(ask(1), WEIR_E_STATE);
  EXPECT_THAT(s->why(), AllOf(HasSubstr("state n"), HasSubstr("three is too much")));
  bool did = false;
  EXPECT_EQ(s->evolve_some(100, &did), WEIR_E_STATE);
  EXPECT_EQ(s->evolves(), 1u);
  // When the sweep of a call comes upon it, the next call says so, whatever key it is for.
  s->set_time(now_us, now_us);
  EXPECT_EQ(ask(2), WEIR_E_STATE);
  EXPECT_THAT(s->why(), HasSubstr("three is too much"));
}

TEST_F(Evolve, AThirdFormEndsTheFirst) {
  const auto s = make({number("a: int64")});
  put(*s, 0, 100);
  auto chain = cut(*s);
  evolve(*s, {number("b: int64, a: int64")});
  (void)slot_of(*s, 0, keys, 1);
  evolve(*s, {number("c: int64, b: int64, a: int64"), declared("more", WEIR_STATE_BYTES, "x: utf8")});
  EXPECT_EQ(s->evolves(), 100u);
  EXPECT_EQ(at(*s, 42, 2), 42);
  ASSERT_EQ(s->bytes_put(1, slot_of(*s, 1, keys, 1), view(packed("x"))), WEIR_OK);
  for (const std::string& b : cut(*s)) chain.push_back(b);
  const auto back =
      loaded({number("c: int64, b: int64, a: int64"), declared("more", WEIR_STATE_BYTES, "x: utf8")}, chain);
  EXPECT_EQ(back->entries(), 101u);
  sweep(*s);
  for (const std::string& b : cut(*s)) chain.push_back(b);
  EXPECT_EQ(
      loaded({number("c: int64, b: int64, a: int64"), declared("more", WEIR_STATE_BYTES, "x: utf8")}, chain)->entries(),
      101u);
}

TEST_F(Evolve, WithoutCutsTheOlderFormJustGoes) {
  const auto s = make({number("a: int64")}, false);
  put(*s, 0, 100);
  evolve(*s, {number("b: int64, a: int64")});
  sweep(*s);
  evolve(*s, {number("a: int64")});
  EXPECT_EQ(at(*s, 42, 0), 42);
  ASSERT_EQ(s->evolve_rest(), WEIR_OK);
  for (std::int64_t key = 0; key < 100; ++key) ASSERT_EQ(at(*s, key, 0), key);
}

}  // namespace
}  // namespace weir::state
