#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::base {
namespace {

TEST(Numbers, ReadWholeNumbersWithUnderscores) {
  EXPECT_EQ(*parse_int64("42"), 42);
  EXPECT_EQ(*parse_int64("-1_000_000"), -1000000);
  EXPECT_EQ(*parse_int64("+7"), 7);
  EXPECT_EQ(*parse_int64("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(*parse_uint64("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(*parse_double("1e6"), 1e6);
}

TEST(Numbers, RefuseWhatIsNotWhollyANumber) {
  for (const char* text : {"", " 1", "1 ", "1x", "_1", "1_", "1__0", "+-1", "0x10", "--1"})
    EXPECT_FALSE(parse_int64(text)) << text;
  EXPECT_THAT(parse_int64("9223372036854775808").why().what, testing::HasSubstr("out of range"));
  EXPECT_FALSE(parse_uint64("-1"));
}

TEST(Durations, ReadUnitsFromLargeToSmall) {
  EXPECT_EQ(*parse_duration_us("10s"), 10'000'000);
  EXPECT_EQ(*parse_duration_us("200ms"), 200'000);
  EXPECT_EQ(*parse_duration_us("1h30m"), 5'400'000'000);
  EXPECT_EQ(*parse_duration_us("250us"), 250);
  EXPECT_EQ(*parse_duration_us("-5s"), -5'000'000);
  EXPECT_EQ(*parse_duration_us("1.5s"), 1'500'000);
  EXPECT_EQ(*parse_duration_us("2d"), 172'800'000'000);
  EXPECT_EQ(*parse_duration_us("0"), 0);
}

TEST(Durations, RefuseWhatIsAmbiguousOrTooLong) {
  for (const char* text :
       {"", "10", "s", "10 s", "10S", "10sec", "1m1h", "1s1s", "1.s", "-", "0.0000001s", "99999999999d", "1e3s"})
    EXPECT_FALSE(parse_duration_us(text)) << text;
  EXPECT_THAT(parse_duration_us("10").why().what, testing::HasSubstr("unit is missing"));
}

TEST(Durations, PrintWhatTheyRead) {
  for (const char* text : {"10s", "200ms", "1h30m", "250us", "-5s", "2d", "1d1h1m1s1ms1us", "0s", "1s500ms"})
    EXPECT_EQ(print_duration_us(*parse_duration_us(text)), text);
}

TEST(ByteSizes, KnowBothSystems) {
  EXPECT_EQ(*parse_byte_size("64MiB"), 64u << 20);
  EXPECT_EQ(*parse_byte_size("1GiB"), 1u << 30);
  EXPECT_EQ(*parse_byte_size("1.5KiB"), 1536u);
  EXPECT_EQ(*parse_byte_size("10MB"), 10'000'000u);
  EXPECT_EQ(*parse_byte_size("4096"), 4096u);
  for (const char* text : {"", "MiB", "64mib", "64 MiB", "-1", "99999999TiB", "0.3B"})
    EXPECT_FALSE(parse_byte_size(text)) << text;
  EXPECT_EQ(print_byte_size(64u << 20), "64MiB");
  EXPECT_EQ(print_byte_size(1000), "1000B");
  EXPECT_EQ(print_byte_size(0), "0B");
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(*from_hex("00fF10"), std::string("\x00\xff\x10", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(NearNames, CountInsertDeleteReplaceAndSwap) {
  EXPECT_EQ(edit_distance("parallelism", "paralelism", 3), 1u);
  EXPECT_EQ(edit_distance("form", "from", 3), 1u);
  EXPECT_EQ(edit_distance("abc", "abc", 0), 0u);
  EXPECT_EQ(edit_distance("abc", "xyz", 2), std::nullopt);
  EXPECT_EQ(edit_distance("", "ab", 2), 2u);
}

TEST(NearNames, SuggestOnlyWhatLooksLikeASlip) {
  const std::vector<std::string> keys = {"from", "uses", "parallelism", "exchange"};
  EXPECT_EQ(nearest_name("form", keys), "from");
  EXPECT_EQ(nearest_name("Parallelism", keys), "parallelism");
  EXPECT_EQ(nearest_name("paralellism", keys), "parallelism");
  EXPECT_EQ(nearest_name("topic", keys), std::nullopt);
  EXPECT_EQ(did_you_mean("use", keys), "; did you mean \"uses\"?");
  EXPECT_EQ(one_of(keys), "\"from\", \"uses\", \"parallelism\" or \"exchange\"");
}

TEST(SafeText, CannotEndALineOrMoveTheCursor) {
  EXPECT_EQ(printable("a\nb\x1b[31m\tc"), "a\\nb\\x1b[31m\\tc");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xe2\x80\xa8\xe2\x80\xae"), "\\u2028\\u202e");
  EXPECT_EQ(quoted("a\"b\\"), "\"a\\\"b\\\\\"");
  EXPECT_EQ(quoted(std::string(300, 'a'), 3), "\"aaa...\"");
}

}  // namespace
}  // namespace weir::base
