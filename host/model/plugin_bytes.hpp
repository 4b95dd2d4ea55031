#pragma once
#include <string>

#include "weir/abi.h"

/// Bytes that a plugin hands over piece by piece: what stands behind the opaque weir_bytes.
struct weir_bytes {
  std::string text;
};

namespace weir::model {

/// The slot `append` of the host table.
inline void append_bytes(weir_bytes* to, weir_view piece) {
  to->text.append(piece.data ? piece.data : "", piece.data ? piece.size : 0);
}

}  // namespace weir::model
