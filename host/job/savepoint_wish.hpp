#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "checkpoint/cut_writer.hpp"

namespace weir::job {

/// A savepoint that somebody asks a running pipeline for.
struct savepoint_wish {
  std::string directory;                                         ///< does not exist, or is empty
  std::function<void(base::result<checkpoint::cut_info>)> done;  ///< once, perhaps on another thread
  /// How long it may wait for its turn (while a change is on probation there are no cuts); 0: without end.
  std::int64_t patience_us = 0;
  /// To look at and throw away: its files are not read again to see that they are whole.
  bool view = false;
};

}  // namespace weir::job
