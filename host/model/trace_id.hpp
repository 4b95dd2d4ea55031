#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::model {

using trace_id = std::array<std::uint8_t, 16>;

/// A trace id as sixteen bytes: 32 hex digits (W3C trace context) or a UUID as they are; any other text by its XXH3
/// 128-bit hash, so that equal texts still meet. Empty text: all zero, "none".
trace_id parse_trace_id(std::string_view text) noexcept;
/// The trace id of a record that has none of its own: a hash of where it was read, so that the same record has the same
/// id after every restart. split: its name, "trades/0".
trace_id trace_id_of_place(std::string_view split, std::int64_t offset) noexcept;
/// 32 lower-case hex digits; empty when it is all zero.
std::string print_trace_id(const std::uint8_t* sixteen_bytes);

}  // namespace weir::model
