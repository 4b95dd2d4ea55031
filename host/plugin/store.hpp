#pragma once
// Private copies of plugin files, named by their content: <sha256>.so in a directory that only this user can enter.
// What is loaded is always such a copy, so overwriting or replacing the original never touches a running process, two
// versions never share an inode (the dynamic loader would give back the old code), and the bytes that were checked are
// the bytes that run.
//
//   /opt/plugins/librisk.so --read once, checked--> bytes --> $XDG_RUNTIME_DIR/weir/plugins/9f2c...e1.so --> dlopen
//
// The directory may be shared by processes of one user. Whoever uses an entry holds its lock (shared), which ends with
// the process. Only who holds it exclusively removes a name, and a new file takes a name only where there is none
// (link, not rename): so a name that was locked and seen to be right stays.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "base/result.hpp"
#include "plugin/os.hpp"

namespace weir::plugin {

/// One entry in use. While it lives nobody removes the file; when it goes and nobody else uses the entry, the file goes
/// too.
class stored_file {
 public:
  stored_file(base::env& env, std::string path, os::file_lock lock);
  ~stored_file();
  stored_file(const stored_file&) = delete;
  stored_file& operator=(const stored_file&) = delete;
  const std::string& path() const { return path_; }

 private:
  base::env& env_;
  std::string path_;
  std::optional<os::file_lock> lock_;
};

/// [any] thread, concurrently, after open().
class plugin_store {
 public:
  /// Opens the store in `directory` (made when missing, must belong to this user, its mode is set to 0700), and removes
  /// what dead processes left there.
  static base::result<std::unique_ptr<plugin_store>> open(base::env& env, const std::string& directory);
  /// Opens it in the first of these that can hold code: $XDG_RUNTIME_DIR/weir/plugins, /run/weir/plugins,
  /// $TMPDIR/weir-<uid>/plugins (/tmp, /var/tmp), a fresh directory in /tmp.
  static base::result<std::unique_ptr<plugin_store>> open_default(base::env& env);

  const std::string& directory() const { return directory_; }

  /// The entry with that content (made when missing). The content of the entry was compared with `bytes` after it was
  /// written, or when it was there already.
  base::result<std::shared_ptr<stored_file>> add(std::string_view bytes, const std::string& sha256_hex);

  /// Removes entries that nobody uses. How many; done by open() too.
  base::result<std::size_t> sweep();

 private:
  plugin_store(base::env& env, std::string directory) : env_(env), directory_(std::move(directory)) {}
  /// The lock of a new entry; nullopt: the name is taken.
  base::result<std::optional<os::file_lock>> make_entry(std::string_view bytes, const std::string& path);

  base::env& env_;
  std::string directory_;
};

}  // namespace weir::plugin
