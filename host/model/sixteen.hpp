#pragma once
#include <cstdint>

namespace weir::model {

/// A value of 16 bytes (decimal128, a trace id) to be moved as one.
struct sixteen {
  std::uint64_t low, high;
};

}  // namespace weir::model
