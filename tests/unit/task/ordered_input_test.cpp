// Rows come in an order that depends on nothing but the rows: however they were cut into batches, whatever came first.
#include "task/ordered_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "fakes.hpp"
#include "model/batch.hpp"
#include "model/name_registry.hpp"

namespace weir::task {
namespace {

struct row {
  std::int64_t number, time;
  std::uint32_t split;
  std::int64_t offset;
};

model::buffer_ref buffer_of(const std::vector<std::int64_t>& values) {
  auto b = model::buffer_pool::must_allocate(values.size() * 8 + 8);
  std::copy(values.begin(), values.end(), b->as<std::int64_t>());
  return b;
}

/// Rows of one split; times: whether they have any.
model::batch_ref batch_of(const std::vector<row>& rows, std::int64_t turn_us = WEIR_TIME_MIN, bool times = true) {
  std::vector<std::int64_t> numbers, at, offsets;
  for (const row& r : rows) {
    numbers.push_back(r.number);
    at.push_back(r.time);
    offsets.push_back(r.offset);
  }
  model::column::part parts[2];
  parts[1].owner = buffer_of(numbers);
  parts[1].data = parts[1].owner->data();
  model::column_ref column = model::column::make(static_cast<std::int64_t>(rows.size()), 0, std::span(parts, 2));
  model::facts f;
  if (times) f.event_time = buffer_of(at);
  f.offset = buffer_of(offsets);
  f.split = rows.front().split;
  f.turn_us = turn_us;
  return model::make_batch(fake::number_schema(), std::span(&column, 1), static_cast<std::int64_t>(rows.size()),
                           std::move(f));
}

using handed_out = std::vector<std::pair<std::uint32_t, std::int64_t>>;  // port, number

handed_out drain(ordered_input& from) {
  handed_out out;
  std::int64_t last = INT64_MIN;
  while (from.first() != INT64_MAX) {
    EXPECT_GT(from.first(), last);
    last = from.first();
    for (const auto& p : from.take_first().take()) {
      EXPECT_LE(p.rows->length(), static_cast<std::int64_t>(ordered_input::batch_rows));
      for (std::int64_t i = 0; i < p.rows->length(); ++i)
        out.emplace_back(p.port, p.rows->column_at(0).values<std::int64_t>()[i]);
    }
  }
  return out;
}

const std::uint32_t splits[] = {model::split_names().number("ordered/b"), model::split_names().number("ordered/a"),
                                model::split_names().number("ordered/c")};

/// Many equal times, and of one split in the order of its offsets.
std::vector<std::vector<row>> some_rows(std::mt19937_64& random) {
  std::vector<std::vector<row>> of(3);
  for (std::size_t s = 0; s < 3; ++s)
    for (std::int64_t n = 0; n < 200; ++n)
      of[s].push_back({static_cast<std::int64_t>(s) * 1000 + n, n / 4 * 5 + static_cast<std::int64_t>(random() % 20),
                       splits[s], n});
  return of;
}

/// Adds the rows in batches of random sizes, splits in turn as it happens. edge: by split.
void add_all(ordered_input& to, const std::vector<std::vector<row>>& rows, std::mt19937_64& random,
             bool edges = false) {
  std::vector<std::size_t> at(rows.size(), 0);
  for (std::size_t left = 3; left > 0;) {
    const std::size_t s = random() % rows.size();
    if (at[s] == rows[s].size()) continue;
    const std::size_t n = std::min(rows[s].size() - at[s], 1 + random() % 40);
    const auto from = rows[s].begin() + static_cast<std::ptrdiff_t>(at[s]);
    ASSERT_TRUE(
        to.add(edges ? static_cast<std::uint32_t>(s) : 0, batch_of({from, from + static_cast<std::ptrdiff_t>(n)})));
    at[s] += n;
    if (at[s] == rows[s].size()) --left;
  }
}

TEST(OrderedInput, OrderDependsOnTheRowsAlone) {
  std::mt19937_64 random(5);
  const auto rows = some_rows(random);
  std::vector<row> sorted;
  for (const auto& of : rows) sorted.insert(sorted.end(), of.begin(), of.end());
  std::sort(sorted.begin(), sorted.end(), [](const row& a, const row& b) {
    const auto name = [](const row& r) { return model::split_names().name(r.split); };
    return std::tuple(a.time, name(a), a.offset) < std::tuple(b.time, name(b), b.offset);
  });
  handed_out wanted;
  for (const row& r : sorted) wanted.emplace_back(7, r.number);
  for (int i = 0; i < 100; ++i) {
    ordered_input in(30, {7});
    add_all(in, rows, random);
    ASSERT_EQ(drain(in), wanted);
  }
}

TEST(OrderedInput, PortsComeByTimeToo) {
  ordered_input in(100, {1, 0});
  ASSERT_TRUE(in.add(0, batch_of({{10, 1, splits[0], 0}, {11, 3, splits[0], 1}})));
  ASSERT_TRUE(in.add(1, batch_of({{20, 2, splits[1], 0}, {21, 3, splits[1], 1}})));
  EXPECT_EQ(drain(in), (handed_out{{1, 10}, {0, 20}, {0, 21}, {1, 11}}));
}

TEST(OrderedInput, OldRowsTakeTheTurnOfTheirBatch) {
  ordered_input in(10, {0});
  ASSERT_TRUE(in.add(0, batch_of({{1, 25, splits[0], 0}})));
  ASSERT_TRUE(in.add(0, batch_of({{2, 3, splits[0], 1}, {3, 38, splits[0], 2}}, 20)));
  ASSERT_EQ(in.first(), 20);
  EXPECT_EQ(drain(in), (handed_out{{0, 2}, {0, 1}, {0, 3}}));
}

TEST(OrderedInput, RowsWithoutAnyTimeDoNotWait) {
  ordered_input in(10, {0});
  EXPECT_FALSE(in.add(0, batch_of({{1, 0, splits[0], 0}}, WEIR_TIME_MIN, false)));
  EXPECT_TRUE(in.add(0, batch_of({{1, 0, splits[0], 0}}, 40, false)));
  EXPECT_EQ(in.first(), 40);
}

TEST(OrderedInput, WhatWaitsCanBeStoredAndTakenOver) {
  std::mt19937_64 random(9);
  const auto rows = some_rows(random);
  ordered_input in(30, {0, 0, 0});
  add_all(in, rows, random, true);
  const std::string stored = in.encode();
  ASSERT_TRUE(ordered_input::is_encoded(stored));
  const auto wanted = drain(in);
  EXPECT_EQ(in.encode(), "");

  const auto schema = fake::number_schema();
  ordered_input::heir to{
      .schemas = {schema, schema, schema}, .keys = {{}, {}, {}}, .broadcast = {false, false, false}, .own = {}};
  ordered_input same(30, {0, 0, 0});
  ASSERT_TRUE(same.decode(stored, to));
  EXPECT_EQ(drain(same), wanted);

  // At another parallelism each row goes to one of the heirs: by its key, or all of an edge without one to the same.
  to.same = false;
  to.keys = {{0}, {0}, {}};
  to.groups = 128;
  handed_out all;
  for (std::uint32_t s = 0; s < 3; ++s) {
    to.own = model::key_groups_of(s, 3, 128);
    to.takes_dealt = s == 1;
    ordered_input part(30, {0, 0, 0});
    ASSERT_TRUE(part.decode(stored, to));
    const auto mine = drain(part);
    EXPECT_GT(mine.size(), 50u);
    all.insert(all.end(), mine.begin(), mine.end());
  }
  auto sorted = wanted;
  std::sort(all.begin(), all.end());
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(all, sorted);

  to.broadcast[2] = true;
  ordered_input refused(30, {0, 0, 0});
  const auto done = refused.decode(stored, to);
  ASSERT_FALSE(done);
  EXPECT_NE(done.why().text().find("parallelism"), std::string::npos) << done.why().text();
}

TEST(OrderedInput, DamageIsNoticedOrLeavesWholeRows) {
  std::mt19937_64 random(9);
  ordered_input in(30, {0});
  add_all(in, some_rows(random), random);
  const std::string stored = in.encode();
  ASSERT_FALSE(stored.empty());
  const ordered_input::heir to{.schemas = {fake::number_schema()}, .keys = {{}}, .broadcast = {false}, .own = {}};
  for (int i = 0; i < 300; ++i) {
    ordered_input back(30, {0});
    base::permit_unchecked(back.decode(stored.substr(0, random() % stored.size()), to),
                           "what it has taken is looked at");
    for (const auto& [port, number] : drain(back)) EXPECT_TRUE(number % 1000 < 200 && number / 1000 < 3) << number;
  }
  ordered_input back(30, {0});
  EXPECT_FALSE(back.decode("no rows", to));
}

}  // namespace
}  // namespace weir::task
