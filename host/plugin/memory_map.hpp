#pragma once
// What is mapped into this process, by /proc/self/maps: to read a plugin's tables without believing its pointers, and
// to see whether an image really went away.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"

namespace weir::plugin {

/// A picture of one moment: take it after loading, and use it while nothing is unloaded. Immutable.
class memory_map {
 public:
  static base::result<memory_map> take(base::file_system& fs);
  /// Of the text of /proc/<pid>/maps; lines that cannot be read are skipped.
  static memory_map parse(std::string_view text);

  bool readable(const void* from, std::size_t bytes) const;
  bool executable(const void* at) const;
  /// A terminated text of at most `most` bytes that lies in readable memory; nullopt otherwise.
  std::optional<std::string> text(const char* from, std::size_t most) const;
  /// Whether any mapping comes from that file.
  bool maps_file(std::string_view path) const;
  /// The files that are mapped with executable pages, each once.
  std::vector<std::string> libraries() const;

 private:
  struct region {
    std::uint64_t start, end;
    bool can_read, can_execute;
    std::string path;
  };
  const region* find(std::uint64_t address) const;
  std::vector<region> regions_;  // by address
};

}  // namespace weir::plugin
