#pragma once
// The cuts of one pipeline in one directory, with one writer at a time. Layout and file format: FORMAT.md.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "checkpoint/compression.hpp"
#include "checkpoint/cut_writer.hpp"
#include "checkpoint/snapshot.hpp"

namespace weir::checkpoint {

struct options {
  std::string directory;  ///< created when missing
  std::string pipeline;
  std::uint32_t key_groups = 0;
  std::uint32_t retained = 3;  ///< complete checkpoints kept, at least 1
  compression codec = compression::lz4;
  /// Cuts in an operator's chain before it should be folded; eight times as many where the base is large beside them.
  std::uint32_t max_chain = 8;
  std::uint64_t fold_at_least = std::uint64_t{64}
                                << 20;  ///< bytes of deltas that outweigh their base before a short chain is folded
  std::uint64_t fold_bytes = std::uint64_t{256}
                             << 20;  ///< state (before compression) that a fold holds in memory at once
  std::string weir_version;
  std::map<std::string, std::string> facts;  ///< written into every manifest
};

/// What a cut is asked for.
struct cut_request {
  std::uint64_t number = 0;  ///< storage::next_number(), or higher
  model::cut_kind kind = model::cut_kind::checkpoint;
  bool full = false;  ///< the blocks are all of the state, not what changed since the last cut
  std::map<std::string, std::string> facts = {};  ///< written into its manifest, beside options::facts
};

/// Merges state blocks: given those of a chain in order, gives the fewest blocks that load the same. Made by
/// host/state.
class block_merger {
 public:
  virtual ~block_merger() = default;
  virtual base::result<void> add(std::string_view block, const block_source& from) = 0;
  /// After the last add: the next merged block into `block`; false: there are no more.
  virtual base::result<bool> take(std::string& block) = 0;
};
/// A merger for the entries of `range` of one operator; entries of other key groups are ignored.
using merger_factory = std::function<base::result<std::unique_ptr<block_merger>>(const std::string& operator_id,
                                                                                 model::key_group_range range)>;
/// Makes parts[i] a block with what of `block` belongs to ranges[i], or empty. Made by host/state.
using block_divider = std::function<base::result<void>(
    std::string_view block, std::span<const model::key_group_range> ranges, std::vector<std::string>& parts)>;

/// [any] thread, concurrently, but one cut at a time. `env` outlives it. Holds the directory's lock.
class storage {
 public:
  /// Locks the directory, makes what is visible in it durable, and removes what crashed cuts left. Fails when another
  /// weir has it.
  static base::result<std::unique_ptr<storage>> open(base::env& env, options how);
  ~storage();
  storage(const storage&) = delete;
  storage& operator=(const storage&) = delete;

  /// Higher than the number of every cut seen in the directory; at least 1.
  std::uint64_t next_number() const;
  /// Begins a cut. Its chains go on with those of the last complete cut of this storage object, or of continue_from; at
  /// first there are none. Fails when another cut is in work, or the number is used.
  base::result<std::unique_ptr<cut_writer>> begin(cut_request what);

  /// After a restore: the next cut goes on with the chains of `from`, whose files are brought into this directory (hard
  /// links, or copies) when they lie elsewhere. `renamed`: old operator id -> new one; `dropped`: ids whose state is
  /// given up. Without this call the chains start empty.
  base::result<void> continue_from(const snapshot& from, const std::map<std::string, std::string>& renamed = {},
                                   const std::vector<std::string>& dropped = {});

  /// Complete cuts, newest first, as far as their manifests can be read; their files are not.
  base::result<std::vector<cut_info>> list() const;
  /// The newest cut whose every byte is as it was written. One that is not is passed over for an older one;
  /// snapshot::problems says why and it is logged. Nullopt: there never was a complete cut. All damaged: an error.
  base::result<std::optional<snapshot>> newest() const;
  /// One cut of this directory, verified.
  base::result<snapshot> open_cut(std::uint64_t number, bool verify = true) const;

  /// Copies a complete cut into `directory`, which holds everything itself, may be moved, and is never deleted by weir.
  /// The directory must not exist, or be empty. Files are hard links where that is possible. After an error nothing of
  /// it is left.
  /// verify false: its files are not read to see that they are whole.
  base::result<cut_info> make_savepoint(std::uint64_t number, const std::string& directory, bool verify = true);

  /// Folds the chains that are longer than max_chain cuts or whose deltas outweigh their base, so that the next cut
  /// refers to one base in their place. For a thread of its own beside the cuts; one call at a time. How many chains
  /// were folded.
  base::result<std::uint32_t> fold(const merger_factory& make, const block_divider& divide);
  /// Whether fold() would find something to do.
  bool wants_fold() const;

  struct inner;

 private:
  explicit storage(std::shared_ptr<inner> in);
  std::shared_ptr<inner> inner_;
};

}  // namespace weir::checkpoint
