#pragma once
// A complete cut, opened to read: what a restore, `weir state` and a fold take it from.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/node_snapshot.hpp"

namespace weir::checkpoint {

/// Where a state block comes from.
struct block_source {
  std::uint64_t cut = 0;      ///< the cut that captured it
  std::uint32_t subtask = 0;  ///< the subtask that captured it
  model::key_group_range
      key_groups;  ///< what that subtask owned: a record that drops a name space says it of these only
};
using block_reader_fn = std::function<base::result<void>(std::string_view block, const block_source& from)>;

/// Immutable; cheap to copy. [any] thread, concurrently. A snapshot opened through a storage keeps its files from being
/// deleted by that storage while a copy of it lives.
class snapshot {
 public:
  const manifest& facts() const { return inner_->facts; }
  /// The directory that holds the manifest and, relative to it, the files.
  const std::string& directory() const { return inner_->directory; }
  /// The manifest's path.
  const std::string& path() const { return inner_->path; }
  /// What was wrong with newer cuts that this one was taken instead of; each names a file.
  const std::vector<std::string>& problems() const { return inner_->problems; }

  const std::vector<node_snapshot>& nodes() const { return inner_->nodes; }
  /// The snapshots of one node, by subtask. Empty: the cut does not know it.
  std::vector<const node_snapshot*> nodes_of(std::string_view operator_id) const;
  /// Ids of the operators that have keyed state in it.
  std::vector<std::string> operators_with_state() const;

  /// Calls `fn` with each state block of the operator whose file may have entries of `range`, in the order to load them
  /// (a later one replaces what an earlier one said). Blocks may also have entries of other key groups. Each block's
  /// checksum has been checked. Stops at the first error, its own or fn's; an error of its own names the file.
  base::result<void> read_state(std::string_view operator_id, model::key_group_range range,
                                const block_reader_fn& fn) const;
  /// Reads every file whole and compares it with what the manifest says of it. The error names the file.
  base::result<void> verify() const;

  struct inner {
    base::env* env = nullptr;
    std::string directory, path;
    manifest facts;
    std::vector<node_snapshot> nodes;
    std::vector<std::string> problems;
    std::shared_ptr<const void> pin;  ///< keeps the files; null outside of a storage
  };
  explicit snapshot(std::shared_ptr<const inner> in) : inner_(std::move(in)) {}

 private:
  std::shared_ptr<const inner> inner_;
};

/// The manifest of the newest cut of a checkpoint directory, as far as manifests can be read; their files are not looked at.
/// Nullopt: there is none. [any]
base::result<std::optional<manifest>> newest_manifest(base::env& env, const std::string& directory);

/// Calls `fn` with each block of one file; see snapshot::read_state.
base::result<void> read_blocks(base::file_system& fs, const std::string& directory, const file_ref& file,
                               const block_reader_fn& fn);

/// Opens a cut without a storage, to read only: `path` is a savepoint's directory, a checkpoint directory (its newest
/// undamaged cut), or a manifest file. Every byte is verified, unless `verify` is false: then only the manifest and the
/// node snapshots are (a checkpoint directory always is). An error that blames damage names the file.
base::result<snapshot> open_snapshot(base::env& env, const std::string& path, bool verify = true);

}  // namespace weir::checkpoint
