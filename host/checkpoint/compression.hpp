#pragma once
// How the blocks of a cut are compressed. The numbers are on disk.
#include <cstdint>

namespace weir::checkpoint {

enum class compression : std::uint8_t { none = 0, lz4 = 1, zstd = 2 };

}  // namespace weir::checkpoint
