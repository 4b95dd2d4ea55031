#include "base/real_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/cat.hpp"

namespace weir::base {
namespace {

file_kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return file_kind::regular;
  if (S_ISDIR(mode)) return file_kind::directory;
  if (S_ISLNK(mode)) return file_kind::symlink;
  return file_kind::other;
}

file_info info_of(const struct stat& s) {
  file_info info;
  info.kind = kind_of(s.st_mode);
  info.size = static_cast<std::uint64_t>(s.st_size);
  info.mode = s.st_mode & 07777;
  info.uid = s.st_uid;
  info.gid = s.st_gid;
  info.device = s.st_dev;
  info.inode = s.st_ino;
  info.links = s.st_nlink;
  info.modified_us = std::int64_t{s.st_mtim.tv_sec} * 1'000'000 + s.st_mtim.tv_nsec / 1000;
  return info;
}

/// Owns a descriptor and knows the path for messages.
class descriptor {
 public:
  descriptor(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  const std::string& path() const { return path_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
  std::string path_;
};

int open_retrying(const char* path, int flags, mode_t mode = 0) {
  int fd;
  do fd = ::open(path, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

result<void> write_all(const descriptor& file, std::optional<std::uint64_t> offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = offset ? ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(*offset))
                             : ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno_error(errno, "write", file.path());
    }
    if (offset) *offset += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

class real_readable final : public readable_file {
 public:
  real_readable(int fd, const std::string& path) : file_(fd, path) {}

  result<std::size_t> read(std::span<char> into) override {
    ssize_t n;
    do n = ::read(file_.get(), into.data(), into.size());
    while (n < 0 && errno == EINTR);
    if (n < 0) return errno_error(errno, "read", file_.path());
    return static_cast<std::size_t>(n);
  }
  result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    std::size_t have = 0;
    while (have < into.size()) {
      const ssize_t n = ::pread(file_.get(), into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno_error(errno, "read", file_.path());
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
    }
    return have;
  }
  result<void> seek(std::uint64_t offset) override {
    if (::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
      return errno_error(errno, "seek in", file_.path());
    return {};
  }
  result<file_info> info() override {
    struct stat s {};
    if (::fstat(file_.get(), &s) != 0) return errno_error(errno, "stat", file_.path());
    return info_of(s);
  }

 private:
  descriptor file_;
};

class real_writable final : public writable_file {
 public:
  real_writable(int fd, const std::string& path) : file_(fd, path) {}

  result<void> append(std::string_view bytes) override {
    // Not O_APPEND: pwrite on an O_APPEND descriptor ignores its offset on Linux.
    if (::lseek(file_.get(), 0, SEEK_END) < 0) return errno_error(errno, "seek in", file_.path());
    return write_all(file_, std::nullopt, bytes);
  }
  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    return write_all(file_, offset, bytes);
  }
  result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) return errno_error(errno, "truncate", file_.path());
    return {};
  }
  result<void> sync() override {
    if (::fsync(file_.get()) != 0) return errno_error(errno, "sync", file_.path());
    return {};
  }
  result<std::uint64_t> size() override {
    struct stat s {};
    if (::fstat(file_.get(), &s) != 0) return errno_error(errno, "stat", file_.path());
    return static_cast<std::uint64_t>(s.st_size);
  }
  result<void> close() override {
    // Linux releases the descriptor whatever close() says: never again.
    if (::close(file_.release()) != 0 && errno != EINTR) return errno_error(errno, "close", file_.path());
    return {};
  }

 private:
  descriptor file_;
};

}  // namespace

result<std::unique_ptr<readable_file>> real_file_system::open_read(const std::string& path, follow links) {
  const int fd = open_retrying(path.c_str(), O_RDONLY | (links == follow::no ? O_NOFOLLOW : 0));
  if (fd < 0) return errno_error(errno, "open", path);
  return std::make_unique<real_readable>(fd, path);
}

result<std::unique_ptr<writable_file>> real_file_system::open_write(const std::string& path, open_write_how how,
                                                                    std::uint32_t mode) {
  int flags = O_WRONLY;
  switch (how) {
    case open_write_how::create_new:
      flags |= O_CREAT | O_EXCL;
      break;
    case open_write_how::truncate:
      flags |= O_CREAT | O_TRUNC;
      break;
    case open_write_how::keep:
      flags |= O_CREAT;
      break;
    case open_write_how::keep_existing:
      break;
  }
  const int fd = open_retrying(path.c_str(), flags, mode);
  if (fd < 0) return errno_error(errno, "open for writing", path);
  return std::make_unique<real_writable>(fd, path);
}

result<std::optional<file_info>> real_file_system::stat(const std::string& path, follow links) {
  struct stat s {};
  if (::fstatat(AT_FDCWD, path.c_str(), &s, links == follow::no ? AT_SYMLINK_NOFOLLOW : 0) != 0) {
    if (errno == ENOENT) return std::optional<file_info>();
    return errno_error(errno, "stat", path);
  }
  return std::optional(info_of(s));
}

result<std::vector<directory_entry>> real_file_system::list(const std::string& directory) {
  DIR* dir = ::opendir(directory.c_str());
  if (!dir) return errno_error(errno, "list", directory);
  std::vector<directory_entry> entries;
  int failed = 0;
  while (true) {
    errno = 0;
    const dirent* e = ::readdir(dir);
    if (!e) {
      failed = errno;
      break;
    }
    const std::string_view name = e->d_name;
    if (name == "." || name == "..") continue;
    struct stat s {};
    if (::fstatat(::dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed in the meantime
      failed = errno;
      break;
    }
    entries.push_back({std::string(name), kind_of(s.st_mode)});
  }
  ::closedir(dir);
  if (failed) return errno_error(failed, "list", directory);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

result<void> real_file_system::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error(errno, "rename", cat(from, " to ", to));
  return {};
}

result<void> real_file_system::hard_link(const std::string& existing, const std::string& name) {
  if (::link(existing.c_str(), name.c_str()) != 0) return errno_error(errno, "link", cat(name, " to ", existing));
  return {};
}

result<void> real_file_system::remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) return errno_error(errno, "remove", path);
  return {};
}

result<void> real_file_system::make_directories(const std::string& path, std::uint32_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return {};
  int failed = errno;
  if (failed == ENOENT) {
    const std::string parent = parent_of(path);
    if (parent == path || parent == ".") return errno_error(failed, "create directory", path);
    WEIR_TRY(make_directories(parent, mode));
    if (::mkdir(path.c_str(), mode) == 0) return {};
    failed = errno;
  }
  if (failed == EEXIST) {
    struct stat s {};
    if (::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode)) return {};
  }
  return errno_error(failed, "create directory", path);
}

result<void> real_file_system::set_mode(const std::string& path, std::uint32_t mode) {
  if (::chmod(path.c_str(), mode) != 0) return errno_error(errno, "change the mode of", path);
  return {};
}

result<void> real_file_system::sync_directory(const std::string& directory) {
  const descriptor dir(open_retrying(directory.c_str(), O_RDONLY | O_DIRECTORY), directory);
  if (dir.get() < 0) return errno_error(errno, "open directory", directory);
  if (::fsync(dir.get()) != 0) return errno_error(errno, "sync directory", directory);
  return {};
}

result<std::unique_ptr<file_lock>> real_file_system::lock(const std::string& path) {
  class held final : public file_lock {
   public:
    held(int fd, const std::string& p) : file_(fd, p) {}

   private:
    descriptor file_;  // closing it unlocks
  };
  const int fd = open_retrying(path.c_str(), O_RDWR | O_CREAT, 0644);
  if (fd < 0) return errno_error(errno, "open for locking", path);
  auto lock = std::make_unique<held>(fd, path);
  int done;
  do done = ::flock(fd, LOCK_EX | LOCK_NB);
  while (done != 0 && errno == EINTR);
  if (done == 0) return std::unique_ptr<file_lock>(std::move(lock));
  if (errno == EWOULDBLOCK) return std::unique_ptr<file_lock>();
  return errno_error(errno, "lock", path);
}

}  // namespace weir::base
