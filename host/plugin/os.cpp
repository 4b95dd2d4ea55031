#include "plugin/os.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace weir::plugin::os {

using base::errno_error;
using base::result;

std::uint32_t effective_user() { return ::geteuid(); }

result<std::string> real_path(const std::string& path) {
  char* found = ::realpath(path.c_str(), nullptr);
  if (!found) return errno_error(errno, "find", path);
  std::string absolute = found;
  std::free(found);
  return absolute;
}

bool may_execute_from(const std::string& directory) {
  struct statvfs facts {};
  return ::statvfs(directory.c_str(), &facts) == 0 && (facts.f_flag & ST_NOEXEC) == 0;
}

std::string user_name(std::uint32_t uid) {
  std::vector<char> room(16 * 1024);
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found) return found->pw_name;
  return std::to_string(uid);
}

bool is_private_group(std::uint32_t gid, std::uint32_t uid) {
  std::vector<char> room(64 * 1024);
  struct group entry {};
  struct group* found = nullptr;
  if (::getgrgid_r(gid, &entry, room.data(), room.size(), &found) != 0 || !found) return false;
  const std::string owner = user_name(uid);
  if (owner != found->gr_name) return false;
  for (char** member = found->gr_mem; member && *member; ++member)
    if (owner != *member) return false;
  return true;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::optional<std::string> directory_variable(const char* name) {
  std::string value = variable(name);
  if (!value.starts_with('/')) return std::nullopt;
  return value;
}

result<std::string> make_private_directory(const std::string& prefix) {
  std::string path = prefix + "XXXXXX";
  if (!::mkdtemp(path.data())) return errno_error(errno, "create directory", path);
  return path;
}

result<std::optional<file_lock>> file_lock::take(const std::string& path, int how) {
  while (true) {
    int fd;
    do fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) {
      if (errno == ENOENT) return std::optional<file_lock>();
      return errno_error(errno, "open", path);
    }
    file_lock lock(fd);
    int done;
    do done = ::flock(fd, how);
    while (done != 0 && errno == EINTR);
    if (done != 0) {
      if (errno == EWOULDBLOCK) return std::optional<file_lock>();
      return errno_error(errno, "lock", path);
    }
    // Whoever held it exclusively may have removed the file between our open and our lock: lock what the path names
    // now.
    struct stat ours {
    }, now{};
    if (::fstat(fd, &ours) != 0) return errno_error(errno, "stat", path);
    if (::lstat(path.c_str(), &now) != 0) {
      if (errno == ENOENT) return std::optional<file_lock>();
      return errno_error(errno, "stat", path);
    }
    if (ours.st_ino == now.st_ino && ours.st_dev == now.st_dev) return std::optional<file_lock>(std::move(lock));
  }
}

result<std::optional<file_lock>> file_lock::shared(const std::string& path) { return take(path, LOCK_SH); }
result<std::optional<file_lock>> file_lock::exclusive(const std::string& path) { return take(path, LOCK_EX | LOCK_NB); }

file_lock::file_lock(file_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
file_lock& file_lock::operator=(file_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
file_lock::~file_lock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace weir::plugin::os
