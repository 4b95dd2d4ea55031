#pragma once
// Sizes, places and limits of block files, shared by writer and reader. FORMAT.md says the same in words.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::checkpoint::layout {

inline constexpr std::string_view file_magic = "WEIRBLKS", footer_magic = "WEIRBEND";
inline constexpr std::uint16_t version = 1;
inline constexpr std::size_t header_size = 64, footer_size = 48, frame_size = 32;
inline constexpr std::uint32_t frame_magic = 0x4b4c4257;  // "WBLK"
/// The longest frame before compression; longer records are split.
inline constexpr std::size_t max_frame = std::size_t{8} << 20;

inline constexpr std::uint32_t file_encrypted = 1;
inline constexpr std::uint16_t frame_more = 1, frame_encrypted = 2;

}  // namespace weir::checkpoint::layout
