#pragma once
// Little-endian fields of the fixed-size headers, and the words for damage. Inside of this room.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/cat.hpp"
#include "base/error.hpp"

namespace weir::checkpoint {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "headers are written as they are in memory");

template <class T>
void put(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <class T>
T get(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Bytes are not what was written. retry::from_checkpoint, as an I/O error of the disk: an older cut can help, which
/// tells both from errors that must not make anybody fall back (no permission, no file descriptors, a newer format).
inline base::error damaged(std::string_view path, std::string_view what) {
  return base::external_error(base::cat(path, ": ", what, "; the file is damaged: use an older cut or a savepoint"), {},
                              base::retry::from_checkpoint);
}
inline base::error too_new(std::string_view path, std::string_view what) {
  return base::external_error(base::cat(path, ": ", what, "; use the weir that wrote it, or a newer one"), {},
                              base::retry::never);
}

}  // namespace weir::checkpoint
