#include "model/row_json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "model/batch_builder.hpp"

namespace weir::model {
namespace {

template <class T>
column_ref fixed(T v) {
  column::part parts[2];
  parts[1].owner = buffer_pool::must_allocate(sizeof v);
  std::memcpy(parts[1].owner->data(), &v, sizeof v);
  parts[1].data = parts[1].owner->data();
  return column::make(1, 0, parts);
}

template <class T>
std::string of(const data_type& type, T v) {
  std::string out;
  append_json_value(out, type, *fixed(v), 0);
  return out;
}

std::string text(std::string_view s) {
  std::string out;
  append_json_string(out, s);
  return out;
}

TEST(RowJson, WritesNumbersWithAllTheirDigits) {
  EXPECT_EQ(of(type_id::int8, std::int8_t{-128}), "-128");
  EXPECT_EQ(of(type_id::uint8, std::uint8_t{255}), "255");
  EXPECT_EQ(of(type_id::int64, INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(of(type_id::uint64, UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(of(type_id::float64, 0.1), "0.1");
  EXPECT_EQ(of(type_id::float32, 0.1f), "0.1");
  EXPECT_EQ(of(type_id::float64, 1e300), "1e+300");
  EXPECT_EQ(of(type_id::float64, std::nan("")), "\"NaN\"");
  EXPECT_EQ(of(type_id::float64, -std::numeric_limits<double>::infinity()), "\"-Infinity\"");
}

TEST(RowJson, WritesDecimalsExactly) {
  EXPECT_EQ(of(data_type::decimal_of(9, 2), __int128{-1230}), "-12.30");
  EXPECT_EQ(of(data_type::decimal_of(9, 2), __int128{5}), "0.05");
  EXPECT_EQ(of(data_type::decimal_of(9, 2), __int128{0}), "0.00");
  EXPECT_EQ(of(data_type::decimal_of(9, 0), __int128{0}), "0");
  EXPECT_EQ(of(data_type::decimal_of(9, 0), __int128{-7}), "-7");
  __int128 most = 1;
  for (int i = 0; i < 38; ++i) most *= 10;
  EXPECT_EQ(of(data_type::decimal_of(38, 38), -(most - 1)), "-0." + std::string(38, '9'));
  EXPECT_EQ(of(data_type::decimal_of(38, 0), most - 1), std::string(38, '9'));
}

TEST(RowJson, WritesTimesAsRfc3339) {
  EXPECT_EQ(of(type_id::timestamp, std::int64_t{1709210096789000}), "\"2024-02-29T12:34:56.789000Z\"");
  EXPECT_EQ(of(type_id::timestamp, std::int64_t{-1}), "\"1969-12-31T23:59:59.999999Z\"");
  EXPECT_EQ(of(type_id::timestamp, INT64_MAX), "9223372036854775807");
  EXPECT_EQ(of(type_id::date, std::int32_t{19782}), "\"2024-02-29\"");
  EXPECT_EQ(of(type_id::date, std::int32_t{-719162}), "\"0001-01-01\"");
  EXPECT_EQ(of(type_id::date, INT32_MIN), "-2147483648");
}

TEST(RowJson, EscapesText) {
  EXPECT_EQ(text("a\"b\\c\n\t\x01\x7f"), "\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"");
  EXPECT_EQ(text("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\"");
  EXPECT_EQ(text("\xff"
                 "a\xc3"),
            "\"\xef\xbf\xbd"
            "a\xef\xbf\xbd\"");
  EXPECT_EQ(text("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // a surrogate
}

TEST(RowJson, WritesBytesAsBase64) {
  EXPECT_EQ(of(data_type::fixed_binary_of(1), 'M'), "\"TQ==\"");
  EXPECT_EQ(of(data_type::fixed_binary_of(2), std::array{'M', 'a'}), "\"TWE=\"");
  EXPECT_EQ(of(data_type::fixed_binary_of(3), std::array{'M', 'a', 'n'}), "\"TWFu\"");
  EXPECT_EQ(of(data_type::fixed_binary_of(4), std::array{'\xff', '\xff', '\xfe', '\0'}), "\"///+AA==\"");
}

TEST(RowJson, WritesARowAsOneObject) {
  batch_builder b(builder_layout::make(parse_schema("\"a \\\"b\": bool?, l: list<int8>, s: struct<x: utf8?>").take()));
  weir_builder* v = b.open(1);
  ASSERT_EQ(batch_builder::column_validity(&v->columns[0]), WEIR_OK);
  v->columns[0].validity[0] = 0;
  static_cast<std::int32_t*>(v->columns[1].values)[1] = 2;
  static_cast<std::int8_t*>(v->columns[1].children[0].values)[0] = 1;
  static_cast<std::int8_t*>(v->columns[1].children[0].values)[1] = -1;
  static_cast<std::int32_t*>(v->columns[2].children[0].values)[1] = 0;
  v->length = 1;
  const auto made = b.finish(0, nullptr);
  ASSERT_TRUE(made);
  std::string out = "> ";
  row_json((*made)->schema()).append(out, **made, 0);
  EXPECT_EQ(out, R"(> {"a \"b":null,"l":[1,-1],"s":{"x":""}})");
}

}  // namespace
}  // namespace weir::model
