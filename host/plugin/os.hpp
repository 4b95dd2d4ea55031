#pragma once
// The few things of the operating system that the gate and the store need and base/file_system does not tell: who we
// are, where a path really leads, whether code may run from a directory, and locks that end with the process.
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace weir::plugin::os {

std::uint32_t effective_user();
/// The absolute path without symbolic links, "." and "..".
base::result<std::string> real_path(const std::string& path);
/// False on file systems mounted noexec: the loader cannot map code from there.
bool may_execute_from(const std::string& directory);
/// "alice" or, without a name, the number.
std::string user_name(std::uint32_t uid);
/// Whether nobody but `uid` is in the group: its own group by name, without other members. Then a group-writable file
/// is as private as its owner. May ask the name service.
bool is_private_group(std::uint32_t gid, std::uint32_t uid);
/// An environment variable; empty: not set.
std::string variable(const char* name);
/// An absolute directory from the environment; nullopt: not set, empty or relative.
std::optional<std::string> directory_variable(const char* name);
/// A new private (0700) directory; `prefix` gets six random characters.
base::result<std::string> make_private_directory(const std::string& prefix);

/// An advisory lock on a file, held until destroyed; the kernel drops it when the process ends, however it ends.
class file_lock {
 public:
  /// Shared: this file is in use. Waits while somebody holds it exclusively. Nullopt: the file is not there (any more).
  static base::result<std::optional<file_lock>> shared(const std::string& path);
  /// Exclusive: nobody else holds it. Nullopt: somebody does, or the file is not there.
  static base::result<std::optional<file_lock>> exclusive(const std::string& path);

  file_lock(file_lock&& other) noexcept;
  file_lock& operator=(file_lock&& other) noexcept;
  ~file_lock();

 private:
  explicit file_lock(int fd) : fd_(fd) {}
  static base::result<std::optional<file_lock>> take(const std::string& path, int how);
  int fd_ = -1;
};

}  // namespace weir::plugin::os
