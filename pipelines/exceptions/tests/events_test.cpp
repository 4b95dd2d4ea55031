#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <weir/test/source_harness.hpp>

#include "events/event_text.hpp"
#include "events/source.hpp"

namespace exceptions {
namespace {

using harness = weir::test::source_harness<events>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct line {
  weir::bytes value;
  std::string desk;
};
WEIR_RECORD(line, value, desk)

std::string at(std::uint64_t seed, std::uint64_t number, std::uint64_t parts_per_million = 0) {
  std::string out;
  event_text(seed, number, parts_per_million, out);
  return out;
}

TEST(EventText, IsDecidedBySeedAndNumber) {
  EXPECT_EQ(at(1, 77), at(1, 77));
  EXPECT_NE(at(1, 77), at(2, 77));
  EXPECT_THAT(at(1, 77), StartsWith("{\"trace_id\":\""));
  EXPECT_THAT(at(1, 77), HasSubstr("\"event_id\":\"EX-77\""));
}

TEST(EventText, HasExactlyTheShareOfMalformedEvents) {
  std::uint64_t found = 0;
  for (std::uint64_t n = 0; n < 100'000; ++n) found += is_malformed(n, 10'000);
  EXPECT_EQ(found, 1000u);
  EXPECT_EQ(malformed_among(100'000, 10'000), 1000u);
  EXPECT_EQ(malformed_among(2'500'000, 1), 2u);
  EXPECT_FALSE(is_malformed(5, 0));
  EXPECT_TRUE(is_malformed(5, 1'000'000));
}

TEST(EventText, IsMalformedInAllWays) {
  std::string whole, all;
  for (std::uint64_t n = 0; n < malformed_ways; ++n) all += at(1, n, 1'000'000) + '\n';
  for (const char* sign :
       {"operator note", "\"n/a\"", "yesterday", "99999999999", "null", "structured", "\"amount\":-"})
    EXPECT_THAT(all, HasSubstr(sign));
}

TEST(Events, ComeOnceEachInOrder) {
  harness h{{{"events", 5000}, {"malformed", 0.1}}};
  ASSERT_THAT(h.open_all(), ElementsAre("all"));
  ASSERT_TRUE(h.poll_to_end());
  const auto rows = h.take_rows<line>();
  ASSERT_EQ(rows.size(), 5000u);
  std::set<std::string> desks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].offset, static_cast<std::int64_t>(i));
    EXPECT_EQ(rows[i].value.value.value, at(1, i, 100'000));
    if (!is_malformed(i, 100'000)) desks.insert(rows[i].value.desk);
  }
  EXPECT_THAT(desks, ElementsAre("commodities", "credit", "equities", "fx", "rates"));
}

TEST(Events, GoOnWhereTheyStopped) {
  harness first{{{"events", 5000}}};
  first.open_all();
  ASSERT_EQ(first.poll(), weir::polled::emitted);
  const auto begun = first.take<line>();
  harness second{{{"events", 5000}}};
  second.open(0, "all", first.position(0));
  ASSERT_TRUE(second.poll_to_end());
  const auto rest = second.take<line>();
  ASSERT_EQ(begun.size() + rest.size(), 5000u);
  EXPECT_EQ(rest[0].value.value, at(1, begun.size(), 10'000));
}

}  // namespace
}  // namespace exceptions
