// The columns against the definition, field by field, each written a second time here in the plainest way.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "nexmark/columns.hpp"

namespace nexmark {
namespace {

std::string hex(std::uint64_t v) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(v));
  return text;
}

std::string expected(std::uint64_t n, std::uint64_t seed) {
  const dice d(seed);
  const auto r = [&](std::uint64_t salt) { return d.roll(n, salt); };
  const std::uint64_t e = n / 50, off = n % 50, ts = 1'700'000'000'000 + n / 10;
  const std::uint64_t last_person = 1000 + e, last_auction = 1000 + e * 3 + 2;
  const auto back = [](std::uint64_t last, std::uint64_t by) { return last - std::min(by, last - 1000); };
  const auto text = [](auto... v) { return ((std::to_string(v) + "|") + ...); };
  if (off == 0) {
    const std::string name = "name-" + std::to_string(r(1) % 1000);
    return std::to_string(last_person) + "|" + name + "|" + name + "@x.org|city-" + std::to_string(r(2) % 50) + "|" +
           states[r(3) % 6] + "|" + std::to_string(ts);
  }
  if (off < 4) {
    const std::uint64_t id = 1000 + e * 3 + off - 1, initial = 100 + r(1) % 1000;
    const std::uint64_t seller =
        r(5) % 4 != 0 ? std::max<std::uint64_t>(last_person / 100 * 100, 1000) : back(last_person, r(6) % 1000);
    return text(id) + "item-" +
           text(id, initial, initial + r(2) % 1000, ts + 10'000 + r(3) % 20'000, 10 + r(4) % 5, seller) +
           std::to_string(ts);
  }
  const std::uint64_t auction =
      r(1) % 2 == 0 ? std::max<std::uint64_t>(last_auction / 100 * 100, 1000) : back(last_auction, r(2) % 100);
  const std::uint64_t hot = std::max<std::uint64_t>(std::min(last_person / 100 * 100 + 1, last_person), 1000);
  const std::uint64_t bidder = r(3) % 4 != 0 ? hot : back(last_person, r(4) % 1000);
  return text(auction, bidder, 100 + r(5) % 10'000'000) + "channel-" + text(r(6) % 100) + "https://x.org/item/" +
         text(auction, ts) + hex(r(7)) + hex(r(8));
}

// Columns in vectors, with what a builder would promise and no byte more.
struct memory {
  std::vector<std::vector<std::int64_t>> numbers;
  std::vector<std::vector<std::int32_t>> offsets;
  std::vector<std::vector<char>> bytes;
  std::int64_t rows;
  explicit memory(std::int64_t r) : rows(r) { numbers.reserve(64), offsets.reserve(64), bytes.reserve(64); }
  std::int64_t* number() { return numbers.emplace_back(static_cast<std::size_t>(rows)).data(); }
  text_out text(std::int64_t most) {
    return {offsets.emplace_back(static_cast<std::size_t>(rows) + 1).data(),
            bytes.emplace_back(static_cast<std::size_t>(rows * most + overshoot_bytes)).data()};
  }
};

std::string view(const text_out& t, std::int64_t row) { return {t.data + t.offsets[row], t.data + t.offsets[row + 1]}; }

// The events of the list as text, in its order.
std::vector<std::string> written(const std::vector<std::uint64_t>& list, std::uint64_t seed, bool as_runs) {
  const dice d(seed);
  const rows count = count_list(list.data(), static_cast<std::int64_t>(list.size()));
  memory m(static_cast<std::int64_t>(list.size()));
  const person_out p{m.number(),          m.text(name_bytes), m.text(email_bytes), m.text(city_bytes),
                     m.text(state_bytes), m.number(),         m.number(),          m.number()};
  const auction_out a{m.number(), m.text(item_bytes), m.number(), m.number(), m.number(),
                      m.number(), m.number(),         m.number(), m.number(), m.number()};
  const bid_out b{m.number(),          m.number(), m.number(), m.text(channel_bytes), m.text(url_bytes), m.number(),
                  m.text(extra_bytes), m.number(), m.number()};
  rows at;
  if (as_runs)
    write_run(d, list.front(), list.back() + 1, p, a, b, at);
  else
    write_list(d, list.data(), static_cast<std::int64_t>(list.size()), 1000, p, a, b, at);
  EXPECT_EQ(at.persons, count.persons);
  EXPECT_EQ(at.auctions, count.auctions);
  EXPECT_EQ(at.bids, count.bids);
  std::vector<std::string> out;
  rows next;
  std::int64_t listed = 0;  // the offset of a listed event counts up
  const auto check = [&](std::uint64_t n, std::int64_t time, std::int64_t offset) {
    EXPECT_EQ(time, static_cast<std::int64_t>(1'700'000'000'000 + n / 10) * 1000);
    EXPECT_EQ(offset, as_runs ? static_cast<std::int64_t>(n) : listed);
  };
  for (const std::uint64_t n : list) {
    listed = 1000 + static_cast<std::int64_t>(out.size());
    std::string row;
    const auto add = [&](const std::string& field) { row += row.empty() ? field : "|" + field; };
    const auto num = [&](std::int64_t v) { add(std::to_string(v)); };
    if (n % 50 == 0) {
      const auto i = next.persons++;
      num(p.id[i]), add(view(p.name, i)), add(view(p.email, i)), add(view(p.city, i)), add(view(p.state, i)),
          num(p.ts[i]);
      check(n, p.event_time[i], p.offset[i]);
    } else if (n % 50 < 4) {
      const auto i = next.auctions++;
      num(a.id[i]), add(view(a.item, i)), num(a.initial_bid[i]), num(a.reserve[i]), num(a.expires[i]),
          num(a.category[i]);
      num(a.seller[i]), num(a.ts[i]);
      check(n, a.event_time[i], a.offset[i]);
    } else {
      const auto i = next.bids++;
      num(b.auction[i]), num(b.bidder[i]), num(b.price[i]), add(view(b.channel, i)), add(view(b.url, i)), num(b.ts[i]);
      add(view(b.extra, i));
      check(n, b.event_time[i], b.offset[i]);
    }
    out.push_back(row);
  }
  return out;
}

std::vector<std::uint64_t> run(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> out;
  for (; from < to; ++from) out.push_back(from);
  return out;
}

TEST(NexmarkColumns, HoldEveryFieldAsTheDefinitionSays) {
  for (const std::uint64_t seed : {0u, 1u, 77u})
    for (const std::uint64_t epoch :
         {0ull, 1ull, 33ull, 34ull, 99ull, 100ull, 4711ull, 33'000'000ull, 34'000'000ull, 40'000'000'000ull}) {
      const auto list = run(epoch * 50, epoch * 50 + 50);
      const auto rows = written(list, seed, true);
      for (std::size_t i = 0; i < list.size(); ++i)
        ASSERT_EQ(rows[i], expected(list[i], seed)) << "event " << list[i] << " seed " << seed;
    }
}

TEST(NexmarkColumns, AreTheSameWhereverARunBeginsAndEnds) {
  for (std::uint64_t from = 5000; from < 5050; ++from)
    for (std::uint64_t to = from + 1; to <= 5050; ++to) {
      const auto rows = written(run(from, to), 3, true);
      EXPECT_EQ(rows.front(), expected(from, 3));
      EXPECT_EQ(rows.back(), expected(to - 1, 3));
    }
}

TEST(NexmarkColumns, OfAListFollowTheList) {
  const std::vector<std::uint64_t> list = {149, 7, 100, 53, 50, 4, 99'999, 0, 101, 3};
  const auto rows = written(list, 0, false);
  for (std::size_t i = 0; i < list.size(); ++i) EXPECT_EQ(rows[i], expected(list[i], 0));
}

TEST(NexmarkDefinition, IsTheOneOfTheFirstEvents) {
  // Computed apart, with another program.
  EXPECT_EQ(splitmix64(0), 0xe220a8397b1dcdafull);
  EXPECT_EQ(expected(0, 0).substr(0, 5), "1000|");
  EXPECT_EQ(epoch(0).hot_bidder, 1000u);
  EXPECT_EQ(epoch(1).hot_bidder, 1001u);
  EXPECT_EQ(epoch(100).hot_bidder, 1100u);
  EXPECT_EQ(epoch(101).hot_bidder, 1101u);
}

}  // namespace
}  // namespace nexmark
