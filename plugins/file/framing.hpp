// How values of a binary column are told apart when they are written one after the other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace file {

inline constexpr std::string_view framing_key = "weir.framing", framing_newline = "newline";

// Arrow's metadata (count, then for each pair: size, key, size, value) that says: each value ends with its newline (the last one of a
// file may lack it).
inline std::string newline_framing() {
  std::string out;
  const auto number = [&](std::size_t n) {
    const auto v = static_cast<std::int32_t>(n);
    char bytes[4];
    std::memcpy(bytes, &v, 4);
    out.append(bytes, 4);
  };
  number(1);
  for (const std::string_view text : {framing_key, framing_newline}) {
    number(text.size());
    out += text;
  }
  return out;
}

// The column's metadata says so.
inline bool has_newline_framing(std::string_view metadata) {
  std::string_view pairs = metadata;
  const auto number = [&] {
    std::int32_t v = 0;
    if (pairs.size() >= 4) std::memcpy(&v, pairs.data(), 4);
    pairs.remove_prefix(pairs.size() < 4 ? pairs.size() : 4);
    return v < 0 ? std::size_t{0} : static_cast<std::size_t>(v);
  };
  const auto text = [&] {
    const std::size_t size = number();
    const std::string_view t = pairs.substr(0, size);
    pairs.remove_prefix(t.size());
    return t;
  };
  for (std::size_t count = number(); count > 0 && !pairs.empty(); --count) {
    const std::string_view key = text(), value = text();
    if (key == framing_key) return value == framing_newline;
  }
  return false;
}

}  // namespace file
