#include "lookup/answers.hpp"

#include <gtest/gtest.h>

#include <random>

#include "lookup/keys.hpp"

namespace {

using lookup::answers;
using lookup::cells;

answers make(answers::limits most) {
  std::vector<cells> columns;
  columns.emplace_back(weir::field{.name = "t", .kind = weir::type::utf8});
  return {false, std::move(columns), most};
}
bool asks(answers& a, const std::string& key, std::int64_t now, std::uint32_t* slot = nullptr) {
  bool ask = false;
  const auto at = a.look(key, lookup::hash_of(key), now, ask);
  if (slot) *slot = at;
  return ask;
}
void put(answers& a, const std::string& key, const std::string& text, std::int64_t now) {
  std::uint32_t slot = 0;
  asks(a, key, now, &slot);
  a.columns()[0].at(slot);
  a.columns()[0].append(std::string_view{text});
  a.found(slot, now);
}

TEST(LookupAnswers, AreBelievedForTheirTime) {
  auto a = make({.ttl_us = 100, .missing_ttl_us = 10});
  put(a, "there", "x", 0);
  std::uint32_t slot = 0;
  EXPECT_TRUE(asks(a, "not", 0, &slot));
  EXPECT_FALSE(asks(a, "not", 0)) << "a key is asked for once in a batch";
  a.missing(slot, 0);
  EXPECT_FALSE(asks(a, "there", 99));
  EXPECT_FALSE(asks(a, "not", 9));
  EXPECT_TRUE(asks(a, "not", 10));
  EXPECT_TRUE(asks(a, "there", 100));
}

TEST(LookupAnswers, WhatWasUsedLeastLatelyLeavesFirst) {
  auto a = make({.rows = 3, .ttl_us = 100, .missing_ttl_us = 100});
  for (const char* key : {"a", "b", "c"}) put(a, key, "x", 0);
  asks(a, "a", 1);
  put(a, "d", "x", 1);
  EXPECT_EQ(a.size(), 4u) << "nothing leaves while the batch is in work";
  a.trim();
  EXPECT_EQ(a.size(), 3u);
  EXPECT_FALSE(asks(a, "a", 2));
  EXPECT_FALSE(asks(a, "c", 2));
  EXPECT_FALSE(asks(a, "d", 2));
  EXPECT_TRUE(asks(a, "b", 2));
}

TEST(LookupAnswers, StayWithinTheirBytes) {
  auto a = make({.rows = 1'000'000, .bytes = 100'000, .ttl_us = 100, .missing_ttl_us = 100});
  for (int i = 0; i < 1000; ++i) {
    put(a, std::to_string(i), std::string(1000, 'x'), 0);
    a.trim();
    ASSERT_LE(a.bytes(), 100'000);
  }
  EXPECT_GT(a.size(), 50u);
  EXPECT_FALSE(asks(a, "999", 1));
}

TEST(LookupAnswers, ForgetWhatFailed) {
  auto a = make({.ttl_us = 100, .missing_ttl_us = 100});
  std::uint32_t slot = 0;
  asks(a, "k", 0, &slot);
  a.failed(slot);
  a.trim();
  EXPECT_EQ(a.size(), 0u);
  EXPECT_TRUE(asks(a, "k", 0));
}

TEST(LookupAnswers, KeepTheirOrderUnderRandomUse) {
  auto a = make({.rows = 20, .ttl_us = 1'000'000, .missing_ttl_us = 100});
  std::vector<int> model;  // the newest last
  std::mt19937 random{3};
  for (int step = 0; step < 20'000; ++step) {
    const int n = static_cast<int>(random() % 40);
    const auto known = std::find(model.begin(), model.end(), n);
    std::uint32_t slot = 0;
    ASSERT_EQ(asks(a, std::to_string(n), step, &slot), known == model.end()) << step;
    a.found(slot, step);
    if (known != model.end()) model.erase(known);
    model.push_back(n);
    a.trim();
    if (model.size() > 20) model.erase(model.begin());
  }
}

}  // namespace
