#pragma once
// A codec for blocks of records of one length: each byte against the byte one record before it. State is such a block, and its keys,
// times and counters differ from those of the record before in a few of their bytes. Several times as fast as LZ4, which has to look
// for what is alike. FORMAT.md has the bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::checkpoint::stride {

/// The length of a record that makes the most of the block's bytes equal to those before; 0: with none it is worth it.
std::size_t find(std::string_view raw) noexcept;

/// Room for whatever compress may write.
constexpr std::size_t bound(std::size_t raw) noexcept { return raw + raw / 8 + 32; }
/// into: bound(raw.size()) bytes. stride: 1 to 255, shorter than raw. The bytes that count, never more than bound less 16.
std::size_t compress(std::string_view raw, std::size_t stride, char* into) noexcept;
/// False: these are not the bytes of a block of this length.
bool decompress(std::string_view stored, char* into, std::size_t raw) noexcept;

}  // namespace weir::checkpoint::stride
