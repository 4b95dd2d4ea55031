#include "supervisor/os.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/cat.hpp"

namespace weir::supervisor::os {

using base::errno_error;

namespace {
constexpr int patience = 100;  ///< times 20 ms
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::int64_t process_id() { return ::getpid(); }

base::result<std::string> real_path(const std::string& path) {
  char* found = ::realpath(path.c_str(), nullptr);
  if (!found) return errno_error(errno, "find", path);
  std::string absolute = found;
  std::free(found);
  return absolute;
}

base::result<directory_lock> directory_lock::take(const std::string& path) {
  int fd;
  do fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno_error(errno, "open", path);
  directory_lock lock(fd);
  // A worker whose supervisor was killed may still be about to end.
  int done = ::flock(fd, LOCK_EX | LOCK_NB);
  for (int tries = 0; done != 0 && (errno == EINTR || errno == EWOULDBLOCK) && tries < patience; ++tries) {
    ::poll(nullptr, 0, 20);
    done = ::flock(fd, LOCK_EX | LOCK_NB);
  }
  if (done != 0) {
    if (errno != EWOULDBLOCK) return errno_error(errno, "lock", path);
    char text[32];
    const ssize_t n = ::pread(fd, text, sizeof text, 0);
    std::string holder(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    while (!holder.empty() && (holder.back() < '0' || holder.back() > '9')) holder.pop_back();
    return base::external_error(
        base::cat("process ", holder.empty() ? "?" : holder,
                  " holds it: one process at a time writes there; stop that one (weir stop), or "
                  "give this pipeline another name or [state] directory"),
        path, base::retry::backoff);
  }
  const std::string me = base::cat(process_id(), "\n");
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, me.data(), me.size(), 0) != static_cast<ssize_t>(me.size()))
    return errno_error(errno, "write", path);
  return lock;
}

bool is_locked(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(fd);
  return held;
}

directory_lock::directory_lock(directory_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
directory_lock& directory_lock::operator=(directory_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
directory_lock::~directory_lock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace weir::supervisor::os
