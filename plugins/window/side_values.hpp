// Aggregates whose values have no fixed size: texts (min, max, first, last, arg_min, arg_max) and count(DISTINCT).
#pragma once

#include <memory>
#include <string>

#include "window/result.hpp"

namespace window {

struct side_value {
  std::unique_ptr<side_result> state;
  side_column* column;  // of the same object
};

// Of a call that weir::aggregate::make has checked and given back as null, other than of a percentile.
side_value make_side_value(const weir::aggregate::call& c, const weir::schema& input, std::string state);

}  // namespace window
