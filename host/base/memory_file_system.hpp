#pragma once
// A file system in memory that knows what would survive a power cut: file content is durable after sync() of the file,
// names after sync_directory() of a directory they touch. crash() throws the rest away, whole or in part; fail()
// injects errors. Symbolic links are not modelled. [any] thread: one lock for all.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file_system.hpp"

namespace weir::base {

class env;

/// Operations that can fail on demand; combine with |.
enum class fs_op : std::uint32_t {
  open_read = 1 << 0,
  read = 1 << 1,
  open_write = 1 << 2,
  write = 1 << 3,  ///< append, write_at, truncate
  sync = 1 << 4,
  close = 1 << 5,
  stat = 1 << 6,
  list = 1 << 7,
  rename = 1 << 8,
  link = 1 << 9,
  remove = 1 << 10,
  make_directory = 1 << 11,
  set_mode = 1 << 12,
  sync_directory = 1 << 13,
  changing = open_write | write | sync | close | rename | link | remove | make_directory | set_mode | sync_directory,
  any = (1 << 14) - 1,
};
constexpr fs_op operator|(fs_op a, fs_op b) {
  return fs_op(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

class memory_file_system final : public file_system {
 public:
  /// `clock` gives modified_us; outlives this.
  explicit memory_file_system(env& clock);
  ~memory_file_system() override;

  /// The nth (from 1) operation from now that is one of `which` fails with `number`; with `always`, all later ones too.
  /// Replaces an earlier fault. A failed write may leave a part of the bytes; a failed sync loses what it should have
  /// synced even if a later sync succeeds, as Linux does.
  void fail(fs_op which, std::uint64_t nth, int number, bool always = false);
  void stop_failing();
  /// Operations since the start, of the given kinds: to loop a fault over all of them.
  std::uint64_t count(fs_op which) const;

  /// Power cut: everything unsynced is gone. Open handles fail with EIO from then on.
  void crash();
  /// Power cut at a bad moment: of each file's unsynced writes some are there, the last perhaps torn at a multiple of
  /// 512; of each directory's unsynced changes a prefix. `pick` gives 64 random bits.
  void crash_torn(const std::function<std::uint64_t()>& pick);

  // For tests that play a user: not counted, not failing, durable at once.
  void set_owner(const std::string& path, std::uint32_t uid, std::uint32_t gid);
  void put(const std::string& path, std::string_view bytes);

  result<std::unique_ptr<readable_file>> open_read(const std::string& path, follow links = follow::yes) override;
  result<std::unique_ptr<writable_file>> open_write(const std::string& path, open_write_how how,
                                                    std::uint32_t mode = 0644) override;
  result<std::optional<file_info>> stat(const std::string& path, follow links = follow::yes) override;
  result<std::vector<directory_entry>> list(const std::string& directory) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> hard_link(const std::string& existing, const std::string& name) override;
  result<void> remove(const std::string& path) override;
  result<void> make_directories(const std::string& path, std::uint32_t mode = 0755) override;
  result<void> set_mode(const std::string& path, std::uint32_t mode) override;
  result<void> sync_directory(const std::string& directory) override;
  /// Counts and fails as open_write. A crash frees all locks.
  result<std::unique_ptr<file_lock>> lock(const std::string& path) override;

  struct node;
  struct shared;

 private:
  std::shared_ptr<shared> shared_;
};

}  // namespace weir::base
