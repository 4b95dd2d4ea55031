// The stream, as numbers: what event n is, for every n, from nothing but n and a seed. Deterministic, so that the outputs of any two
// engines can be compared bit for bit. All arithmetic on uint64 wraps.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace nexmark {

inline constexpr std::uint64_t events_per_epoch = 50;  // 1 person, 3 auctions, 46 bids
inline constexpr std::uint64_t auctions_per_epoch = 3;
inline constexpr std::uint64_t first_bid = 4;  // offset of the first bid in its epoch
inline constexpr std::uint64_t first_ts_ms = 1'700'000'000'000;
inline constexpr std::uint64_t events_per_ms = 10;  // 10,000 events a second of event time
inline constexpr std::uint64_t first_id = 1000;
inline constexpr std::uint64_t us_per_event = 100;  // what the out-of-order key counts in
inline constexpr std::uint64_t order_salt = 15;

inline constexpr std::array<const char*, 6> states = {"OR", "ID", "CA", "AZ", "WA", "WY"};

inline std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// The random numbers of a stream: salts tell an event's fields apart.
struct dice {
  std::uint64_t start;  // seed, spread
  explicit dice(std::uint64_t seed) : start(seed * 0xD1B54A32D192ED03ull) {}
  std::uint64_t roll(std::uint64_t n, std::uint64_t salt) const { return splitmix64(n * 16 + salt + start); }
};

inline std::uint64_t ts_ms(std::uint64_t n) { return first_ts_ms + n / events_per_ms; }

// then or otherwise, without a branch: the choice is a coin toss that no processor can foresee, and a wrong guess costs more than
// making both.
inline std::uint64_t pick(bool choose, std::uint64_t then, std::uint64_t otherwise) {
  std::uint64_t mask = choose ? UINT64_MAX : 0;
#if defined(__GNUC__)
  asm("" : "+r"(mask));  // or the compiler makes it a branch again
#endif
  return otherwise ^ ((then ^ otherwise) & mask);
}

// What is the same for the 50 events of an epoch.
struct epoch {
  std::uint64_t first_event, last_person, last_auction;
  std::uint64_t hot_auction, hot_seller, hot_bidder;
  std::uint64_t auction_span, person_span;  // how far back a cold pick may reach

  explicit epoch(std::uint64_t number)
      : first_event(number * events_per_epoch),
        last_person(first_id + number),
        last_auction(first_id + number * auctions_per_epoch + auctions_per_epoch - 1),
        hot_auction(std::max(last_auction / 100 * 100, first_id)),
        hot_seller(std::max(last_person / 100 * 100, first_id)),
        hot_bidder(std::max(std::min(last_person / 100 * 100 + 1, last_person), first_id)),
        auction_span(last_auction - first_id),
        person_span(last_person - first_id) {}

  std::uint64_t bid_auction(const dice& d, std::uint64_t n) const {
    const std::uint64_t cold = last_auction - std::min(d.roll(n, 2) % 100, auction_span);
    return pick(d.roll(n, 1) % 2 == 0, hot_auction, cold);
  }
  std::uint64_t bid_bidder(const dice& d, std::uint64_t n) const {
    const std::uint64_t cold = last_person - std::min(d.roll(n, 4) % 1000, person_span);
    return pick(d.roll(n, 3) % 4 != 0, hot_bidder, cold);
  }
  std::uint64_t seller(const dice& d, std::uint64_t n) const {
    const std::uint64_t cold = last_person - std::min(d.roll(n, 6) % 1000, person_span);
    return pick(d.roll(n, 5) % 4 != 0, hot_seller, cold);
  }
};

// The place of event n in a run that is out of order by `disorder_us`: events come in the order of this key, ties by n.
inline std::uint64_t order_key(const dice& d, std::uint64_t n, std::uint64_t disorder_us) {
  return n * us_per_event + d.roll(n, order_salt) % (disorder_us + 1);
}

}  // namespace nexmark
