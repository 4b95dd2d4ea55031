#pragma once
// What stands in a checkpoint directory: its manifests and the mark of the newest one. Reading only; inside of this
// room.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/cut_writer.hpp"
#include "checkpoint/snapshot.hpp"

namespace weir::checkpoint {

struct catalog {
  struct entry {
    std::optional<manifest> facts;
    std::optional<base::error> problem;  ///< when there are no facts
  };
  std::map<std::uint64_t, entry> cuts;  ///< by number; damaged manifests too
  std::optional<std::uint64_t> latest;  ///< what LATEST says; nullopt: missing or damaged
  std::vector<std::string> problems;    ///< a damaged or missing LATEST, a manifest that it names and nobody sees

  std::uint64_t highest() const;
};

/// Reads all manifests of a directory. Damage is part of the answer; an error is anything else (no permission, a newer
/// format).
base::result<catalog> read_catalog(base::file_system& fs, const std::string& directory);
/// Reads one manifest; `cut`: the number that its name says.
base::result<manifest> read_manifest(base::file_system& fs, const std::string& path, std::optional<std::uint64_t> cut);

std::string encode_latest(std::uint64_t cut);

/// Reads the node snapshots of a cut; with `verify`, all of its files first.
base::result<snapshot> load_snapshot(base::env& env, const std::string& directory, const std::string& path,
                                     manifest facts, bool verify, std::vector<std::string> problems,
                                     std::shared_ptr<const void> pin);
/// The newest undamaged cut of a directory; see storage::newest. `pin` may be null.
base::result<std::optional<snapshot>> newest_of(base::env& env, const std::string& directory,
                                                const std::function<std::shared_ptr<const void>(const manifest&)>& pin);

cut_info info_of(const std::string& directory, const manifest& facts);

}  // namespace weir::checkpoint
