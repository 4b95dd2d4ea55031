#pragma once
#include <cstddef>
#include <cstring>

namespace weir::model {

/// Copies a text, a short one in one go, and gives the end of the copy. Both sides have 16 bytes of room: buffers of batches have 64
/// behind their ends, which an address sanitizer cannot know of a plugin's own.
[[gnu::no_sanitize_address]] inline char* copy_text(char* to, const char* from, std::size_t size) {
  if (size <= 16) {
    std::memcpy(to, from, 16);
  } else {
    std::memcpy(to, from, size);
  }
  return to + size;
}

}  // namespace weir::model
