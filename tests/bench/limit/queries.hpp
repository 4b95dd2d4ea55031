// Each query as one loop over the stream, written for this query and nothing else.
#pragma once

#include <vector>

#include "events.hpp"
#include "sinks.hpp"
#include "table.hpp"

namespace limit {

template <bool Full, class Sink>
void q0(u64 events, Sink& out) {
  for_each_event<Full>(events, ignore, ignore, [&](const bid& b) { out.row_at(b.auction, b.bidder, b.price, b.ts); });
}

template <bool Full, class Sink>
void q1(u64 events, Sink& out) {
  for_each_event<Full>(events, ignore, ignore,
                       [&](const bid& b) { out.row_at(b.auction, b.bidder, b.price * 908 / 1000, b.ts); });
}

template <bool Full, class Sink>
void q2(u64 events, Sink& out) {
  for_each_event<Full>(events, ignore, ignore, [&](const bid& b) {
    if (b.auction % 123 == 0) out.row(b.auction, b.price);
  });
}

// Persons of three states with their auctions of category 10.
template <bool Full, class Sink>
void q3(u64 events, Sink& out) {
  struct seller {
    u32 name, city, state_plus_1;  // 0: not one of ours (yet)
    u32 first_auction;             // index into `auctions`, 0: none
  };
  struct listed {
    u64 id;
    u32 next;
  };
  table<id_key, seller> sellers;
  std::vector<listed> auctions(1);
  const auto emit = [&](const seller& s, u64 id) {
    out.text(id, [&](char* to) {
      to = put(put(to, "name-"), s.name);
      to = put(put(to, "|city-"), s.city);
      *to++ = '|';
      std::memcpy(to, state_names[s.state_plus_1 - 1], 2);
      to[2] = '|';
      return put(to + 3, id);
    });
  };
  for_each_event<Full>(
      events,
      [&](const person& p) {
        if (p.state_number > 2) return;  // OR, ID, CA
        seller& s = sellers.at({p.id});
        s.name = p.name_number;
        s.city = p.city_number;
        s.state_plus_1 = p.state_number + 1;
        for (u32 i = s.first_auction; i != 0; i = auctions[i].next) emit(s, auctions[i].id);
      },
      [&](const auction& a) {
        if (a.category != 10) return;
        seller& s = sellers.at({a.seller});
        auctions.push_back({a.id, s.first_auction});
        s.first_auction = static_cast<u32>(auctions.size() - 1);
        if (s.state_plus_1 != 0) emit(s, a.id);
      },
      ignore);
}

// The busiest auctions of the last 10 s, every 2 s: counts of 2 s panes, and a running total of five of them.
template <bool Full, class Sink>
void q5(u64 events, Sink& out) {
  constexpr u64 pane_ms = 2000;
  constexpr int panes = 5;
  struct counted {
    u64 auction;
    u32 bids;
  };
  table<id_key, u32> pane(8192), total(32768);
  std::vector<counted> held[panes];
  int oldest = 0;
  u64 pane_end = start_ms + pane_ms;
  std::vector<u64> winners;
  const auto fire = [&] {
    for (const counted& c : held[oldest]) {
      u32* left = total.find({c.auction});
      if ((*left -= c.bids) == 0) total.erase({c.auction});
    }
    held[oldest].clear();
    pane.for_each([&](id_key k, u32 bids) {
      held[oldest].push_back({k.id, bids});
      total.at(k) += bids;
    });
    pane.clear();
    oldest = (oldest + 1) % panes;
    u32 best = 0;
    winners.clear();
    total.for_each([&](id_key k, u32 bids) {
      if (bids > best) best = bids, winners.clear();
      if (bids == best) winners.push_back(k.id);
    });
    for (const u64 auction : winners) out.row(pane_end, auction, best);
    pane_end += pane_ms;
  };
  for_each_event<Full>(events, ignore, ignore, [&](const bid& b) {
    while (b.ts >= pane_end) [[unlikely]] fire();
    ++pane.at({b.auction});
  });
  for (int i = 0; i < panes; ++i) fire();
}

// The highest bids of each 10 s.
template <bool Full, class Sink>
void q7(u64 events, Sink& out) {
  constexpr u64 window_ms = 10'000;
  struct kept {
    u64 auction, bidder, ts;
  };
  std::vector<kept> winners;
  u64 best = 0, end = start_ms / window_ms * window_ms + window_ms;
  const auto fire = [&] {
    for (const kept& w : winners) out.row(end, w.auction, w.bidder, best, w.ts);
    winners.clear();
    best = 0;
    end += window_ms;
  };
  for_each_event<Full>(events, ignore, ignore, [&](const bid& b) {
    while (b.ts >= end) [[unlikely]] fire();
    if (b.price < best) return;
    if (b.price > best) best = b.price, winners.clear();
    winners.push_back({b.auction, b.bidder, b.ts});
  });
  fire();
}

// Persons that appear and sell in the same 10 s.
template <bool Full, class Sink>
void q8(u64 events, Sink& out) {
  constexpr u64 window_ms = 10'000;
  enum : u32 { appeared = 1, sold = 2 };
  struct seen {
    u32 name, what;
  };
  table<id_key, seen> persons(8192);
  u64 start = start_ms / window_ms * window_ms;
  const auto note = [&](u64 id, u64 ts, u32 what, u32 name) {
    while (ts >= start + window_ms) [[unlikely]] {
        persons.clear();
        start += window_ms;
      }
    seen& s = persons.at({id});
    if (what == appeared) s.name = name;
    if (s.what == (what ^ (appeared | sold)))
      out.text(id + start, [&](char* to) {
        to = put(put(put(to, id), "|name-"), s.name);
        *to++ = '|';
        return put(to, start);
      });
    s.what |= what;
  };
  for_each_event<Full>(
      events, [&](const person& p) { note(p.id, p.ts, appeared, p.name_number); },
      [&](const auction& a) { note(a.seller, a.ts, sold, 0); }, ignore);
}

// Sessions of a bidder, ended by 10 s without a bid; a wheel with a slot for each millisecond tells which may have ended.
template <bool Full, class Sink>
void q11(u64 events, Sink& out) {
  constexpr u64 gap_ms = 10'000, slots = 16384;
  struct session {
    u64 start, last;
    u32 bids;
  };
  table<id_key, session> sessions(8192);
  std::vector<std::vector<u64>> wheel(slots);
  std::vector<u64> due;
  u64 now = start_ms;
  const auto end = [&](u64 bidder, const session& s) { out.row(bidder, s.bids, s.start, s.last + gap_ms); };
  for_each_event<Full>(events, ignore, ignore, [&](const bid& b) {
    while (now < b.ts) [[unlikely]] {
        due.swap(wheel[++now % slots]);
        for (const u64 bidder : due) {
          const session& s = *sessions.find({bidder});
          if (s.last + gap_ms > now) {
            wheel[(s.last + gap_ms) % slots].push_back(bidder);
          } else {
            end(bidder, s);
            sessions.erase({bidder});
          }
        }
        due.clear();
      }
    session& s = sessions.at({b.bidder});
    if (s.bids++ == 0) {
      s.start = b.ts;
      wheel[(b.ts + gap_ms) % slots].push_back(b.bidder);
    }
    s.last = b.ts;
  });
  sessions.for_each([&](id_key k, const session& s) { end(k.id, s); });
}

// The last bid of each (bidder, auction), told at every change. More keys than cache: 64 bids are looked up ahead.
template <bool Full, class Sink>
void q18(u64 events, Sink& out) {
  constexpr int ahead = 64;
  struct last_bid {
    u64 price, ts;
  };
  table<pair_key, last_bid> bids(1 << 16);
  bid waiting[ahead];
  int held = 0;
  const auto take = [&] {
    for (int i = 0; i < held; ++i) {
      const bid& b = waiting[i];
      last_bid& last = bids.at({b.bidder, b.auction});
      if (b.ts < last.ts) continue;
      last = {b.price, b.ts};
      out.row_at(b.bidder, b.auction, b.price, b.ts);
    }
    held = 0;
  };
  for_each_event<Full>(events, ignore, ignore, [&](const bid& b) {
    bids.prefetch({b.bidder, b.auction});
    bid& w = waiting[held++];
    w.auction = b.auction;
    w.bidder = b.bidder;
    w.price = b.price;
    w.ts = b.ts;
    if (held == ahead) take();
  });
  take();
}

// The events alone.
template <bool Full, class Sink>
void generate(u64 events, Sink& out) {
  u64 count = 0, sum = 0;
  const auto take = [&](u64 number) {
    ++count;
    sum += number;
  };
  for_each_event<Full>(
      events, [&](const person& p) { take(p.id + p.name_number + p.ts); },
      [&](const auction& a) { take(a.id + a.seller + a.ts); },
      [&](const bid& b) { take(b.auction + b.bidder + b.price + b.ts); });
  out.rows = count;
  out.sum = sum;
}

}  // namespace limit
