#include "base/timestamp.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <random>

namespace weir::base {
namespace {

std::int64_t at(int y, int mo, int d, int h = 0, int mi = 0, int s = 0, int us = 0) {
  std::tm t{};
  t.tm_year = y - 1900, t.tm_mon = mo - 1, t.tm_mday = d, t.tm_hour = h, t.tm_min = mi, t.tm_sec = s;
  return std::int64_t{::timegm(&t)} * 1'000'000 + us;
}

TEST(Timestamps, ReadTheFormsOfRfc3339) {
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_timestamp_us("2024-02-29T12:34:56.789Z"), at(2024, 2, 29, 12, 34, 56, 789000));
  EXPECT_EQ(parse_timestamp_us("2024-02-29 12:34:56.789012345+02:00"), at(2024, 2, 29, 10, 34, 56, 789012));
  EXPECT_EQ(parse_timestamp_us("2024-02-29t12:34:56-05:30"), at(2024, 2, 29, 18, 4, 56));
  EXPECT_EQ(parse_timestamp_us("2024-02-29T12:34:56"), at(2024, 2, 29, 12, 34, 56));
  EXPECT_EQ(parse_timestamp_us("2024-02-29"), at(2024, 2, 29));
  EXPECT_EQ(parse_timestamp_us("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(parse_timestamp_us("2016-12-31T23:59:60Z"), at(2016, 12, 31, 23, 59, 59, 999999));
  EXPECT_EQ(parse_timestamp_us("0001-01-01T00:00:00Z"), min_timestamp_us);
  EXPECT_EQ(parse_timestamp_us("9999-12-31T23:59:59.999999Z"), max_timestamp_us);
}

TEST(Timestamps, RefuseEverythingElse) {
  for (const char* text : {"",
                           "2024",
                           "2024-2-29",
                           "2023-02-29",
                           "2024-13-01",
                           "2024-00-01",
                           "2024-01-00",
                           "2024-01-32",
                           "2024-04-31",
                           "0000-01-01",
                           "2024-01-01T",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:61Z",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00ZZ",
                           "2024-01-01T00:00:00+0200",
                           "2024-01-01T00:00:00+02",
                           "2024-01-01T00:00:00+24:00",
                           "2024-01-01T00:00",
                           "2024-01-01x00:00:00",
                           " 2024-01-01",
                           "2024-01-01 ",
                           "20x4-01-01",
                           "2024-01-01T0a:00:00",
                           "0001-01-01T00:00:00+01:00",
                           "9999-12-31T23:59:59-01:00",
                           "2024/01/01"})
    EXPECT_FALSE(parse_timestamp_us(text)) << text;
}

TEST(Timestamps, PrintWhatTheyRead) {
  EXPECT_EQ(print_timestamp_us(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(print_timestamp_us(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(print_timestamp_us(INT64_MAX), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(print_timestamp_us(INT64_MIN), "0001-01-01T00:00:00.000000Z");
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> any(min_timestamp_us, max_timestamp_us);
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t us = any(random);
    ASSERT_EQ(parse_timestamp_us(print_timestamp_us(us)), us) << us;
  }
}

TEST(Timestamps, ReadFractionsOfEveryLength) {
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.1Z"), 100'000);
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.12"), 120'000);
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.123456"), 123'456);
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.123456Z"), 123'456);
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.123456+00:00"), 123'456);
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.1234567+00:00"), 123'456);
  EXPECT_EQ(parse_timestamp_us("1970-01-01T00:00:00.000001234567890Z"), 1);
  EXPECT_FALSE(parse_timestamp_us("1970-01-01T00:00:00.12345a+00:00"));
}

TEST(Timestamps, RefuseAnyOtherByteAtAnyPlace) {
  const std::string good = "2024-02-29T12:34:56.789012+02:00";
  ASSERT_TRUE(parse_timestamp_us(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int c = 0; c < 256; ++c) {
      std::string text = good;
      text[at] = static_cast<char>(c);
      const bool digit = good[at] >= '0' && good[at] <= '9' && c >= '0' && c <= '9';
      if (digit || text == good) continue;
      const bool other_form = (at == 10 && (c == 't' || c == ' ')) || (at == 26 && c == '-');
      EXPECT_EQ(parse_timestamp_us(text).has_value(), other_form) << text;
    }
  }
}

TEST(Timestamps, AgreeWithTheCLibraryOnEveryDay) {
  for (std::int64_t day = -719162; day < 2932896; ++day) {  // year 1 to 9999
    std::int32_t y;
    unsigned m, d;
    civil_from_days(static_cast<std::int32_t>(day), y, m, d);
    ASSERT_EQ(days_from_civil(y, m, d), day);
    if (day % 97 != 0) continue;
    const std::time_t seconds = day * 86400;
    std::tm t{};
    ::gmtime_r(&seconds, &t);
    ASSERT_EQ(t.tm_year + 1900, y);
    ASSERT_EQ(t.tm_mon + 1, static_cast<int>(m));
    ASSERT_EQ(t.tm_mday, static_cast<int>(d));
  }
}

}  // namespace
}  // namespace weir::base
