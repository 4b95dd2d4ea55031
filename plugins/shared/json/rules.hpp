#pragma once
#include <cstdint>

namespace weir::json {

enum class time_unit : std::uint8_t { rfc3339, seconds, milliseconds, microseconds };

/// How fields are read.
struct rules {
  time_unit timestamps = time_unit::rfc3339;
  bool unknown_fails = false;
};

}  // namespace weir::json
