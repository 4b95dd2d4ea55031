#pragma once
// The file system as weir uses it: whole files, sequential and positional access, and what durability needs (sync of a
// file, sync of a directory, atomic replacement). Paths are UTF-8 bytes without NUL. Errors are external errors that
// name the path.
//
// A failed sync is never retried: after it the file's unsynced content is unknown (the kernel may have dropped the
// pages), so the caller gives the file up.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::base {

enum class file_kind : std::uint8_t { regular, directory, symlink, other };

struct file_info {
  file_kind kind = file_kind::other;
  std::uint64_t size = 0;  ///< bytes
  std::uint32_t mode = 0;  ///< permission bits, 07777
  std::uint32_t uid = 0, gid = 0;
  std::uint64_t device = 0, inode = 0;
  std::uint64_t links = 0;       ///< names of this inode
  std::int64_t modified_us = 0;  ///< wall clock
};

struct directory_entry {
  std::string name;  ///< without the directory
  file_kind kind = file_kind::other;
};

/// An open file to read. One thread at a time, except read_at, which is free.
class readable_file {
 public:
  virtual ~readable_file() = default;
  /// The next bytes into `into`; how many, 0 at the end (a file that grows may give more later).
  virtual result<std::size_t> read(std::span<char> into) = 0;
  /// Bytes at `offset`; fewer than asked only at the end.
  virtual result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
  /// Where the next read() starts.
  virtual result<void> seek(std::uint64_t offset) = 0;
  /// Facts of the open file itself, not of whatever its path names by now.
  virtual result<file_info> info() = 0;
};

/// An open file to write. One thread at a time. Destroying it closes it without sync: unsynced bytes may be lost in a
/// crash.
class writable_file {
 public:
  virtual ~writable_file() = default;
  /// Appends all of `bytes` behind the end of the file, or fails; after a failure some may have been written.
  virtual result<void> append(std::string_view bytes) = 0;
  /// Writes all of `bytes` at `offset`; the gap behind the old end, if any, reads as zeros.
  virtual result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual result<void> truncate(std::uint64_t size) = 0;
  /// Content and size are on the disk when this succeeds. The name is only when the directory was synced too.
  virtual result<void> sync() = 0;
  virtual result<std::uint64_t> size() = 0;
  /// Closes and reports what only close reports (quota, network file systems). The destructor closes silently.
  virtual result<void> close() = 0;
};

enum class follow : std::uint8_t { no, yes };  ///< whether the last part of a path may be a symbolic link

enum class open_write_how : std::uint8_t {
  create_new,     ///< fails if it exists
  truncate,       ///< empty, created when missing
  keep,           ///< content kept, created when missing
  keep_existing,  ///< content kept, fails when missing
};

/// An exclusive lock on a file, held until destroyed; the kernel drops it when the process ends, however it ends.
class file_lock {
 public:
  virtual ~file_lock() = default;
};

class file_system {
 public:
  virtual ~file_system() = default;

  virtual result<std::unique_ptr<readable_file>> open_read(const std::string& path, follow links = follow::yes) = 0;
  virtual result<std::unique_ptr<writable_file>> open_write(const std::string& path, open_write_how how,
                                                            std::uint32_t mode = 0644) = 0;
  /// Facts of what the path names, nullopt when there is nothing.
  virtual result<std::optional<file_info>> stat(const std::string& path, follow links = follow::yes) = 0;
  /// Entries of a directory without "." and "..", sorted by name.
  virtual result<std::vector<directory_entry>> list(const std::string& directory) = 0;
  virtual result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual result<void> hard_link(const std::string& existing, const std::string& name) = 0;
  /// Removes a file or an empty directory; it is an error when there is none.
  virtual result<void> remove(const std::string& path) = 0;
  /// Creates the directory and its missing parents; fine when it is there.
  virtual result<void> make_directories(const std::string& path, std::uint32_t mode = 0755) = 0;
  virtual result<void> set_mode(const std::string& path, std::uint32_t mode) = 0;
  /// The names in the directory are on the disk when this succeeds.
  virtual result<void> sync_directory(const std::string& directory) = 0;
  /// Locks a file, created when missing, against every other holder, in this process too. Never waits; nullptr:
  /// somebody holds it. Do not remove the file while weir may run.
  virtual result<std::unique_ptr<file_lock>> lock(const std::string& path) = 0;

  // Made of the above, the same everywhere.

  /// The whole file; an error when it is longer than `limit` bytes.
  result<std::string> read_whole(const std::string& path, std::uint64_t limit = std::uint64_t{1} << 30);
  /// Replaces `path` so that a crash at any time leaves the old or the new content: temporary file beside it, sync,
  /// rename, sync of the directory.
  result<void> write_atomically(const std::string& path, std::string_view bytes, std::uint32_t mode = 0644);
  result<bool> exists(const std::string& path);
  /// Removes a directory with everything below; never follows symbolic links. Fine when there is nothing.
  result<void> remove_tree(const std::string& path);
};

/// The directory part of a path: "/a/b" -> "/a", "b" -> ".".
std::string parent_of(std::string_view path);
/// a + "/" + b without a doubled slash.
std::string join_path(std::string_view a, std::string_view b);

}  // namespace weir::base
