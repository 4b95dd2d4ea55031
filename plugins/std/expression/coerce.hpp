// Which type values take when they meet, and the conversions that happen without being asked.
#pragma once

#include <string>
#include <vector>

#include "mistake.hpp"
#include "node.hpp"

namespace weir::expression {

// Evaluates a step whose arguments are all constants. A step that fails on them is left as it is when `conditional` (it
// may never be reached), and is a mistake otherwise.
node_ptr fold(node_ptr n, bool conditional);

// n as type t, if SQL converts that by itself: NULL, literals, smaller numbers to larger ones, date to timestamp. Null
// and n untouched: it does not. Throws mistake when a literal has no such value.
node_ptr coerced(node_ptr& n, const type& t);
bool can_coerce(const node& n, const type& t);

// The common type of some values, and all of them converted to it. Throws mistake, pointing at the value that does not
// fit in; `doing` is what the sentence begins with: "cannot compare", "cannot mix".
type unify(std::vector<node_ptr*> values, const char* doing);

// n as a truth value. Throws mistake.
node_ptr as_truth(node_ptr n, const char* where);

}  // namespace weir::expression
