#include "model/dead_letter.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "model/row_json.hpp"

namespace weir::model {
namespace {

const dead_letter_place place{
    .pipeline = "desk-risk", .operator_id = "exposure", .subtask = 3, .plugin = "risk", .version = "1.2.0"};

TEST(DeadLetter, HoldsTheReasonAndWhereItCameFrom) {
  dead_letter_builder b(place);
  std::uint8_t trace[16];
  for (int i = 0; i < 16; ++i) trace[i] = static_cast<std::uint8_t>(i);
  ASSERT_TRUE(b.add({.at = 1'000'000,
                     .code = WEIR_E_DATA,
                     .reason = "no \"amount\"",
                     .original = std::string_view("\0x", 2),
                     .split = "trades-0",
                     .offset = 42,
                     .event_time = 5,
                     .trace_id = trace,
                     .source_number = 9,
                     .source_id = "blotter"}));
  ASSERT_TRUE(b.add({.at = 2'000'000, .code = WEIR_E_PLUGIN, .reason = "threw", .original = ""}));
  EXPECT_EQ(b.rows(), 2);
  const batch_ref made = b.take();
  ASSERT_TRUE(made);
  EXPECT_TRUE(same_schema(made->schema(), dead_letter_schema()));
  const row_json json(made->schema());
  std::string first, second;
  json.append(first, *made, 0);
  json.append(second, *made, 1);
  EXPECT_EQ(
      first,
      R"({"at":"1970-01-01T00:00:01.000000Z","pipeline":"desk-risk","operator":"exposure","subtask":3,"plugin":"risk",)"
      R"("version":"1.2.0","code":-3,"reason":"no \"amount\"","original":"AHg=","split":"trades-0","offset":42,)"
      R"("event_time":"1970-01-01T00:00:00.000005Z","trace_id":"000102030405060708090a0b0c0d0e0f","source_id":"blotter"})");
  EXPECT_EQ(
      second,
      R"({"at":"1970-01-01T00:00:02.000000Z","pipeline":"desk-risk","operator":"exposure","subtask":3,"plugin":"risk",)"
      R"("version":"1.2.0","code":-7,"reason":"threw","original":"","split":null,"offset":null,)"
      R"("event_time":null,"trace_id":null,"source_id":null})");
  EXPECT_EQ(made->view().event_time[0], 5);
  EXPECT_EQ(made->view().event_time[1], 2'000'000);
  EXPECT_EQ(std::memcmp(made->view().trace_id, trace, 16), 0);
  EXPECT_EQ(made->view().source_id[0], 9u);
  EXPECT_FALSE(b.take());
}

TEST(DeadLetter, TakesAnyNumberOfLargeOnes) {
  dead_letter_builder b(place);
  const std::string original(10'000, 'x');
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(b.add({.at = i, .reason = "r", .original = original, .offset = i}));
    const batch_ref made = b.take();
    ASSERT_EQ(made->row_count(), 500);
    EXPECT_EQ(made->column_at(8).values<std::int32_t>()[500], 5'000'000);
    EXPECT_EQ(made->view().trace_id, nullptr);
  }
}

TEST(DeadLetter, FindsTheOriginOfARow) {
  const std::int64_t times[] = {WEIR_TIME_MIN, 7};
  std::uint8_t traces[32] = {};
  traces[20] = 1;
  const std::uint32_t sources[] = {5, 6};
  weir_batch b{};
  b.event_time = times;
  b.trace_id = traces;
  b.source_id = sources;
  b.first_offset = 10;
  b.split = 3;
  const row_origin first = origin_of(b, 0);
  EXPECT_EQ(first.event_time, std::nullopt);
  EXPECT_EQ(first.trace_id, nullptr);
  EXPECT_EQ(first.source_number, std::nullopt);
  EXPECT_EQ(first.offset, 10);
  const row_origin second = origin_of(b, 1);
  EXPECT_EQ(second.event_time, 7);
  EXPECT_EQ(second.trace_id, traces + 16);
  EXPECT_EQ(second.source_number, 6u);
  EXPECT_EQ(second.offset, 11);
  EXPECT_EQ(second.split, 3u);
  const std::int64_t offsets[] = {-1, 99};
  b.offset = offsets;
  EXPECT_EQ(origin_of(b, 1).offset, 99);
  b.offset = nullptr;
  b.first_offset = -1;
  EXPECT_EQ(origin_of(b, 1).offset, std::nullopt);
}

}  // namespace
}  // namespace weir::model
