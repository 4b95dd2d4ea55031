// Text -> tree. A Pratt parser with SQL's precedence:
//   ::   [ ] .   unary + -   ^ **   * / // %   + -   ||   BETWEEN IN LIKE ILIKE   = <> < > <= >=   IS   NOT   AND   OR
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syntax.hpp"

namespace weir::expression {

constexpr std::size_t text_bytes_max = 65536;  // of one expression
constexpr int depth_max = 200;                 // of nesting

// One expression and nothing behind it. Throws mistake.
syntax_ptr parse(std::string_view text);

// One entry of a list of columns: "expression", "expression AS name", "*", "* EXCEPT (name, ...)".
struct item {
  syntax_ptr expression;            // null: a star
  std::string name;                 // behind AS; empty: none
  std::vector<syntax_ptr> dropped;  // behind EXCEPT: names
};
item parse_item(std::string_view text);

// True when this name must be written in double quotes to be read as a column.
bool needs_quotes(std::string_view name);

}  // namespace weir::expression
