#pragma once
// Kinds of state in sentences. Of this room only.
#include <cstdint>
#include <string_view>

#include "weir/ext/draft/state.h"

namespace weir::state {

inline std::string_view kind_name(std::uint32_t kind) {
  switch (kind) {
    case WEIR_STATE_VALUE:
      return "a value";
    case WEIR_STATE_BYTES:
      return "bytes";
    case WEIR_STATE_LIST:
      return "a list";
    case WEIR_STATE_MAP:
      return "a map";
    default:
      return "timers";
  }
}

}  // namespace weir::state
