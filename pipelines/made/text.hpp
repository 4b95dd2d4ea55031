// made/text.hpp: chance and JSON text for made-up events.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace made {

/// A number that nothing but its inputs decides (the finaliser of SplitMix64).
inline std::uint64_t dice(std::uint64_t seed, std::uint64_t number, std::uint64_t which) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15u + number * 0xbf58476d1ce4e5b9u + which * 0x94d049bb133111ebu + 1;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

inline void add_number(std::string& to, std::uint64_t value) {
  char digits[20];
  to.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
/// With leading zeros; what is longer than `digits` loses its front.
inline void add_padded(std::string& to, std::uint64_t value, unsigned digits) {
  char out[20];
  for (unsigned i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  to.append(out, digits);
}
inline void add_hex(std::string& to, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) to += "0123456789abcdef"[(value >> shift) & 15];
}
/// RFC 3339, UTC, with `digits` (3 or 6) behind the second. Years 1 to 9999.
inline void add_time(std::string& to, std::int64_t us, unsigned digits = 6) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds{us}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  add_padded(to, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  add_padded(to += '-', static_cast<unsigned>(date.month()), 2);
  add_padded(to += '-', static_cast<unsigned>(date.day()), 2);
  add_padded(to += 'T', static_cast<std::uint64_t>(clock.hours().count()), 2);
  add_padded(to += ':', static_cast<std::uint64_t>(clock.minutes().count()), 2);
  add_padded(to += ':', static_cast<std::uint64_t>(clock.seconds().count()), 2);
  const auto fraction = static_cast<std::uint64_t>(clock.subseconds().count());
  add_padded(to += '.', digits == 3 ? fraction / 1000 : fraction, digits);
  to += 'Z';
}
/// ,"name":"value", the value being JSON text already.
inline void add_member(std::string& to, std::string_view name, std::string_view value) {
  to.append(",\"").append(name).append("\":\"").append(value).append("\"");
}

}  // namespace made
