#include "events/event_text.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace exceptions {
namespace {

using text = std::string_view;

struct desk {
  text name, trade_source;
  std::array<text, 4> instruments;
};
constexpr std::array<desk, 5> desks{{
    {"fx", "fx-booking", {"EURUSD", "USDJPY", "GBPUSD", "EURCHF"}},
    {"rates", "rates-booking", {"IRS-EUR-10Y", "IRS-USD-5Y", "BUND-2034", "UST-2031"}},
    {"equities", "equity-oms", {"SAP.DE", "MSFT.O", "ASML.AS", "NESN.S"}},
    {"credit", "credit-booking", {"ITRX-EUR-5Y", "CDX-IG-5Y", "BOND-VW-2029", "BOND-T-2033"}},
    {"commodities", "cmdty-booking", {"BRENT-M1", "TTF-Q2", "XAU-SPOT", "CU-3M"}},
}};
constexpr std::array<text, 4> trade_reasons{"PRICE_MISMATCH", "QTY_MISMATCH", "SSI_MISSING", "LATE_CONFIRM"};
constexpr std::array<text, 4> payment_reasons{"CUTOFF_MISSED", "NOSTRO_SHORT", "SCREENING_HOLD", "RETURNED"};
constexpr std::array<text, 4> states{"open", "unmatched", "pending", "failed"};
constexpr std::array<text, 6> counterparties{"Alder Bank",     "Birch Capital", "Cedar Clearing",
                                             "Elm Securities", "Fir & Co",      "Maple \\\"Global\\\" AG"};
constexpr std::array<text, 5> currencies{"EUR", "USD", "GBP", "JPY", "CHF"};

constexpr std::int64_t first_event_us = 1'767'600'000'000'000;  // 2026-01-05T08:00:00Z
constexpr std::int64_t between_events_us = 250'000, most_late_us = 2'000'000;

/// A number that nothing but its inputs decides (the finaliser of SplitMix64).
std::uint64_t dice(std::uint64_t seed, std::uint64_t number, std::uint64_t which) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15u + number * 0xbf58476d1ce4e5b9u + which * 0x94d049bb133111ebu + 1;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

template <std::size_t N>
text one_of(const std::array<text, N>& words, std::uint64_t roll) {
  return words[roll % N];
}

void add_number(std::string& to, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  to.append(digits, end);
}

void add_padded(std::string& to, unsigned value, unsigned digits) {
  char out[8];
  for (unsigned i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  to.append(out, digits);
}

void add_time(std::string& to, std::int64_t us) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds{us}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  add_padded(to, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  add_padded(to += '-', static_cast<unsigned>(date.month()), 2);
  add_padded(to += '-', static_cast<unsigned>(date.day()), 2);
  add_padded(to += 'T', static_cast<unsigned>(clock.hours().count()), 2);
  add_padded(to += ':', static_cast<unsigned>(clock.minutes().count()), 2);
  add_padded(to += ':', static_cast<unsigned>(clock.seconds().count()), 2);
  add_padded(to += '.', static_cast<unsigned>(clock.subseconds().count() / 1000), 3);
  to += 'Z';
}

void add_hex(std::string& to, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) to += "0123456789abcdef"[(value >> shift) & 15];
}

void add(std::string& to, text name, text value) {
  to.append(",\"").append(name).append("\":\"").append(value).append("\"");
}

enum class defect : std::uint64_t {
  none,
  cut_off,
  no_json,
  desk_missing,
  amount_is_text,
  time_is_text,
  amount_too_large,
  currency_is_null,
  desk_unknown,
  amount_negative,
  older_than_its_booking
};
static_assert(static_cast<std::uint64_t>(defect::older_than_its_booking) == malformed_ways);

}  // namespace

std::uint64_t malformed_among(std::uint64_t events, std::uint64_t parts_per_million) {
  return events / 1'000'000 * parts_per_million + events % 1'000'000 * parts_per_million / 1'000'000;
}

bool is_malformed(std::uint64_t number, std::uint64_t parts_per_million) {
  return malformed_among(number + 1, parts_per_million) > malformed_among(number, parts_per_million);
}

std::string_view event_text(std::uint64_t seed, std::uint64_t number, std::uint64_t parts_per_million,
                            std::string& to) {
  defect bad = defect::none;
  if (is_malformed(number, parts_per_million))
    bad = static_cast<defect>(1 + malformed_among(number, parts_per_million) % malformed_ways);
  if (bad == defect::no_json) {
    to += "operator note, event ";
    add_number(to, number);
    return {};
  }
  const auto begin = to.size();
  const auto roll = dice(seed, number, 0), size_roll = dice(seed, number, 1), time_roll = dice(seed, number, 2);
  const desk& d = desks[roll % desks.size()];
  const bool payment = (roll >> 8) % 3 == 0;
  const std::int64_t event_us = first_event_us + static_cast<std::int64_t>(number) * between_events_us -
                                static_cast<std::int64_t>(time_roll % most_late_us);
  // Ages up to six hours, most of them short.
  const std::uint64_t most_age_s = std::uint64_t{21'600} >> ((time_roll >> 32) % 6);
  const std::int64_t age_us = static_cast<std::int64_t>((time_roll >> 40) % most_age_s + 1) * 1'000'000;
  std::uint64_t cents_below = 1'000'000;  // 10,000.00 to 1,000,000,000.00
  for (auto i = (size_roll >> 48) % 6; i > 0; --i) cents_below *= 10;

  to += "{\"trace_id\":\"";
  add_hex(to, dice(seed, number, 3));
  add_hex(to, number);
  to += '"';
  add(to, "source_id", payment ? text{"swift-gateway"} : d.trade_source);
  to += ",\"event_id\":\"EX-";
  add_number(to, number);
  to += '"';
  add(to, "kind", payment ? "payment" : "trade");
  if (bad != defect::desk_missing) add(to, "desk", bad == defect::desk_unknown ? text{"structured"} : d.name);
  if (!payment) add(to, "instrument", one_of(d.instruments, roll >> 16));
  add(to, "counterparty", one_of(counterparties, roll >> 24));
  to += ",\"amount\":";
  if (bad == defect::amount_is_text) {
    to += "\"n/a\"";
  } else {
    if (bad == defect::amount_negative) to += '-';
    if (bad == defect::amount_too_large) to += "99999999999";
    const auto cents = size_roll % cents_below + 100;
    add_number(to, cents / 100);
    add_padded(to += '.', static_cast<unsigned>(cents % 100), 2);
    if (bad == defect::amount_too_large) to.insert(to.size() - 3, "000000");
  }
  if (bad == defect::currency_is_null)
    to += ",\"currency\":null";
  else
    add(to, "currency", one_of(currencies, roll >> 32));
  add_time(to += ",\"booked_at\":\"", bad == defect::older_than_its_booking ? event_us + age_us : event_us - age_us);
  to += "\",\"event_at\":\"";
  if (bad == defect::time_is_text)
    to += "yesterday";
  else
    add_time(to, event_us);
  to += '"';
  add(to, "status", one_of(states, roll >> 40));
  if ((roll >> 48) % 8 != 0) add(to, "reason_code", one_of(payment ? payment_reasons : trade_reasons, roll >> 52));
  to += '}';
  if (bad == defect::cut_off) to.resize(begin + (to.size() - begin) / 2);
  return bad == defect::none ? d.name : text{};
}

}  // namespace exceptions
