#include "base/memory_limit.hpp"

#include <malloc.h>

#include <charconv>
#include <optional>
#include <string_view>

namespace weir::base {
namespace {

constexpr std::uint64_t most_of_a_file = 1 << 20;

std::optional<std::uint64_t> leading_number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::uint64_t n = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (code != std::errc() || end == text.data()) return std::nullopt;
  return n;
}

struct search {
  file_system& fs;
  std::optional<memory_limit> least;

  void see(std::uint64_t bytes, std::string from) {
    if (bytes == 0 || (least && least->bytes <= bytes)) return;
    least = memory_limit{bytes, std::move(from)};
  }
  /// "max" (version 2) is no number; version 1 says a number near 2^63, which is above any machine's memory.
  void see_file(const std::string& path) {
    const auto text = fs.read_whole(path, most_of_a_file);
    if (!text) return;
    if (const auto bytes = leading_number(*text)) see(*bytes, path);
  }
  /// The group and all above it: the limit of each holds.
  void see_groups(const std::string& root, std::string group, const char* file) {
    for (;;) {
      see_file(join_path(root + group, file));
      const auto slash = group.rfind('/');
      if (slash == std::string::npos) return;
      if (group == "/")
        group.clear();
      else
        group.resize(slash);
    }
  }
};

template <class Each>
void lines_of(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

memory_limit memory_limit_of_process(file_system& fs, const std::string& proc, const std::string& sys) {
  search s{fs, {}};
  if (const auto text = fs.read_whole(join_path(proc, "meminfo"), most_of_a_file)) {
    constexpr std::string_view total = "MemTotal:";
    lines_of(*text, [&](std::string_view line) {
      if (!line.starts_with(total)) return;
      if (const auto kib = leading_number(line.substr(total.size()))) s.see(*kib * 1024, join_path(proc, "meminfo"));
    });
  }
  if (const auto text = fs.read_whole(join_path(proc, "self/cgroup"), most_of_a_file)) {
    lines_of(*text, [&](std::string_view line) {  // "hierarchy:controllers:path"
      const auto first = line.find(':');
      const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
      if (second == std::string_view::npos) return;
      const std::string_view controllers = line.substr(first + 1, second - first - 1);
      std::string group(line.substr(second + 1));
      if (controllers.empty()) {
        s.see_groups(sys, std::move(group), "memory.max");
      } else if (controllers == "memory") {
        // In a container the path is the host's and the files are at the mount's root: both are looked at.
        s.see_groups(join_path(sys, "memory"), std::move(group), "memory.limit_in_bytes");
      }
    });
  }
  if (s.least) return *std::move(s.least);
  return {std::uint64_t{512} << 20, "nothing that could be read"};
}

void give_freed_memory_back() { malloc_trim(0); }

}  // namespace weir::base
