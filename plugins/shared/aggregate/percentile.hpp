#pragma once
// What a call of percentile or median asks for.
#include "shared/aggregate/call.hpp"
#include "shared/aggregate/sketch.hpp"

namespace weir::aggregate {

struct percentile_of {
  double share;   ///< 0 to 1
  unsigned bits;  ///< of the sketch
};

/// "percentile(x, 0.99)", "percentile(x, 0.99, 0.001)" with an accuracy, "median(x)". Throws config_error.
percentile_of read_percentile(const call&);

}  // namespace weir::aggregate
