#pragma once
// Where a plugin file lies and who could have changed it. The rule: only root and the user who runs weir may be able to
// put code into the process, so neither the file nor its directory may be writable by others, and links must not be
// theirs.
#include <cstdint>
#include <string>

#include "base/file_system.hpp"
#include "plugin/finding.hpp"

namespace weir::plugin {

/// The most bytes a plugin file may have.
inline constexpr std::uint64_t most_plugin_bytes = std::uint64_t{512} << 20;

/// What was found about a file by its path; `found` has the refusals.
struct place {
  std::string path;       ///< as given
  std::string canonical;  ///< absolute, without links; empty when there is no such file
  base::file_info info;
  findings found;
};

/// Looks at the path, the file and its directory; opens nothing. Runs as `user` (os::effective_user()).
place look_at(base::file_system& fs, const std::string& path, std::uint32_t user);

/// The file's bytes. An error when it is not the file that was looked at, or changes while it is read.
base::result<std::string> read_checked(base::file_system& fs, const place& where);

/// The path between single quotes when a shell would need them, for commands that people copy.
std::string shell_word(const std::string& text);

}  // namespace weir::plugin
