// The names of the files that a sink writes, and what it does to the folders they are in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file/input.hpp"

namespace file {

struct writer_settings {
  std::string path;  // with {subtask}, {seq}, {date}
  compression how = compression::none;
  std::uint64_t max_bytes = 0;       // 0: no limit
  std::int64_t max_interval_us = 0;  // 0: no limit
  bool replace = false;              // a file of this name that is there already
  bool lines = true;                 // the bytes are lines
};

inline constexpr std::string_view part_suffix = ".part";

// What a template's placeholders stand for. An error text for a template that cannot work, empty: it can.
std::string check_template(const writer_settings&);
std::string fill_template(std::string_view path, std::uint32_t subtask, std::uint64_t sequence, std::int64_t now_us);
// True when the template has this placeholder.
bool has(const std::string& path, std::string_view placeholder);

// The subtask in a name that was made from a template's last part; nothing: it was not.
std::optional<std::uint32_t> subtask_in(std::string_view name, std::string_view pattern);

// The folder of a path.
std::string folder_of(const std::string& path);
// The folders that are there now and that files of this template can be in: several when their names have placeholders.
std::vector<std::string> folders_of(const std::string& path);

// Both throw external_failure.
void make_folders(const std::string& path);
// Names that were given or taken away in this folder stay so, even when the power fails.
void sync_folder(const std::string& folder);

}  // namespace file
