#pragma once
// The right of one worker to write into a state directory. A worker that was stopped or cut off and comes back finds
// that another one has been started since: it must not write a cut or commit output any more.
#include <cstdint>
#include <string>

#include "base/env.hpp"

namespace weir::supervisor {

/// Small, copied freely. All methods: [any] thread, concurrently.
class lease {
 public:
  /// The worker of `generation` in `state_directory`; `env` outlives it.
  lease(base::env& env, std::string state_directory, std::uint64_t generation);

  /// Asked right before the manifest of a cut is renamed into place and before a two-phase commit. An error: somebody
  /// else has taken over, or nobody can say (run.json is gone or unreadable); then end without writing anything.
  base::result<void> still_mine() const;
  std::uint64_t generation() const { return generation_; }

 private:
  base::env* env_;
  std::string state_directory_;
  std::uint64_t generation_;
};

}  // namespace weir::supervisor
