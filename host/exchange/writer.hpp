#pragma once
#include <cstdint>
#include <vector>

#include "exchange/gate.hpp"
#include "model/batch.hpp"
#include "model/message.hpp"

namespace weir::exchange {

enum class kind : std::uint8_t { forward, hash, rebalance, broadcast };

/// How one output edge spreads its rows over the consumer's subtasks.
struct partitioning {
  kind how = kind::forward;
  std::vector<std::uint32_t> key;  ///< hash: column indexes of the edge's schema
  std::uint32_t key_groups = 128;  ///< of the pipeline
};

/// One output edge of one producer subtask. [producer thread]
class writer {
 public:
  /// channels: one for each consumer subtask; for forward exactly one. first: where rebalance begins (the subtask number, so
  /// that several producers do not all begin with the same consumer).
  writer(partitioning how, std::vector<channel*> channels, std::uint32_t first);

  /// Sends the rows. Hash edges attach the key hashes as a fact and select rows for each consumer; columns are shared.
  void write(const model::batch_ref& batch);
  /// Sends a control message to every consumer subtask, behind everything written so far.
  void control(const model::message& m);
  bool has_room();
  const std::vector<channel*>& channels() const { return channels_; }

 private:
  void write_hash(const model::batch_ref& batch);
  partitioning how_;
  std::vector<channel*> channels_;
  std::size_t turn_;
  std::vector<std::uint32_t> counts_, targets_;  // scratch of write_hash
};

}  // namespace weir::exchange
