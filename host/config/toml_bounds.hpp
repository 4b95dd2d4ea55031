#pragma once
// A look at a TOML text before the parser sees it. The parser's recursion is bounded for values but not for dotted
// keys, whose tables it later destroys recursively: a text of a few kilobytes could overflow the stack. So depth and
// counts are bounded here, by a scan that knows no more of TOML than strings, comments and brackets.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

inline constexpr std::uint32_t max_depth = 64;        ///< of nested lists and tables, and of the parts of one key
inline constexpr std::uint32_t max_values = 100'000;  ///< keys and list elements of one file

struct bound_passed {
  std::uint32_t line = 0, column = 0;
  std::string what;
};
/// Where a bound is passed, or nullopt. Linear, no recursion.
std::optional<bound_passed> check_bounds(std::string_view text);

}  // namespace weir::config
