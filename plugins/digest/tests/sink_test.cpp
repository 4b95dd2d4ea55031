#include "digest/sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/harness.hpp>

namespace digest {
namespace {

struct trade {
  std::string desk;
  std::int64_t amount;
};
WEIR_RECORD(trade, desk, amount)
using harness = weir::test::harness<sink, trade, void>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::uint64_t hash(const std::string& t) { return fnv1a(t.data(), t.size()); }

TEST(DigestSink, ReportsRowsAndTheSumOfTheirHashes) {
  harness h;
  EXPECT_THAT(h.figures(), ElementsAre(Pair("rows", 0), Pair("sum", 0)));
  h.push({"fx", 60});
  h.push_all({{"rates", -5}, {"", 7}});
  EXPECT_THAT(h.figures(), ElementsAre(Pair("rows", 3), Pair("sum", hash("fx|60") + hash("rates|-5") + hash("|7"))));
}

TEST(DigestSink, DoesNotDependOnTheOrderOrTheBatches) {
  std::vector<trade> trades;
  for (std::int64_t i = 0; i < 500; ++i) trades.push_back({"d" + std::to_string(i % 7), i * 1'000'003});
  std::map<std::string, std::uint64_t> first;
  for (const std::size_t batch : {1u, 16u, 500u}) {
    harness h;
    h.batch_size = batch;
    h.sparse = batch == 16;
    h.push_all(trades);
    if (first.empty()) first = h.figures();
    EXPECT_EQ(h.figures(), first);
    std::reverse(trades.begin(), trades.end());
  }
  EXPECT_EQ(first["rows"], 500u);
}

TEST(DigestSink, TakesTheColumnsItIsGivenInTheirOrder) {
  harness h{{{"columns", weir::test::value::list({"amount", "desk"})}}};
  h.push({"fx", 60});
  EXPECT_EQ(h.figures()["sum"], hash("60|fx"));
}

TEST(DigestSink, NamesTheColumnThatIsNotThere) {
  EXPECT_THAT((weir::test::bind_errors<sink, trade>({{"columns", weir::test::value::list({"amont"})}})),
              ElementsAre(HasSubstr("did you mean 'amount'")));
}

TEST(DigestSink, ReportsTheSameWhereverItIsCutAndRestored) {
  std::vector<trade> trades;
  for (std::int64_t i = 0; i < 60; ++i) trades.push_back({"d" + std::to_string(i % 7), i});
  harness whole;
  whole.push_all(trades);
  for (std::size_t cut = 0; cut <= trades.size(); cut += 7) {
    const auto begin = trades.begin(), middle = begin + static_cast<std::ptrdiff_t>(cut / 2),
               end = begin + static_cast<std::ptrdiff_t>(cut);
    harness first, second;
    first.push_all({begin, middle});
    second.push_all({middle, end});
    harness after;
    after.restore(first.cut());
    after.restore_more(second.cut());  // fewer subtasks than before: one takes the figures of two
    after.push_all({end, trades.end()});
    EXPECT_EQ(after.figures(), whole.figures()) << "cut at " << cut;
    harness again;
    again.restore(after.cut());
    EXPECT_EQ(again.figures(), whole.figures());
  }
}

TEST(DigestSink, RefusesWhatIsNoDigest) {
  for (const char* wrong : {"", "rows=1", "rows=1 sum=", "rows=1 sum=2 more", "rows=99999999999999999999 sum=1"}) {
    harness h;
    EXPECT_THROW(h.restore({.number = 1, .saved = wrong}), weir::test::call_failed) << wrong;
    EXPECT_EQ(h.figures()["rows"], 0u);
  }
}

}  // namespace
}  // namespace digest
