// Conversions between types.
#pragma once

#include "node.hpp"

namespace weir::expression {

// Whether CAST knows the way (it may still fail for some values).
bool can_cast(const type& from, const type& to);

// a as type `to`. A value that does not fit is an error of the row, or NULL when `attempt` (TRY_CAST). a itself when
// the types are equal. Requires can_cast().
node_ptr make_cast(node_ptr a, type to, bool attempt);

// Parts of it, by what they convert.
node_ptr make_number_cast(node_ptr a, type to, bool attempt);  // among bool, numbers
node_ptr make_text_parse(node_ptr a, type to, bool attempt);   // from utf8
node_ptr make_text_format(node_ptr a);                         // to utf8

}  // namespace weir::expression
