#include "model/compact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_batch.hpp"

namespace weir::model {
namespace {

using namespace test;

std::vector<std::string> counted_rows(const batch& b, bool full = true) {
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < b.row_count(); ++i)
    out.push_back(full ? full_row_text(b, b.row(i)) : row_text(b, b.row(i)));
  return out;
}

TEST(Compact, KeepsExactlyTheRowsThatCountWithAllThatBelongsToThem) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    const batch_ref from = random_batch(r, s, pick(r, 0, 90), true);
    const batch_ref dense = compact(from);
    ASSERT_TRUE(dense->dense());
    ASSERT_EQ(dense->length(), from->row_count());
    ASSERT_EQ(counted_rows(*dense), counted_rows(*from)) << "seed " << seed << ": " << s->text();
    for (std::size_t c = 0; c < dense->column_count(); ++c)
      ASSERT_EQ(dense->column_at(c).validity() != nullptr, dense->column_at(c).null_count() > 0);
  }
}

TEST(Compact, GivesADenseBatchBackItself) {
  random r(1);
  const batch_ref from = random_batch(r, random_schema(r), 10, false);
  EXPECT_EQ(compact(from), from);
}

TEST(TakeRows, TakesRowsInAnyOrderAndRepeated) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    random r(seed);
    const batch_ref from = random_batch(r, random_schema(r), pick(r, 1, 50), false);
    std::vector<std::uint32_t> rows;
    std::vector<std::string> wanted;
    for (std::int64_t i = pick(r, 0, 80); i > 0; --i) {
      rows.push_back(static_cast<std::uint32_t>(pick(r, 0, from->length() - 1)));
      wanted.push_back(full_row_text(*from, rows.back()));
    }
    const auto taken = take_rows(*from, rows);
    ASSERT_TRUE(taken) << taken.why().text();
    // Without a row, nothing says whether there was an offset.
    ASSERT_EQ(counted_rows(**taken), wanted) << "seed " << seed;
  }
}

TEST(Slice, IsAPartOfTheRowsThatCount) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    random r(seed);
    const batch_ref from = random_batch(r, random_schema(r), pick(r, 0, 70), pick(r, 0, 1) == 1);
    const std::int64_t begin = pick(r, 0, from->row_count());
    const std::int64_t count = pick(r, 0, from->row_count() - begin);
    const auto all = counted_rows(*from);
    ASSERT_EQ(counted_rows(*slice(*from, begin, count)),
              std::vector<std::string>(all.begin() + begin, all.begin() + begin + count))
        << "seed " << seed;
  }
}

TEST(Concat, PutsTheRowsOfAllBatchesBehindEachOther) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    std::vector<batch_ref> parts;
    std::vector<std::string> wanted;
    for (std::int64_t i = pick(r, 1, 5); i > 0; --i) {
      parts.push_back(random_batch(r, s, pick(r, 0, 40), pick(r, 0, 1) == 1));
      for (const std::string& row : counted_rows(*parts.back(), false)) wanted.push_back(row);
    }
    const auto whole = concat(parts);
    ASSERT_TRUE(whole) << whole.why().text();
    ASSERT_TRUE((*whole)->dense());
    ASSERT_EQ(counted_rows(**whole, false), wanted) << "seed " << seed << ": " << s->text();
  }
}

TEST(Concat, KeepsOffsetsOfOneSplitAndDropsThoseOfSeveral) {
  random r(3);
  const schema_ref s = schema::of({{.name = "a", .type = type_id::int32}});
  auto part = [&](std::uint32_t split, std::int64_t first) {
    return with_facts(*random_batch(r, s, 3, false), {.first_offset = first, .split = split});
  };
  const batch_ref follows[] = {part(1, 10), part(1, 13)};
  EXPECT_EQ((*concat(follows))->facts().first_offset, 10);
  EXPECT_EQ((*concat(follows))->facts().split, 1u);

  const batch_ref gap[] = {part(1, 10), part(1, 20)};
  const auto with_gap = concat(gap);
  ASSERT_TRUE((*with_gap)->facts().offset);
  EXPECT_EQ((*with_gap)->view().offset[2], 12);
  EXPECT_EQ((*with_gap)->view().offset[3], 20);

  const batch_ref two_splits[] = {part(1, 10), part(2, 13)};
  EXPECT_EQ((*concat(two_splits))->facts().split, no_split);
  EXPECT_EQ((*concat(two_splits))->facts().first_offset, -1);
  EXPECT_FALSE((*concat(two_splits))->facts().offset);
}

}  // namespace
}  // namespace weir::model
