#pragma once
// How the blocks of a cut are compressed. The numbers are on disk.
#include <cstdint>

namespace weir::checkpoint {

/// A writer is told none, lz4 or zstd; with lz4 it takes stride for blocks of records of one length (stride.hpp).
enum class compression : std::uint8_t { none = 0, lz4 = 1, zstd = 2, stride = 3 };

}  // namespace weir::checkpoint
