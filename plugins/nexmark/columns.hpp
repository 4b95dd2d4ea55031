// Writes events straight into Arrow columns. The hot loop of the source: no call per row, no allocation, no host.
#pragma once

#include <cstdint>

#include "nexmark/definition.hpp"

namespace nexmark {

// A text column that grows by appending: offsets has one entry more than rows, offsets[0] = 0.
struct text_out {
  std::int32_t* offsets;
  char* data;
};

// Where the rows of one kind go. All pointers are the first row of a builder's column; row i is written at [i].
struct person_out {
  std::int64_t* id;
  text_out name, email, city, state;
  std::int64_t *ts, *event_time, *offset;
};
struct auction_out {
  std::int64_t* id;
  text_out item;
  std::int64_t *initial_bid, *reserve, *expires, *category, *seller, *ts, *event_time, *offset;
};
struct bid_out {
  std::int64_t *auction, *bidder, *price;
  text_out channel, url;
  std::int64_t* ts;
  text_out extra;
  std::int64_t *event_time, *offset;
};

// Most bytes of one value, and what a writer may overshoot behind the last one.
inline constexpr std::int64_t name_bytes = 8, email_bytes = 14, city_bytes = 7, state_bytes = 2;
inline constexpr std::int64_t item_bytes = 25, channel_bytes = 10, url_bytes = 39, extra_bytes = 32;
inline constexpr std::int64_t overshoot_bytes = 64;

// How many rows of each kind were written.
struct rows {
  std::int64_t persons = 0, auctions = 0, bids = 0;
};

// Writes events [from, to) of one epoch behind the rows that `at` counts, and counts on. An event's offset is its number.
void write_run(const dice&, std::uint64_t from, std::uint64_t to, const person_out&, const auction_out&, const bid_out&,
               rows& at);

// The same for any list of event numbers, in the order of the list; offset: the first one's, the others count up.
void write_list(const dice&, const std::uint64_t* numbers, std::int64_t count, std::int64_t offset, const person_out&,
                const auction_out&, const bid_out&, rows& at);

// How many rows of each kind the events have.
rows count_run(std::uint64_t from, std::uint64_t to);
rows count_list(const std::uint64_t* numbers, std::int64_t count);

}  // namespace nexmark
