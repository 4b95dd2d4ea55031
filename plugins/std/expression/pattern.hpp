// LIKE and ILIKE.
#pragma once

#include <string>
#include <string_view>

#include "node.hpp"

namespace weir::expression {

// text LIKE pattern: % is any text, _ any character; escape (a character, empty: none) takes their meaning from them.
// Throws std::string when the pattern is wrong: it ends with the escape character.
node_ptr make_like(node_ptr text, std::string pattern, std::string escape, bool ignore_case);
// The same with a pattern that differs from row to row.
node_ptr make_like(node_ptr text, node_ptr pattern, std::string escape, bool ignore_case);

}  // namespace weir::expression
