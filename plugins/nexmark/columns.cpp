#include "nexmark/columns.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#if defined(__SSSE3__)
#  include <tmmintrin.h>
#endif

#include "shared/digits.hpp"

namespace nexmark {
namespace {

using std::int32_t;
using std::int64_t;
using std::uint64_t;
using weir::shared::put_below_1e8;
using weir::shared::put_u64;

// A short text with its length, copied as 16 bytes.
struct word {
  char text[15] = {};
  std::uint8_t size = 0;
  constexpr word(std::string_view prefix, unsigned number) {
    for (const char c : prefix) text[size++] = c;
    char reversed[10] = {};
    int digits = 0;
    do reversed[digits++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    while (digits > 0) text[size++] = reversed[--digits];
  }
};
static_assert(sizeof(word) == 16);

template <std::size_t... I>
constexpr std::array<word, sizeof...(I)> numbered(std::string_view prefix, std::index_sequence<I...>) {
  return {word(prefix, I)...};
}
constexpr auto channels = numbered("channel-", std::make_index_sequence<100>());
constexpr auto cities = numbered("city-", std::make_index_sequence<50>());

inline char* put_word(char* to, const word& w) {
  std::memcpy(to, &w, 16);
  return to + w.size;
}

// 32 lower-case hex digits.
inline void put_hex(char* to, uint64_t a, uint64_t b) {
  a = __builtin_bswap64(a);
  b = __builtin_bswap64(b);
#if defined(__SSSE3__)
  const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
  const __m128i nibble = _mm_set1_epi8(15);
  const __m128i bytes = _mm_set_epi64x(static_cast<int64_t>(b), static_cast<int64_t>(a));
  const __m128i high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi64(bytes, 4), nibble));
  const __m128i low = _mm_shuffle_epi8(digits, _mm_and_si128(bytes, nibble));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi8(high, low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), _mm_unpackhi_epi8(high, low));
#else
  for (const uint64_t word : {a, b})
    for (int i = 0; i < 8; ++i) {
      const auto byte = static_cast<unsigned>(word >> (8 * i)) & 255u;
      *to++ = "0123456789abcdef"[byte >> 4];
      *to++ = "0123456789abcdef"[byte & 15u];
    }
#endif
}

constexpr std::string_view url_prefix = "https://x.org/item/";

// Bids [from, to) of epoch e, in natural order, rows from `row` on.
void write_bids(const dice& d, const epoch& e, uint64_t from, uint64_t to, const bid_out& out, int64_t row) {
  const auto count = static_cast<int64_t>(to - from);
  // Columns that only count: vector loops of their own.
  int64_t* const ts = out.ts + row;
  int64_t* const event_time = out.event_time + row;
  int64_t* const offset = out.offset + row;
  int32_t* const extra_at = out.extra.offsets + row;
  const auto base_ts = static_cast<int64_t>(ts_ms(e.first_event));
  const auto first = static_cast<unsigned>(from - e.first_event);
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    const int64_t t = base_ts + ((first + i) * 205u >> 11);  // / 10 for numbers below 50
    ts[i] = t;
    event_time[i] = t * 1000;
  }
  for (int64_t i = 0; i < count; ++i) offset[i] = static_cast<int64_t>(from) + i;
  for (int64_t i = 0; i < count; ++i) extra_at[i + 1] = extra_at[0] + static_cast<int32_t>(i + 1) * 32;

  int64_t* const auction = out.auction + row;
  int64_t* const bidder = out.bidder + row;
  int64_t* const price = out.price + row;
  int32_t* const channel_at = out.channel.offsets + row;
  int32_t* const url_at = out.url.offsets + row;
  char* const channel_data = out.channel.data;
  char* const url_data = out.url.data;
  char* channel = channel_data + channel_at[0];
  char* url = url_data + url_at[0];
  char* extra = out.extra.data + extra_at[0];
  const bool small_ids = e.last_auction < 100'000'000;  // the same for the whole run
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t n = from + static_cast<uint64_t>(i);
    const uint64_t id = e.bid_auction(d, n);
    auction[i] = static_cast<int64_t>(id);
    bidder[i] = static_cast<int64_t>(e.bid_bidder(d, n));
    price[i] = static_cast<int64_t>(100 + d.roll(n, 5) % 10'000'000);
    channel = put_word(channel, channels[d.roll(n, 6) % 100]);
    channel_at[i + 1] = static_cast<int32_t>(channel - channel_data);
    std::memcpy(url, url_prefix.data(), url_prefix.size());
    url += url_prefix.size();
    url = small_ids ? put_below_1e8(url, static_cast<std::uint32_t>(id)) : put_u64(url, id);
    url_at[i + 1] = static_cast<int32_t>(url - url_data);
    put_hex(extra, d.roll(n, 7), d.roll(n, 8));
    extra += 32;
  }
}

inline void end_text(const text_out& column, int64_t row, const char* end) {
  column.offsets[row + 1] = static_cast<int32_t>(end - column.data);
}

void write_auction(const dice& d, const epoch& e, uint64_t n, const auction_out& out, int64_t row) {
  const uint64_t id = first_id + (e.last_person - first_id) * auctions_per_epoch + (n - e.first_event - 1);
  const uint64_t initial = 100 + d.roll(n, 1) % 1000;
  const uint64_t ts = ts_ms(n);
  out.id[row] = static_cast<int64_t>(id);
  char* item = out.item.data + out.item.offsets[row];
  std::memcpy(item, "item-", 5);
  end_text(out.item, row, put_u64(item + 5, id));
  out.initial_bid[row] = static_cast<int64_t>(initial);
  out.reserve[row] = static_cast<int64_t>(initial + d.roll(n, 2) % 1000);
  out.expires[row] = static_cast<int64_t>(ts + 10'000 + d.roll(n, 3) % 20'000);
  out.category[row] = static_cast<int64_t>(10 + d.roll(n, 4) % 5);
  out.seller[row] = static_cast<int64_t>(e.seller(d, n));
  out.ts[row] = static_cast<int64_t>(ts);
  out.event_time[row] = static_cast<int64_t>(ts) * 1000;
  out.offset[row] = static_cast<int64_t>(n);
}

void write_person(const dice& d, const epoch& e, uint64_t n, const person_out& out, int64_t row) {
  const uint64_t ts = ts_ms(n);
  out.id[row] = static_cast<int64_t>(e.last_person);
  char* const name = out.name.data + out.name.offsets[row];
  std::memcpy(name, "name-", 5);
  char* const name_end = put_below_1e8(name + 5, static_cast<std::uint32_t>(d.roll(n, 1) % 1000));
  end_text(out.name, row, name_end);
  const auto name_size = static_cast<std::size_t>(name_end - name);
  char* const email = out.email.data + out.email.offsets[row];
  std::memcpy(email, name, 8);
  std::memcpy(email + name_size, "@x.org", 6);
  end_text(out.email, row, email + name_size + 6);
  end_text(out.city, row, put_word(out.city.data + out.city.offsets[row], cities[d.roll(n, 2) % 50]));
  char* const state = out.state.data + out.state.offsets[row];
  std::memcpy(state, states[d.roll(n, 3) % 6], 2);
  end_text(out.state, row, state + 2);
  out.ts[row] = static_cast<int64_t>(ts);
  out.event_time[row] = static_cast<int64_t>(ts) * 1000;
  out.offset[row] = static_cast<int64_t>(n);
}

}  // namespace

void write_run(const dice& d, uint64_t from, uint64_t to, const person_out& persons, const auction_out& auctions,
               const bid_out& bids, rows& at) {
  if (from == to) return;
  const epoch e(from / events_per_epoch);
  uint64_t n = from;
  if (n == e.first_event) write_person(d, e, n++, persons, at.persons++);
  for (; n < to && n - e.first_event < first_bid; ++n) write_auction(d, e, n, auctions, at.auctions++);
  if (n == to) return;
  write_bids(d, e, n, to, bids, at.bids);
  at.bids += static_cast<int64_t>(to - n);
}

void write_list(const dice& d, const uint64_t* numbers, int64_t count, int64_t offset, const person_out& persons,
                const auction_out& auctions, const bid_out& bids, rows& at) {
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t n = numbers[i];
    const epoch e(n / events_per_epoch);
    const uint64_t place = n - e.first_event;
    if (place == 0) {
      write_person(d, e, n, persons, at.persons);
      persons.offset[at.persons++] = offset + i;
    } else if (place < first_bid) {
      write_auction(d, e, n, auctions, at.auctions);
      auctions.offset[at.auctions++] = offset + i;
    } else {
      write_bids(d, e, n, n + 1, bids, at.bids);
      bids.offset[at.bids++] = offset + i;
    }
  }
}

rows count_run(uint64_t from, uint64_t to) {
  if (from == to) return {};
  const uint64_t first = from % events_per_epoch, last = first + (to - from);
  const auto between = [&](uint64_t low, uint64_t high) {
    const uint64_t a = std::max(first, low), b = std::min(last, high);
    return static_cast<int64_t>(a < b ? b - a : 0);
  };
  return {between(0, 1), between(1, first_bid), between(first_bid, events_per_epoch)};
}

rows count_list(const uint64_t* numbers, int64_t count) {
  rows r;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t place = numbers[i] % events_per_epoch;
    r.persons += place == 0;
    r.auctions += place != 0 && place < first_bid;
    r.bids += place >= first_bid;
  }
  return r;
}

}  // namespace nexmark
