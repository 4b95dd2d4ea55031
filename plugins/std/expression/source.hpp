// Where values come from: columns of the batch and the host's facts about its rows.
#pragma once

#include <memory>
#include <string_view>

#include "node.hpp"

namespace weir::expression {

// A column is read once a batch, whatever number of nodes uses it: they share this.
struct loaded {
  int memo{-1};
};

// Column number `index` of the batch, of a type that is not nested. Numbers are read where they lie.
// width: of a fixed binary column, else 0.
node_ptr make_input(type t, int index, const std::shared_ptr<loaded>& shared, int width);
int input_index(const node& n);  // the column that this node is; -1: it is something else

node_ptr make_event_time();   // timestamp; null where the record has none
node_ptr make_trace_id();     // utf8, 32 hex digits; null without tracing
node_ptr make_source_id();    // utf8; null without tracing
node_ptr make_change_kind();  // utf8: insert, update_before, update_after, delete

// ---- nested values: a path from a column through fields and list elements to a value.

// One step: a field of a record, or an element of a list (the position is an int64 expression, counted from 1, from the
// end when negative).
struct step {
  int field{-1};
  node_ptr element;
};

// The value at the end of the path: of a type that is not nested.
node_ptr make_path(type t, int index, std::vector<step> steps, int width);
// The number of elements of the list at the end of the path.
node_ptr make_list_length(int index, std::vector<step> steps);
// Whether the list at the end of the path holds a value; elements have type `element`.
node_ptr make_list_contains(int index, std::vector<step> steps, type element, int width, node_ptr value);
// Whether the list or record at the end of the path is NULL (as `IS NULL`, never null itself).
node_ptr make_nested_is_null(int index, std::vector<step> steps, bool negate);

}  // namespace weir::expression
