#pragma once
// Small texts that people write in options and that weir prints back: numbers, durations, byte sizes, hex, near names.
// Time stamps are in timestamp.hpp, digests in digest.hpp. Parsers take the whole text or fail with a config error that
// shows an example of what is right; they never accept trailing characters.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::base {

/// "42", "-7", "1_000_000". Overflow is an error.
result<std::int64_t> parse_int64(std::string_view text);
result<std::uint64_t> parse_uint64(std::string_view text);
/// "1.5", "1e6", "inf", "nan".
result<double> parse_double(std::string_view text);

/// "10s", "200ms", "1h30m", "250us", "-5s", "1.5s", "2d", "0" -> microseconds. Units d h m s ms us, each once, large to
/// small.
result<std::int64_t> parse_duration_us(std::string_view text);
/// The shortest form parse_duration_us reads back to the same: 5400000000 -> "1h30m", 0 -> "0s".
std::string print_duration_us(std::int64_t us);

/// "64MiB", "1GiB", "512KiB", "10MB", "4096", "1.5GiB" -> bytes. KiB MiB GiB TiB are 1024s, kB MB GB TB are 1000s.
result<std::uint64_t> parse_byte_size(std::string_view text);
/// Whole units when exact, else bytes: 67108864 -> "64MiB", 1000 -> "1000B".
std::string print_byte_size(std::uint64_t bytes);

/// Lower-case hexadecimal.
std::string to_hex(std::span<const unsigned char> bytes);
std::string to_hex(std::string_view bytes);
result<std::string> from_hex(std::string_view hex);

/// Edits (insert, delete, replace, swap of neighbours) between a and b, or nullopt when more than `most`.
std::optional<unsigned> edit_distance(std::string_view a, std::string_view b, unsigned most);
/// The candidate nearest to `name` within a distance that still looks like a typing slip (a third of the length, 1 to
/// 3); case differences count little. Nullopt when none is near; the first of equals.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);
/// "; did you mean \"x\"?" or "" for the end of a message.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

/// `"a", "b" or "c"`; long lists are cut with "and N more".
std::string one_of(std::span<const std::string> names, std::size_t most = 12);

/// Text made safe for one line of a terminal or log: control characters, ANSI escapes, line separators and broken UTF-8
/// become \n, \t, \x1b, \u2028 ... ; longer than `most` bytes is cut with "...".
std::string printable(std::string_view text, std::size_t most = SIZE_MAX);
/// printable() in double quotes, with quotes and backslashes escaped.
std::string quoted(std::string_view text, std::size_t most = 200);

}  // namespace weir::base
