#pragma once
// Names of the files in a checkpoint directory. Inside of this room.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "checkpoint/block_file.hpp"

namespace weir::checkpoint {

inline constexpr std::string_view files_directory = "files";
inline constexpr std::string_view savepoint_manifest = "savepoint.manifest";
inline constexpr std::string_view latest_name = "LATEST";
inline constexpr std::string_view lock_name = "LOCK";
inline constexpr std::string_view temporary_suffix = ".tmp";

/// "cut-000000000042.manifest"
std::string manifest_name(std::uint64_t cut);
/// The cut of a manifest's name; nullopt: it is not one.
std::optional<std::uint64_t> cut_of_manifest(std::string_view name);

/// A name no other file has: "files/000000000042-<32 hexadecimal digits of the id>.blocks".
std::string block_file_path(std::uint64_t cut, const file_id& id);
/// Whether a path in a manifest is one of ours: it can lead nowhere else.
bool is_block_file_path(std::string_view path);
/// The cut that wrote a file of the files directory, by its name without the directory; nullopt: not a name of ours.
std::optional<std::uint64_t> cut_of_block_file(std::string_view name);

file_id new_file_id(base::env& env);

}  // namespace weir::checkpoint
