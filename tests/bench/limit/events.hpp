// The stream of the Nexmark queries for a hand-written loop: one event after the other on the stack, no batches. Written apart from
// plugins/nexmark on purpose, so that each is a check of the other.
#pragma once

#include <cstdint>
#include <cstring>

#define ALWAYS_INLINE inline __attribute__((always_inline))

namespace limit {
using u32 = std::uint32_t;
using u64 = std::uint64_t;

inline constexpr u64 start_ms = 1'700'000'000'000;

ALWAYS_INLINE u64 mix(u64 x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}
ALWAYS_INLINE u64 dice(u64 n, u64 salt) { return mix(n * 16 + salt); }
ALWAYS_INLINE u64 least(u64 a, u64 b) { return a < b ? a : b; }
ALWAYS_INLINE u64 most(u64 a, u64 b) { return a > b ? a : b; }

// ---- text

struct two_digits {
  char pairs[200];
  constexpr two_digits() : pairs{} {
    for (int i = 0; i < 100; ++i)
      pairs[2 * i] = static_cast<char>('0' + i / 10), pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
};
inline constexpr two_digits digits;

// Decimal text of v; the length is known first, so that the digits go to their place at once.
ALWAYS_INLINE char* put(char* to, u64 v) {
  constexpr u64 powers[] = {10ull,           100ull,           1000ull,          10000ull,      100000ull,
                            1000000ull,      10000000ull,      100000000ull,     1000000000ull, 10000000000ull,
                            100000000000ull, 1000000000000ull, 10000000000000ull};
  int size = 1;
  while (size < 14 && v >= powers[size - 1]) ++size;
  char* at = to + size;
  while (v >= 100) {
    const u64 q = v / 100;
    std::memcpy(at -= 2, digits.pairs + 2 * (v - q * 100), 2);
    v = q;
  }
  if (v >= 10)
    std::memcpy(at - 2, digits.pairs + 2 * v, 2);
  else
    at[-1] = static_cast<char>('0' + v);
  return to + size;
}
template <std::size_t N>
ALWAYS_INLINE char* put(char* to, const char (&text)[N]) {
  std::memcpy(to, text, N - 1);
  return to + N - 1;
}
ALWAYS_INLINE char* put_hex(char* to, u64 v) {
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[(v >> shift) & 15];
  return to;
}

// ---- events

inline constexpr const char* state_names[] = {"OR", "ID", "CA", "AZ", "WA", "WY"};

struct person {
  u64 id, ts;
  u32 name_number, city_number, state_number;
  char name[16], email[24], city[16];
};
struct auction {
  u64 id, initial_bid, reserve, expires, category, seller, ts;
  char item[32];
};
struct bid {
  u64 auction, bidder, price, ts;
  char channel[24], url[48], extra[32];
};

// What 50 events have in common.
struct epoch {
  u64 first, last_person, last_auction, hot_auction, hot_seller, hot_bidder;
  ALWAYS_INLINE explicit epoch(u64 number) {
    first = number * 50;
    last_person = 1000 + number;
    last_auction = 1000 + number * 3 + 2;
    hot_auction = most(last_auction / 100 * 100, 1000);
    hot_seller = most(last_person / 100 * 100, 1000);
    hot_bidder = most(least(last_person / 100 * 100 + 1, last_person), 1000);
  }
  ALWAYS_INLINE u64 cold_person(u64 back) const { return last_person - least(back, last_person - 1000); }
  ALWAYS_INLINE u64 cold_auction(u64 back) const { return last_auction - least(back, last_auction - 1000); }
};

// The compiler must build the event whole, whatever the query reads.
template <class T>
ALWAYS_INLINE void use_all(T& event) {
  asm volatile("" : : "r"(&event) : "memory");
}

template <bool Full>
ALWAYS_INLINE void make(person& p, const epoch& e, u64 n) {
  p.id = e.last_person;
  p.ts = start_ms + n / 10;
  p.name_number = static_cast<u32>(dice(n, 1) % 1000);
  p.city_number = static_cast<u32>(dice(n, 2) % 50);
  p.state_number = static_cast<u32>(dice(n, 3) % 6);
  if constexpr (Full) {
    char* end = put(put(p.name, "name-"), p.name_number);
    const auto size = static_cast<std::size_t>(end - p.name);
    std::memcpy(p.email, p.name, size);
    put(p.email + size, "@x.org");
    put(put(p.city, "city-"), p.city_number);
    use_all(p);
  }
}
template <bool Full>
ALWAYS_INLINE void make(auction& a, const epoch& e, u64 n) {
  a.id = 1000 + (e.last_person - 1000) * 3 + (n - e.first - 1);
  a.ts = start_ms + n / 10;
  a.category = 10 + dice(n, 4) % 5;
  a.seller = dice(n, 5) % 4 != 0 ? e.hot_seller : e.cold_person(dice(n, 6) % 1000);
  if constexpr (Full) {
    a.initial_bid = 100 + dice(n, 1) % 1000;
    a.reserve = a.initial_bid + dice(n, 2) % 1000;
    a.expires = a.ts + 10'000 + dice(n, 3) % 20'000;
    put(put(a.item, "item-"), a.id);
    use_all(a);
  }
}
template <bool Full>
ALWAYS_INLINE void make(bid& b, const epoch& e, u64 n) {
  b.auction = dice(n, 1) % 2 == 0 ? e.hot_auction : e.cold_auction(dice(n, 2) % 100);
  b.bidder = dice(n, 3) % 4 != 0 ? e.hot_bidder : e.cold_person(dice(n, 4) % 1000);
  b.price = 100 + dice(n, 5) % 10'000'000;
  b.ts = start_ms + n / 10;
  if constexpr (Full) {
    put(put(b.channel, "channel-"), dice(n, 6) % 100);
    put(put(b.url, "https://x.org/item/"), b.auction);
    put_hex(put_hex(b.extra, dice(n, 7)), dice(n, 8));
    use_all(b);
  }
}

// Runs events 0 .. count-1 past three functions. Full: every event is built with all its fields, as a source that does not know the
// query must; otherwise only with what the query reads.
template <bool Full, class P, class A, class B>
ALWAYS_INLINE void for_each_event(u64 count, P&& on_person, A&& on_auction, B&& on_bid) {
  person p;
  auction a;
  bid b;
  for (u64 number = 0; number * 50 < count; ++number) {
    const epoch e(number);
    const u64 end = least(count, e.first + 50);
    make<Full>(p, e, e.first);
    on_person(p);
    u64 n = e.first + 1;
    for (; n < end && n < e.first + 4; ++n) {
      make<Full>(a, e, n);
      on_auction(a);
    }
    for (; n < end; ++n) {
      make<Full>(b, e, n);
      on_bid(b);
    }
  }
}
inline constexpr auto ignore = [](const auto&) {};

}  // namespace limit
