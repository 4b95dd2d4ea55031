#include "nexmark/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/test/source_harness.hpp>

namespace nexmark {
namespace {

using namespace std::chrono_literals;
using harness = weir::test::source_harness<source>;
using testing::ElementsAre;
using testing::HasSubstr;

struct person {
  std::int64_t id;
  std::string name, email, city, state;
  std::int64_t ts;
};
struct bid {
  std::int64_t auction, bidder, price;
  std::string channel, url;
  std::int64_t ts;
  std::string extra;
};
WEIR_RECORD(person, id, name, email, city, state, ts)
WEIR_RECORD(bid, auction, bidder, price, channel, url, ts, extra)

// A number for each event that came out of a source, in their order within each port. In order it is the event's number; shuffled,
// its place in the order of its split.
std::vector<std::int64_t> offsets(harness& h) {
  std::vector<std::int64_t> out;
  for (auto& batches : h.under().task().emitted)
    for (auto& b : batches)
      for (const std::int64_t o : b.offset) out.push_back(o * 10 + b.split);
  return out;
}
std::size_t distinct(std::vector<std::int64_t> v) {
  std::sort(v.begin(), v.end());
  return static_cast<std::size_t>(std::unique(v.begin(), v.end()) - v.begin());
}

TEST(NexmarkSource, EmitsPersonsAuctionsAndBidsWithTimesAndOffsets) {
  harness h{{{"events", 100}}};
  ASSERT_THAT(h.open_all(), ElementsAre("0/1"));
  ASSERT_TRUE(h.poll_to_end());
  const auto persons = h.take_rows<person>("person");
  ASSERT_EQ(persons.size(), 2u);
  EXPECT_EQ(persons[1].value.id, 1001);
  EXPECT_EQ(persons[1].value.email, persons[1].value.name + "@x.org");
  EXPECT_EQ(persons[1].value.ts, 1'700'000'000'005);
  EXPECT_EQ(persons[1].at, weir::time{1'700'000'000'005'000us});
  EXPECT_EQ(persons[1].offset, 50);
  EXPECT_EQ(h.under().task().emitted.at(1).at(0).length, 6);
  const auto bids = h.take_rows<bid>("bid");
  ASSERT_EQ(bids.size(), 92u);
  EXPECT_EQ(bids[0].offset, 4);
  EXPECT_EQ(bids[0].value.url, "https://x.org/item/" + std::to_string(bids[0].value.auction));
  EXPECT_EQ(bids[0].value.extra.size(), 32u);
  EXPECT_TRUE(h.split(0).ended);
  EXPECT_EQ(h.split(0).pending, 0);
}

TEST(NexmarkSource, ReadsNoMoreThanABatchAtOnce) {
  for (const int batch : {1, 7, 50, 64, 1000}) {
    harness h{{{"events", 1000}, {"batch", batch}}};
    h.open_all();
    std::int64_t total = 0;
    for (;;) {
      if (h.poll() == weir::polled::end) break;
      std::int64_t rows = 0;
      for (auto& port : h.under().task().emitted) {
        for (auto& b : port) rows += b.length;
        port.clear();
      }
      EXPECT_LE(rows, batch);
      EXPECT_GT(rows, 0);
      total += rows;
    }
    EXPECT_EQ(total, 1000);
  }
}

TEST(NexmarkSource, GivesEveryEventOnceWhereverItIsCutAndRestored) {
  for (const int disorder : {0, 3000})
    for (int cut = 0; cut <= 12; ++cut) {
      const weir::test::table config{{"events", 1500}, {"batch", 120}, {"splits", 2}, {"out_of_order_us", disorder}};
      harness first{config};
      first.open_all();
      for (int i = 0; i < cut; ++i) first.poll();
      auto got = offsets(first);
      harness second{config};
      for (const auto& [split, id] : {std::pair{0u, "0/2"}, std::pair{1u, "1/2"}})
        second.open(split, id, first.position(split));
      ASSERT_TRUE(second.poll_to_end());
      const auto rest = offsets(second);
      got.insert(got.end(), rest.begin(), rest.end());
      ASSERT_EQ(got.size(), 1500u);
      ASSERT_EQ(distinct(got), 1500u);
    }
}

TEST(NexmarkSource, ReadsTheOldestSplitFirst) {
  harness h{{{"events", 1000}, {"splits", 2}, {"batch", 50}}};
  h.open_all();
  for (int i = 0; i < 4; ++i) h.poll();
  std::vector<std::uint32_t> order;
  for (const auto& b : h.under().task().emitted.at(2)) order.push_back(b.split);
  EXPECT_THAT(order, ElementsAre(0, 1, 0, 1));
}

TEST(NexmarkSource, KeepsToItsRateByTheHostsClock) {
  harness h{{{"rate", 1000}}};
  h.clock(1s);
  h.open_all();
  EXPECT_EQ(h.poll(), weir::polled::idle);
  h.clock(1s + 10ms);
  EXPECT_EQ(h.poll(), weir::polled::emitted);
  EXPECT_EQ(offsets(h).size(), 10u);
  EXPECT_EQ(h.poll(), weir::polled::idle);
  h.clock(1s + 500ms);
  while (h.poll() == weir::polled::emitted) {
  }
  EXPECT_EQ(offsets(h).size(), 500u);
  h.clock(1h);  // it makes up for a second at most
  while (h.poll() == weir::polled::emitted) {
  }
  EXPECT_LE(offsets(h).size(), 1500u + 1u);
}

TEST(NexmarkSource, RefusesOptionsThatMakeNoSense) {
  const auto errors = [](weir::test::table t) {
    try {
      harness h{t};
    } catch (const weir::test::bind_refused& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(errors({{"events", -1}}), HasSubstr("events"));
  EXPECT_THAT(errors({{"splits", 0}}), HasSubstr("splits"));
  EXPECT_THAT(errors({{"rate", -0.5}}), HasSubstr("rate"));
  EXPECT_THAT(errors({{"out_of_order_us", 60'000'001}}), HasSubstr("out_of_order_us"));
  EXPECT_THAT(errors({{"event", 1}}), HasSubstr("event"));
}

TEST(NexmarkSource, RefusesThePositionOfAnotherStream) {
  harness h{{{"seed", 2}}};
  EXPECT_THROW(h.open(0, "0/1", "floor=50 seed=1 out_of_order_us=0"), weir::test::call_failed);
  EXPECT_THROW(h.open(1, "0/2"), weir::test::call_failed);
}

}  // namespace
}  // namespace nexmark
