// The made-up events of the example: event n of a seed is always the same text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace exceptions {

/// In how many ways an event can be malformed; event_text() tells which it takes.
inline constexpr std::uint64_t malformed_ways = 10;

/// True for exactly the share of all events, in parts of a million, evenly spread: of the first n, floor(n * share)
/// are.
bool is_malformed(std::uint64_t number, std::uint64_t parts_per_million);
/// How many of the first `events` are malformed.
std::uint64_t malformed_among(std::uint64_t events, std::uint64_t parts_per_million);

/// Appends event `number` as one JSON object without a newline. Returns its desk ("" when malformed).
std::string_view event_text(std::uint64_t seed, std::uint64_t number, std::uint64_t parts_per_million, std::string& to);

}  // namespace exceptions
