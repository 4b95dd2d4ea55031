#include "state/key.hpp"

#include <set>

#include "rows.hpp"

namespace weir::state {
namespace {

using namespace test;

const char* const key_schemas[] = {
    "k: int64",
    "k: int64?",
    "k: int64, l: timestamp",
    "k: utf8?",
    "k: utf8?, l: int32?, m: bool",
    "a: int8?, b: float64, c: decimal128(20,2)?",
    "a: fixed_binary(3)?",
    "a: list<int32?>, b: struct<x: utf8, y: int64>",
    "",
};

TEST(Key, BytesAreThoseThatTheKeyHashIsOf) {
  for (const char* schema : key_schemas) {
    const key_maker keys(schema, true);
    const key_codec codec(keys.schema()->fields());
    const auto key = keys.key();
    for (std::int64_t n = 0; n < 50; ++n) {
      const auto b = keys.batch({n});
      std::string bytes;
      const std::uint32_t bits = codec.append(bytes, *b, key, 0);
      EXPECT_EQ(hash_of({bytes.data(), static_cast<std::uint32_t>(bytes.size()), bits}), model::hash_key(*b, key, 0))
          << schema << " " << n;
      if (codec.width() >= 0 && (bits & key_long) == 0) {
        EXPECT_EQ(bytes.size(), static_cast<std::size_t>(codec.width())) << schema;
      }
    }
  }
}

TEST(Key, AreReadBackAsTheyWere) {
  for (const char* schema : key_schemas) {
    const key_maker keys(schema, true);
    const key_codec codec(keys.schema()->fields());
    const auto key = keys.key();
    model::batch_builder builder(model::builder_layout::make(codec.schema()));
    const model::row_json rows(codec.schema());
    weir_builder* out = builder.open(50);
    std::vector<std::string> expected;
    for (std::int64_t n = 0; n < 50; ++n) {
      const auto b = keys.batch({n});
      std::string bytes;
      const std::uint32_t bits = codec.append(bytes, *b, key, 0);
      ASSERT_TRUE(codec.decode({bytes.data(), static_cast<std::uint32_t>(bytes.size()), bits}, out->columns, n))
          << schema << " " << n;
      expected.push_back(keys.text(n));
    }
    out->length = 50;
    const auto made = builder.finish(0, nullptr);
    ASSERT_TRUE(made) << schema << ": " << made.why().text();
    for (std::uint32_t n = 0; n < 50; ++n) {
      std::string text;
      rows.append(text, **made, n);
      EXPECT_EQ(text, expected[n]) << schema;
    }
  }
}

TEST(Key, BytesAndBitsAreEqualExactlyWhenKeysAre) {
  // A null of three bytes' width and the value 01 ff ff hash alike, but are two keys.
  const key_maker keys("a: fixed_binary(3)?", true);
  const key_codec codec(keys.schema()->fields());
  const auto key = keys.key();
  const auto null = keys.batch({0});
  const auto value = keys.batch({0xffff01});
  std::string x, y;
  const std::uint32_t xb = codec.append(x, *null, key, 0);
  const std::uint32_t yb = codec.append(y, *value, key, 0);
  EXPECT_EQ(x, y);
  EXPECT_NE(xb, yb);
}

TEST(Key, DamagedBytesAreRefused) {
  const key_maker keys("a: utf8, b: int64", false);
  const key_codec codec(keys.schema()->fields());
  const auto key = keys.key();
  std::string bytes;
  const std::uint32_t bits = codec.append(bytes, *keys.batch({41}), key, 0);
  model::batch_builder builder(model::builder_layout::make(codec.schema()));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    weir_builder* out = builder.open(1);
    EXPECT_FALSE(codec.decode({bytes.data(), static_cast<std::uint32_t>(n), bits}, out->columns, 0));
    builder.discard();
  }
}

}  // namespace
}  // namespace weir::state
