#include "model/key_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "model/batch_builder.hpp"
#include "model/compact.hpp"
#include "random_batch.hpp"

namespace weir::model {
namespace {

using namespace test;

/// One row, written by `write(columns)`.
template <class Write>
batch_ref one_row(std::string_view schema_text, Write write) {
  batch_builder b(builder_layout::make(parse_schema(schema_text).take()));
  weir_builder* v = b.open(1);
  write(v->columns);
  v->length = 1;
  return b.finish(0, nullptr).take();
}

void text(weir_column& c, std::string_view s) {
  std::memcpy(c.data, s.data(), s.size());
  static_cast<std::int32_t*>(c.values)[1] = static_cast<std::int32_t>(s.size());
}
template <class T>
void number(weir_column& c, T v, std::int64_t row = 0) {
  static_cast<T*>(c.values)[row] = v;
}
void null(weir_column& c, std::int64_t row = 0) {
  ASSERT_EQ(batch_builder::column_validity(&c), WEIR_OK);
  set_bit(c.validity, row, false);
}
std::uint64_t hash(const batch_ref& b) {
  std::vector<std::uint32_t> key;
  for (std::uint32_t i = 0; i < b->column_count(); ++i) key.push_back(i);
  const std::uint64_t all = hash_keys(*b, key)->as<std::uint64_t>()[0];
  EXPECT_EQ(all, hash_key(*b, key, 0));
  return all;
}

// The same values are in host/model/README.md; they were made with another implementation of XXH3. They must never
// change.
TEST(KeyHash, IsForEver) {
  auto none = [](weir_column*) {};
  EXPECT_EQ(hash(one_row("", none)), 0x2d06800538d394c2u);
  EXPECT_EQ(hash(one_row("k: int64", [](weir_column* c) { number<std::int64_t>(c[0], 1); })), 0x2fbc593564db792eu);
  EXPECT_EQ(hash(one_row("k: int64", [](weir_column* c) { number<std::int64_t>(c[0], -1); })), 0x5111c7e47d784413u);
  EXPECT_EQ(hash(one_row("k: int32", [](weir_column* c) { number<std::int32_t>(c[0], 1); })), 0xdb02334e96d65708u);
  EXPECT_EQ(hash(one_row("k: utf8", [](weir_column* c) { text(c[0], "weir"); })), 0x09831dc741817118u);
  EXPECT_EQ(hash(one_row("k: utf8", [](weir_column* c) { text(c[0], ""); })), 0x2d06800538d394c2u);
  std::string long_text;
  for (int i = 0; i < 100; ++i) long_text += "weir";
  EXPECT_EQ(hash(one_row("k: binary",
                         [&](weir_column* c) {
                           ASSERT_EQ(batch_builder::grow_data(&c[0], 400), WEIR_OK);
                           text(c[0], long_text);
                         })),
            0xb11dad24ec303692u);
  EXPECT_EQ(hash(one_row("k: bool", [](weir_column* c) { number<std::uint8_t>(c[0], 1); })), 0xe12ef9d2eb86ceebu);
  EXPECT_EQ(hash(one_row("k: decimal(9,2)", [](weir_column* c) { number<__int128>(c[0], -1230); })),
            0x768fb0c65b13fde6u);
  EXPECT_EQ(hash(one_row("k: int64?", [](weir_column* c) { null(c[0]); })), 0xa2430a483833b770u);
  EXPECT_EQ(hash(one_row("k: utf8?",
                         [](weir_column* c) {
                           text(c[0], "");
                           null(c[0]);
                         })),
            0xa2430a483833b770u);
  EXPECT_EQ(hash(one_row("a: utf8, b: int64",
                         [](weir_column* c) {
                           text(c[0], "fx");
                           number<std::int64_t>(c[1], 7);
                         })),
            0x2f279ec5f6241d25u);
  EXPECT_EQ(hash(one_row("a: utf8?, b: int64",
                         [](weir_column* c) {
                           text(c[0], "");
                           null(c[0]);
                           number<std::int64_t>(c[1], 7);
                         })),
            0xa5be7602d7b4fe90u);
  EXPECT_EQ(hash(one_row("a: utf8, b: int64?",
                         [](weir_column* c) {
                           text(c[0], "fx");
                           null(c[1]);
                         })),
            0x1b8cd5a24f699cecu);
  EXPECT_EQ(hash(one_row("k: list<int32?>",
                         [](weir_column* c) {
                           number<std::int32_t>(c[0], 2, 1);
                           number<std::int32_t>(c[0].children[0], 1);
                           null(c[0].children[0], 1);
                         })),
            0xb70b14806f0f455cu);
  EXPECT_EQ(hash(one_row("k: struct<a: utf8, b: int32?>",
                         [](weir_column* c) {
                           text(c[0].children[0], "x");
                           null(c[0].children[1]);
                         })),
            0x3d2b21366b9f983bu);
}

TEST(KeyHash, HoldsBothZerosForOneKeyAndAllNansForOne) {
  auto of = [](double v) { return hash(one_row("k: float64", [=](weir_column* c) { number(c[0], v); })); };
  EXPECT_EQ(of(0.0), 0xc77b3abb6f87acd9u);
  EXPECT_EQ(of(-0.0), of(0.0));
  EXPECT_EQ(of(std::nan("1")), 0x0aa61dcfa381c167u);
  EXPECT_EQ(of(-std::numeric_limits<double>::quiet_NaN()), of(std::nan("7")));
}

TEST(KeyHash, DoesNotDependOnHowRowsLieInBatches) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    random r(seed);
    const schema_ref s = random_schema(r);
    const batch_ref b = random_batch(r, s, pick(r, 1, 60), true);
    std::vector<std::uint32_t> key;
    for (std::int64_t i = pick(r, 0, 1) ? 1 : pick(r, 0, 11); i > 0; --i)
      key.push_back(static_cast<std::uint32_t>(pick(r, 0, static_cast<std::int64_t>(s->size()) - 1)));
    const buffer_ref all = hash_keys(*b, key);
    const batch_ref dense = compact(b);
    const buffer_ref packed = hash_keys(*dense, key);
    for (std::int64_t i = 0; i < b->row_count(); ++i) {
      ASSERT_EQ(all->as<std::uint64_t>()[b->row(i)], hash_key(*b, key, b->row(i)))
          << "seed " << seed << " " << s->text();
      ASSERT_EQ(packed->as<std::uint64_t>()[i], all->as<std::uint64_t>()[b->row(i)]);
    }
  }
}

TEST(KeyGroups, CoverAllSubtasksInContiguousRanges) {
  for (std::uint32_t groups : {1u, 7u, 128u, 32768u}) {
    for (std::uint32_t parallelism : {1u, 2u, 3u, 7u, 100u, 128u}) {
      if (parallelism > groups) continue;
      std::uint32_t next = 0;
      for (std::uint32_t s = 0; s < parallelism; ++s) {
        const key_group_range range = key_groups_of(s, parallelism, groups);
        ASSERT_EQ(range.begin, next);
        ASSERT_GE(range.end - range.begin, groups / parallelism);
        ASSERT_LE(range.end - range.begin, groups / parallelism + 1);
        for (std::uint32_t g = range.begin; g < range.end; ++g) ASSERT_EQ(subtask_of(g, parallelism, groups), s);
        next = range.end;
      }
      ASSERT_EQ(next, groups);
    }
  }
}

TEST(KeyGroups, AreForEverAndEven) {
  EXPECT_EQ(key_group(0, 128), 0u);
  EXPECT_EQ(key_group(UINT64_MAX, 128), 127u);
  EXPECT_EQ(key_group(0x8000000000000000u, 128), 64u);
  EXPECT_EQ(key_group(0x2fbc593564db792eu, 128), 23u);
  EXPECT_EQ(key_group(0x2fbc593564db792eu, 100), 18u);
  batch_builder b(builder_layout::make(parse_schema("k: int64").take()));
  weir_builder* v = b.open(128 * 1000);
  for (std::int64_t i = 0; i < 128 * 1000; ++i) number<std::int64_t>(v->columns[0], i, i);
  v->length = 128 * 1000;
  const std::uint32_t key[] = {0};
  const buffer_ref hashes = hash_keys(**b.finish(0, nullptr), key);
  std::vector<int> counts(128);
  for (std::int64_t i = 0; i < 128 * 1000; ++i) ++counts[key_group(hashes->as<std::uint64_t>()[i], 128)];
  for (const int n : counts) EXPECT_NEAR(n, 1000, 200);
}

}  // namespace
}  // namespace weir::model
