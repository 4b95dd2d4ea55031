#pragma once
// What a storage, its cut in work, its fold and its snapshots share. Inside of this room.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "checkpoint/block_file.hpp"
#include "checkpoint/catalog.hpp"
#include "checkpoint/storage.hpp"

namespace weir::checkpoint {

/// Files that open snapshots read. Outlives the storage when a snapshot does.
class pins {
 public:
  /// Holds the names until the token is gone.
  static std::shared_ptr<const void> hold(const std::shared_ptr<pins>& in, std::vector<std::string> names);
  void add_to(std::set<std::string>& names) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> held_;
};

using chains = std::map<std::string, std::vector<file_ref>>;

struct storage::inner : std::enable_shared_from_this<inner> {
  inner(base::env& e, options o) : env(e), how(std::move(o)) {}

  base::env& env;
  const options how;
  base::logger log;
  std::unique_ptr<base::file_lock> lock;
  std::shared_ptr<pins> pinned = std::make_shared<pins>();

  mutable std::mutex mutex;  // guards what follows
  std::map<std::uint64_t, catalog::entry> cuts;
  checkpoint::chains chains;      // what the next cut goes on with
  std::uint64_t based_on = 0;     // the cut they are of
  std::set<std::string> in_work;  // files being written or brought in, that nothing refers to yet
  std::uint64_t highest = 0;      // number of a cut seen
  bool cut_in_work = false;
  bool lost = false;  // a sync of the directory failed: what the disk holds is not known
  bool folding = false;

  base::file_system& fs() const { return env.fs(); }
  std::string path_of(std::string_view name) const { return base::join_path(how.directory, name); }

  /// A new block file, registered in in_work. [any]
  base::result<std::unique_ptr<block_file_writer>> new_file(block_file_facts facts, file_use use = file_use::lasting);
  /// Makes the names of new block files durable. A failure is final: no cut can follow. [any]
  base::result<void> sync_files();
  void forget(const std::vector<std::string>& names);

  // With the mutex held.

  /// Marks the newest cut, removes the manifests of older ones than are retained, and then sweeps. Failures are logged:
  /// they cost space only.
  void retire();
  /// Deletes each file that no manifest, chain, cut in work, fold or open snapshot refers to.
  void sweep();
};

/// Makes `to` a file with the content of `from`: a hard link, or a copy when that does not work. Synced; not its name.
base::result<void> link_or_copy(base::file_system& fs, const std::string& from, const std::string& to);
/// Creates a directory and its missing parents so that all their names survive a power cut.
base::result<void> make_durable_directory(base::file_system& fs, const std::string& path);
/// Replaces `directory`/`name`: temporary file, sync, rename. The directory is not synced. `before_rename` may refuse.
base::result<void> replace_file(base::file_system& fs, const std::string& directory, const std::string& name,
                                std::string_view bytes,
                                const std::function<base::result<void>()>& before_rename = nullptr);

}  // namespace weir::checkpoint
