#include "plugin/memory_map.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace weir::plugin {
namespace {

constexpr std::uint64_t most_map_bytes = std::uint64_t{64} << 20;

std::optional<std::uint64_t> hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The next word of a line, which is cut off from it.
std::string_view word(std::string_view& line) {
  const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(start);
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view found = line.substr(0, end);
  line.remove_prefix(end);
  return found;
}

}  // namespace

base::result<memory_map> memory_map::take(base::file_system& fs) {
  return parse(WEIR_TRY(fs.read_whole("/proc/self/maps", most_map_bytes)));
}

memory_map memory_map::parse(std::string_view text) {
  memory_map map;
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    // 7f1c00000000-7f1c00021000 r-xp 00000000 fe:01 1234    /path, perhaps with blanks
    const std::string_view range = word(line), mode = word(line);
    word(line), word(line), word(line);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos || mode.size() < 3) continue;
    const auto start = hex(range.substr(0, dash)), end = hex(range.substr(dash + 1));
    if (!start || !end || *start >= *end) continue;
    map.regions_.push_back({*start, *end, mode[0] == 'r', mode[2] == 'x', std::string(line)});
  }
  std::sort(map.regions_.begin(), map.regions_.end(),
            [](const region& a, const region& b) { return a.start < b.start; });
  return map;
}

const memory_map::region* memory_map::find(std::uint64_t address) const {
  auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                [](std::uint64_t at, const region& r) { return at < r.start; });
  if (after == regions_.begin()) return nullptr;
  const region& before = *std::prev(after);
  return address < before.end ? &before : nullptr;
}

bool memory_map::readable(const void* from, std::size_t bytes) const {
  auto address = reinterpret_cast<std::uint64_t>(from);
  if (address + bytes < address) return false;
  const std::uint64_t end = address + std::max<std::size_t>(bytes, 1);
  while (address < end) {
    const region* here = find(address);
    if (!here || !here->can_read) return false;
    address = here->end;
  }
  return true;
}

bool memory_map::executable(const void* at) const {
  const region* here = find(reinterpret_cast<std::uint64_t>(at));
  return here && here->can_execute;
}

std::optional<std::string> memory_map::text(const char* from, std::size_t most) const {
  auto address = reinterpret_cast<std::uint64_t>(from);
  std::string copy;
  while (copy.size() <= most) {
    const region* here = find(address);
    if (!here || !here->can_read) return std::nullopt;
    const char* start = reinterpret_cast<const char*>(address);
    const std::size_t length = std::min<std::uint64_t>(here->end - address, most + 1 - copy.size());
    if (const void* zero = std::memchr(start, 0, length)) {
      copy.append(start, static_cast<const char*>(zero));
      return copy;
    }
    copy.append(start, length);
    address += length;
  }
  return std::nullopt;
}

bool memory_map::maps_file(std::string_view path) const {
  return std::any_of(regions_.begin(), regions_.end(), [&](const region& r) {
    // The kernel adds " (deleted)" when the name is gone.
    std::string_view name = r.path;
    constexpr std::string_view gone = " (deleted)";
    if (name.size() == path.size() + gone.size() && name.ends_with(gone)) name.remove_suffix(gone.size());
    return name == path;
  });
}

std::vector<std::string> memory_map::libraries() const {
  std::vector<std::string> names;
  for (const region& r : regions_)
    if (r.can_execute && r.path.starts_with('/') && std::find(names.begin(), names.end(), r.path) == names.end())
      names.push_back(r.path);
  return names;
}

}  // namespace weir::plugin
