// Counters that are part of a cut, as text that a person who looks into a snapshot can read: "rows=12 bytes=345".
#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace weir::shared {

inline void write_counts(std::string& to, std::initializer_list<std::pair<std::string_view, std::uint64_t>> counts) {
  const std::size_t begin = to.size();
  for (const auto& [name, value] : counts) {
    if (to.size() > begin) to += ' ';
    to += name;
    to += '=';
    to += std::to_string(value);
  }
}

// Adds what write_counts wrote with the same names to the counters. False: the text is another one, and nothing was added.
inline bool add_counts(std::string_view text,
                       std::initializer_list<std::pair<std::string_view, std::uint64_t*>> counts) {
  constexpr std::size_t most = 8;
  std::uint64_t read[most];
  std::size_t at = 0;
  for (const auto& entry : counts) {
    if (at == most || (at > 0 && !text.starts_with(' '))) return false;
    if (at > 0) text.remove_prefix(1);
    if (!text.starts_with(entry.first) || !text.substr(entry.first.size()).starts_with('=')) return false;
    text.remove_prefix(entry.first.size() + 1);
    const auto number = std::from_chars(text.data(), text.data() + text.size(), read[at++]);
    if (number.ec != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(number.ptr - text.data()));
  }
  if (!text.empty()) return false;
  at = 0;
  for (const auto& entry : counts) *entry.second += read[at++];
  return true;
}

}  // namespace weir::shared
