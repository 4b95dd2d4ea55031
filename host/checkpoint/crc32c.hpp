#pragma once
// CRC-32C (Castagnoli), the checksum of blocks: finds every flip of up to 32 neighbouring bits.
#include <cstdint>
#include <string_view>

namespace weir::checkpoint {

/// The checksum of what `so_far` covers, followed by `bytes`. Start with 0.
std::uint32_t crc32c(std::uint32_t so_far, std::string_view bytes) noexcept;

}  // namespace weir::checkpoint
