// Parts of times (the hour of a timestamp) and units of time (to truncate to, to count in), as steps.
#pragma once

#include <string_view>

#include "node.hpp"

namespace weir::expression {

enum class part : std::uint8_t {
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  dow,
  isodow,
  doy,
  week,
  isoyear,
  month,
  quarter,
  year,
  decade,
  century,
  millennium
};

// The part or unit of this name, in lower case and singular or plural. Null: there is none.
const part* part_named(std::string_view word);
// False: it is a part of a time but no length of time, like the day of the week.
bool is_unit(part p);

node_ptr make_part(part p, node_ptr t);   // of a timestamp or an interval
node_ptr make_trunc(part p, node_ptr t);  // of a timestamp; p is a unit
// How many boundaries of the unit lie between two timestamps.
node_ptr make_difference(part p, node_ptr from, node_ptr to);

}  // namespace weir::expression
