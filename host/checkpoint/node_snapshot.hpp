#pragma once
// What a cut holds of one node (source, operator or sink) in one subtask, beside its keyed state.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weir::checkpoint {

struct split_position {
  std::string id;
  std::string position;                   ///< the source plugin's own bytes
  std::int64_t watermark_us = INT64_MIN;  ///< of the split
  friend bool operator==(const split_position&, const split_position&) = default;
};

struct node_snapshot {
  std::string operator_id;  ///< the id in the TOML
  std::uint32_t subtask = 0;
  std::uint32_t parallelism = 1;
  std::string component;               ///< "kafka.source"
  std::string plugin_sha256;           ///< 64 hexadecimal characters, or empty
  std::vector<std::string> saved;      ///< what weir.snapshot/1 gave; several after a restore that nobody took yet
  std::vector<std::string> prepared;   ///< what weir.two_phase/1 gave
  std::vector<split_position> splits;  ///< of sources
  std::string in_flight;               ///< messages that a barrier overtook, encoded by task; mostly empty
  std::int64_t watermark_us = INT64_MIN;
  std::map<std::string, std::uint64_t> counts;  ///< records_in, late, ...: totals that go on after a restore
  friend bool operator==(const node_snapshot&, const node_snapshot&) = default;
};

}  // namespace weir::checkpoint
