// A version that keeps its state otherwise comes while rows flow. That any history comes out the same is in model_test.cpp.
#include "declared.hpp"
#include "rows.hpp"
#include "state/evolution.hpp"

namespace weir::state {
namespace {

using namespace test;

constexpr std::int64_t second = 1'000'000;
const key_maker keys{"k: int64", false};

model::state_declaration narrow() { return declared("n", WEIR_STATE_VALUE, "n: int64"); }
model::state_declaration wide() { return declared("n", WEIR_STATE_VALUE, "n: int64, more: int64"); }

void put(store& s, std::int64_t key, std::int64_t value) {
  weir_slot* slot = slot_of(s, 0, keys, key, 0, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH);
  ASSERT_NE(slot, nullptr) << s.why();
  slot->flags |= WEIR_SLOT_PRESENT;
  long_in(slot) = value;
}

void become(store& s, model::state_shape next, const model::state_migrations& ask = {}) {
  auto how = evolution::make(s.what(), std::move(next), ask);
  ASSERT_TRUE(how) << how.why().text();
  ASSERT_EQ(s.evolve(std::move(how).take()), WEIR_OK) << s.why();
}

void convert_all(store& s) {
  for (bool more = true; more;) ASSERT_EQ(s.evolve_some(1024, &more), WEIR_OK) << s.why();
}

std::size_t cut_of(store& s) {
  s.cut();
  std::size_t bytes = 0;
  for (const std::string& block : capture_all(s)) bytes += block.size();
  return bytes;
}

TEST(Evolve, ConvertsNothingAtOnceAndAllOfItInTheEnd) {
  store s(shape_of(keys, {narrow()}), base::real_env());
  for (std::int64_t k = 0; k < 5000; ++k) put(s, k, 3 * k);
  become(s, shape_of(keys, {wide()}));
  EXPECT_EQ(s.evolves(), 5000u);
  weir_slot* slot = slot_of(s, 0, keys, 77, 0, 0);
  ASSERT_NE(slot, nullptr);
  EXPECT_EQ(long_in(slot), 231);
  EXPECT_EQ((&long_in(slot))[1], 0) << "a field that is new is zero";
  EXPECT_EQ(s.evolves(), 4999u) << "the one that was asked for has come over";
  s.set_time(0, 0);
  EXPECT_LT(s.evolves(), 4999u) << "each batch takes some with it";
  EXPECT_GT(s.evolves(), 4900u);
  convert_all(s);
  EXPECT_EQ(s.evolves(), 0u);
  EXPECT_EQ(s.entries(), 5000u);
  for (std::int64_t k = 0; k < 5000; ++k) ASSERT_EQ(long_in(slot_of(s, 0, keys, k, 0, 0)), 3 * k);
}

TEST(Evolve, TheOlderFormIsForgottenWithTheCutThatSaysSo) {
  store s(shape_of(keys, {narrow()}), base::real_env());
  for (std::int64_t k = 0; k < 1000; ++k) put(s, k, k);
  cut_of(s);
  const std::size_t nothing = cut_of(s);
  become(s, shape_of(keys, {wide()}));
  convert_all(s);
  EXPECT_GT(cut_of(s), 1000u * 16) << "all of it, in the newer form";
  EXPECT_LE(cut_of(s), nothing + 64) << "nothing is left to say";
}

TEST(Evolve, AnEntryLivesAsLongAsItWouldHave) {
  auto was = narrow(), now = wide();
  for (auto* d : {&was, &now}) {
    d->ttl_us = 10 * second;
    d->ttl_time = WEIR_TTL_PROCESSING_TIME;
  }
  store s(shape_of(keys, {was}), base::real_env());
  s.set_time(0, 0);
  put(s, 1, 1);
  s.set_time(4 * second, 0);
  put(s, 2, 2);
  become(s, shape_of(keys, {now}));
  convert_all(s);
  const auto there = [&](std::int64_t key) {
    weir_slot* slot = slot_of(s, 0, keys, key, 0, 0);
    return slot && (slot->flags & WEIR_SLOT_PRESENT) != 0;
  };
  s.set_time(9 * second, 0);
  EXPECT_TRUE(there(1) && there(2));
  s.set_time(11 * second, 0);
  EXPECT_FALSE(there(1)) << "coming over is no writing";
  EXPECT_TRUE(there(2));
}

TEST(Evolve, MemoryIsThatOfOneFormAndALittleMore) {
  store s(shape_of(keys, {narrow()}), base::real_env(), false);
  std::vector<std::int64_t> all(200'000);
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = static_cast<std::int64_t>(k);
  for (const std::int64_t k : all) put(s, k, k);
  const std::uint64_t before = s.memory_bytes();
  become(s, shape_of(keys, {wide()}));
  std::uint64_t most = 0;
  for (bool more = true; more;) {
    ASSERT_EQ(s.evolve_some(256, &more), WEIR_OK) << s.why();
    most = std::max(most, s.memory_bytes());
  }
  const std::uint64_t after = s.memory_bytes();
  EXPECT_GT(after, before) << "a field more";
  EXPECT_LT(most, after + before / 2) << "what has come over gives its memory back";
}

TEST(Evolve, AValueThatCannotBeConvertedIsAnErrorThatNamesTheState) {
  const auto texts = declared("t", WEIR_STATE_BYTES, "text: utf8"),
             numbers = declared("t", WEIR_STATE_BYTES, "n: int64");
  store s(shape_of(keys, {texts}), base::real_env());
  const auto text = [&](std::int64_t key, std::string_view of) {
    std::string packed(4, '\0');
    packed[0] = static_cast<char>(of.size());
    packed += of;
    weir_slot* slot = slot_of(s, 0, keys, key, 0, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH);
    ASSERT_EQ(s.bytes_put(0, slot, {packed.data(), packed.size()}), WEIR_OK);
  };
  text(1, "a"), text(2, "abc"), text(3, "ab");
  become(s, shape_of(keys, {numbers}), ask_by_length);
  EXPECT_NE(slot_of(s, 0, keys, 1, 0, 0), nullptr);
  weir_code code = WEIR_OK;
  for (bool more = true; more && code == WEIR_OK;) code = s.evolve_some(1024, &more);
  EXPECT_EQ(code, WEIR_E_STATE);
  EXPECT_NE(s.why().find("three is too much"), std::string::npos) << s.why();
  EXPECT_NE(s.why().find("state t"), std::string::npos) << s.why();
}

TEST(Evolve, WhatCannotChangeWhileRowsFlowIsNamed) {
  const auto refused = [](model::state_shape was, model::state_shape now) {
    auto how = evolution::make(std::move(was), std::move(now), {});
    return how ? std::string() : how.why().text();
  };
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  const auto plain = shape_of(keys, {narrow()});
  EXPECT_EQ(refused(plain, shape_of(keys, {wide(), value_of_longs("other")})), "");
  EXPECT_TRUE(has(refused(plain, shape_of(keys, {value_of_longs("other")})), "state n is not declared any more"));
  auto kept = narrow();
  kept.ttl_us = second;
  EXPECT_TRUE(has(refused(plain, shape_of(keys, {kept})), "state n has another time to live"));
  EXPECT_TRUE(has(refused(plain, shape_of(key_maker("k: utf8", false), {narrow()})), "its key is another one"));
  auto timed = plain;
  timed.timers.push_back({"t", WEIR_TIMER_EVENT_TIME});
  EXPECT_TRUE(has(refused(plain, timed), "its timers are others"));
  EXPECT_TRUE(has(refused(plain, shape_of(keys, {})), "nothing is kept any more"));
}

}  // namespace
}  // namespace weir::state
