// Comparisons, and what else decides by comparing: IN, IS DISTINCT FROM, GREATEST, LEAST. Arguments have equal types.
#pragma once

#include <string_view>

#include "node.hpp"
#include "values.hpp"

namespace weir::expression {

// sign: = <> < > <= >=
node_ptr make_comparison(std::string_view sign, node_ptr a, node_ptr b);
node_ptr make_distinct(node_ptr a, node_ptr b, bool negate);
// The larger (smaller) of two; a null gives way to the other.
node_ptr make_extreme(bool greatest, node_ptr a, node_ptr b);
// a IN (constants of a's type); with_null: one of the list is NULL.
node_ptr make_in(node_ptr a, std::vector<scalar> list, bool with_null);

}  // namespace weir::expression
