#include "kafka/epoch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "weir/failure.hpp"

namespace kafka {
namespace {

std::string text_of(const record& r) {
  const auto one = [](const std::optional<std::string_view>& v) {
    return v ? "'" + std::string{*v} + "'" : std::string{"null"};
  };
  std::string out = one(r.key) + "=" + one(r.value);
  for (const auto& [name, value] : r.headers) out += " " + std::string{name} + ":" + one(value);
  return out;
}

TEST(KafkaEpoch, GivesBackTheRecordsThatItWasGiven) {
  const std::vector<record> all = {{"key", "value", {}},
                                   {std::nullopt, std::nullopt, {}},
                                   {"", "", {{"", ""}, {"h", std::nullopt}}},
                                   {std::nullopt, std::string_view{"\0\n", 2}, {{"trace_id", "1"}}}};
  std::string bytes;
  for (const auto& r : all) append_record(bytes, r);
  std::string text;
  write_epoch(text, {"prefix-sink-0", "12-34", 7, bytes});
  const epoch e = read_epoch(text);
  EXPECT_EQ(e.writer, "prefix-sink-0");
  EXPECT_EQ(e.life, "12-34");
  EXPECT_EQ(e.number, 7u);
  record_reader reader(e.records);
  record r;
  for (const auto& want : all) {
    ASSERT_TRUE(reader.next(r));
    EXPECT_EQ(text_of(r), text_of(want));
  }
  EXPECT_FALSE(reader.next(r));
}

TEST(KafkaEpoch, RefusesBytesThatAreNone) {
  std::string bytes, text;
  append_record(bytes, {"key", "value", {{"h", "v"}}});
  write_epoch(text, {"w", "l", 1, bytes});
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    try {
      record_reader reader(read_epoch(cut).records);
      for (record r; reader.next(r);) {
      }
      EXPECT_EQ(size, text.size() - bytes.size()) << "only an epoch without records is one";
    } catch (const weir::problem& e) {
      EXPECT_EQ(e.code(), WEIR_E_DATA);
    }
  }
  EXPECT_THROW(read_epoch("something else"), weir::problem);
}

}  // namespace
}  // namespace kafka
