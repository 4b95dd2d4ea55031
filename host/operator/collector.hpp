#pragma once
#include <cstdint>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "model/batch.hpp"

namespace weir::op {

/// The first error of a chain. Plugins between the node that failed and the task see only a code; the error itself waits here.
/// [task]
class chain_error {
 public:
  bool failed() const { return to_ ? to_->failed() : first_.has_value(); }
  /// Keeps the first one.
  void set(base::error why) {
    if (to_) return to_->set(std::move(why));
    if (!first_) first_ = std::move(why);
  }
  const base::error& why() const { return to_ ? to_->why() : *first_; }
  /// From here on it is the same as that one, which outlives it.
  void become(chain_error& other) { to_ = &other; }

 private:
  chain_error* to_ = nullptr;
  std::optional<base::error> first_;
};

/// Where a node's output goes: the next nodes of its chain, and exchanges. [task]
class collector {
 public:
  virtual ~collector() = default;
  /// port: an output of the node, or the number of its outputs for dead letters. False: the chain has failed, stop working.
  virtual bool collect(std::uint32_t port, const model::batch_ref& batch) = 0;
};

}  // namespace weir::op
