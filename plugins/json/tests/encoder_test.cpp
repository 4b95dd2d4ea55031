#include "json/encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <weir/record.hpp>
#include <weir/test/harness.hpp>

#include "shared/json_text.hpp"

namespace json {
namespace {

struct order {
  std::string name;
  std::optional<std::int32_t> n;
  double real = 0;
  weir::time at;
  weir::decimal<18, 2> amount;
  std::vector<std::int64_t> list;
  weir::bytes blob;
};
WEIR_RECORD(order, name, n, real, at, amount, list, blob)
struct text_of {
  weir::bytes value;
};
WEIR_RECORD(text_of, value)
struct key_and_text {
  weir::bytes value;
  std::string name;
};
WEIR_RECORD(key_and_text, value, name)
using testing::ElementsAre;
using testing::SizeIs;

order sample() {
  order o;
  o.name = "a\"\\\n\x01\xc3\xa4";
  o.real = 0.1;
  o.at = weir::time{std::chrono::microseconds{1'700'000'000'000'001}};
  o.amount.unscaled = -5;
  o.list = {1, -2};
  o.blob.value = "xyz!";
  return o;
}

TEST(JsonEncoder, WritesEveryTypeAndEscapesText) {
  weir::test::harness<encoder, order, text_of> h;
  h.push(sample());
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].value.value,
            "{\"name\":\"a\\\"\\\\\\n\\u0001\xc3\xa4\",\"n\":null,\"real\":0.1,\"at\":\"2023-11-14T22:13:20.000001Z\","
            "\"amount\":-0.05,\"list\":[1,-2],\"blob\":\"eHl6IQ==\"}");
}

TEST(JsonEncoder, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
  std::string out;
  weir::shared::append_json_string(out, "a\xff\xc3z\xf0\x9f\x98\x80");
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\xef\xbf\xbdz\xf0\x9f\x98\x80\"");
}

TEST(JsonEncoder, WritesOnlyTheColumnsItIsToldAndOmitsNulls) {
  weir::test::harness<encoder, order, key_and_text> h{
      {{"include", weir::test::value::list({"n", "real"})}, {"nulls", "omit"}}};
  h.push(sample());
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].value.value, R"({"real":0.1})");
  EXPECT_EQ(rows[0].name, sample().name) << "other columns go on beside the text";
}

TEST(JsonEncoder, WritesNumbersThatJsonHasNoWordForAsText) {
  weir::test::harness<encoder, order, text_of> h{{{"include", weir::test::value::list({"real"})}}};
  auto o = sample();
  o.real = std::numeric_limits<double>::infinity();
  h.push(o);
  o.real = std::numeric_limits<double>::quiet_NaN();
  h.push(o);
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].value.value, R"({"real":"Infinity"})");
  EXPECT_EQ(rows[1].value.value, R"({"real":"NaN"})");
}

}  // namespace
}  // namespace json
