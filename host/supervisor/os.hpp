#pragma once
// What the supervisor needs of the operating system and base/file_system does not tell.
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace weir::supervisor::os {

std::string variable(const char* name);  ///< of the environment; empty: not set
std::int64_t process_id();
/// The absolute path without symbolic links, "." and "..".
base::result<std::string> real_path(const std::string& path);

/// Whether somebody holds the directory_lock at this path.
bool is_locked(const std::string& path);

/// An exclusive lock (flock) on a file that is never removed. Ends when the last process that inherited the descriptor
/// is gone, however it went.
class directory_lock {
 public:
  /// Makes the file when missing and writes this process's id into it. Waits up to two seconds. An error names the
  /// process that holds it.
  static base::result<directory_lock> take(const std::string& path);

  directory_lock(directory_lock&& other) noexcept;
  directory_lock& operator=(directory_lock&& other) noexcept;
  ~directory_lock();
  int descriptor() const { return fd_; }

 private:
  explicit directory_lock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace weir::supervisor::os
