#include "checkpoint/file_names.hpp"

#include <charconv>
#include <cstring>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::checkpoint {

using base::cat;

namespace {

constexpr std::string_view manifest_prefix = "cut-", manifest_suffix = ".manifest", block_suffix = ".blocks";
constexpr std::size_t digits = 12;

std::string padded(std::uint64_t number) {
  std::string text = cat(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text;
}

/// Only as padded() writes it.
std::optional<std::uint64_t> parse(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || padded(number) != text) return std::nullopt;
  return number;
}

}  // namespace

std::string manifest_name(std::uint64_t cut) { return cat(manifest_prefix, padded(cut), manifest_suffix); }

std::optional<std::uint64_t> cut_of_manifest(std::string_view name) {
  if (!name.starts_with(manifest_prefix) || !name.ends_with(manifest_suffix)) return std::nullopt;
  name.remove_prefix(manifest_prefix.size());
  if (name.size() < manifest_suffix.size()) return std::nullopt;
  name.remove_suffix(manifest_suffix.size());
  return parse(name);
}

std::string block_file_path(std::uint64_t cut, const file_id& id) {
  return cat(files_directory, '/', padded(cut), '-',
             base::to_hex(std::span(reinterpret_cast<const unsigned char*>(id.data()), id.size())), block_suffix);
}

std::optional<std::uint64_t> cut_of_block_file(std::string_view name) {
  if (!name.ends_with(block_suffix)) return std::nullopt;
  name.remove_suffix(block_suffix.size());
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view id = name.substr(dash + 1);
  if (id.size() != 32 || id.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  return parse(name.substr(0, dash));
}

bool is_block_file_path(std::string_view path) {
  if (!path.starts_with(files_directory)) return false;
  path.remove_prefix(files_directory.size());
  return path.starts_with('/') && cut_of_block_file(path.substr(1)).has_value();
}

file_id new_file_id(base::env& env) {
  file_id id;
  for (std::size_t i = 0; i < id.size(); i += 8) {
    const std::uint64_t bits = env.random_u64();
    std::memcpy(id.data() + i, &bits, 8);
  }
  return id;
}

}  // namespace weir::checkpoint
