#pragma once
// The manifest: what a cut consists of. Written last; a cut without one does not exist. On disk it is a Protobuf
// message in a checksummed frame (FORMAT.md); here it is plain structs, so that nobody else sees the generated code.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/key_hash.hpp"
#include "model/message.hpp"

namespace weir::checkpoint {

/// One block file as a manifest refers to it. Files never change; several cuts may refer to the same one.
struct file_ref {
  std::string name;             ///< relative to the directory of the manifest: "files/000000000042-5f....blocks"
  std::uint64_t size = 0;       ///< bytes on disk
  std::string sha256;           ///< of all its bytes, 64 hexadecimal characters
  std::uint64_t blocks = 0;     ///< frames in it
  std::uint64_t raw_bytes = 0;  ///< of all blocks before compression
  std::uint64_t cut = 0;        ///< the cut that wrote it (a folded one: the newest cut folded into it)
  bool base = false;            ///< holds all state of its key groups: what stands before it in the chain is not needed
  std::uint32_t subtask = 0;    ///< who wrote it
  model::key_group_range key_groups;  ///< whose entries are in it
  friend bool operator==(const file_ref&, const file_ref&) = default;
};

/// The keyed state of one operator: older files first.
struct state_chain {
  std::string operator_id;
  std::vector<file_ref> files;
  friend bool operator==(const state_chain&, const state_chain&) = default;
};

struct manifest {
  std::string pipeline;
  std::uint64_t cut = 0;
  model::cut_kind kind = model::cut_kind::checkpoint;
  std::int64_t taken_at_us = 0;  ///< wall clock when it was begun
  std::uint64_t based_on = 0;    ///< the cut whose chains it goes on with; 0: none
  std::uint32_t key_groups = 0;  ///< the most parallelism; a restore needs the same
  std::string weir_version;
  std::map<std::string, std::string> facts;  ///< free, for whoever took the cut
  file_ref nodes;                            ///< the file of the node snapshots
  std::vector<state_chain> state;            ///< by operator id
  friend bool operator==(const manifest&, const manifest&) = default;

  /// Every file it refers to, the nodes' file too, each once.
  std::vector<const file_ref*> files() const;
};

/// The bytes of a manifest file.
std::string encode(const manifest& of);
/// Reads a manifest file's bytes. An error says what is wrong with it, without the path.
base::result<manifest> decode_manifest(std::string_view bytes);

}  // namespace weir::checkpoint
