#pragma once
// One cut while it is written. State blocks stream to files as they come; finish() makes the cut exist.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "checkpoint/manifest.hpp"
#include "checkpoint/node_snapshot.hpp"

namespace weir::checkpoint {

/// A complete cut as lists show it.
struct cut_info {
  std::uint64_t cut = 0;
  model::cut_kind kind = model::cut_kind::checkpoint;
  std::string path;              ///< its manifest
  std::int64_t taken_at_us = 0;  ///< wall clock
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;        ///< on disk, files shared with other cuts too
  std::uint64_t new_bytes = 0;    ///< on disk, of the files that this cut wrote itself
  std::uint64_t state_bytes = 0;  ///< of its state blocks before compression
};

/// Begun by storage::begin; ends before its storage does. state_block and node: [any] thread, concurrently; finish:
/// [one] thread, after all others are done.
class cut_writer {
 public:
  /// Appends a block of the operator's keyed state. A failure is remembered: finish() reports the first one.
  void state_block(std::string_view operator_id, std::uint32_t subtask, model::key_group_range own,
                   std::string_view block);
  /// Adds the snapshot of one node in one subtask.
  void node(const node_snapshot& of);
  /// Bytes given so far, before compression.
  std::uint64_t raw_bytes() const;

  /// Syncs the files, writes the manifest and makes it the newest cut; then older cuts retire. Once.
  /// An error with retry::backoff: there is no such cut, and nothing of it is left; the run may go on, but the next cut
  /// must hold what this one held. retry::from_checkpoint: whether the cut would survive a power cut is not
  /// known (its directory could not be synced): do not commit, restart from the newest cut.
  /// `still_mine`: asked when everything is on the disk, right before the manifest gets its name; its error ends the
  /// cut and is handed on as it is (somebody else has taken over). Null: nobody can.
  base::result<cut_info> finish(const std::function<base::result<void>()>& still_mine = nullptr);

  /// Not finished: its files are removed; the next cut must hold what this one held.
  ~cut_writer();
  cut_writer(const cut_writer&) = delete;
  cut_writer& operator=(const cut_writer&) = delete;

  struct inner;
  explicit cut_writer(std::unique_ptr<inner> in);

 private:
  std::unique_ptr<inner> inner_;
};

}  // namespace weir::checkpoint
