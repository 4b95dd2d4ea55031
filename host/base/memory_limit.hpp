#pragma once
// How much memory this process may use: what its control groups and the machine allow.
#include <cstdint>
#include <string>

#include "base/file_system.hpp"

namespace weir::base {

struct memory_limit {
  std::uint64_t bytes = 0;
  std::string from;  ///< the file that says so, "/sys/fs/cgroup/weir.slice/memory.max"
};

/// The smallest of the limits of the process's control groups (version 2: memory.max of the group and of every group
/// above it; version 1: memory.limit_in_bytes) and the memory of the machine. Files that cannot be read are passed over;
/// when none can, half a GiB is said. proc and sys: where those file systems are, for tests.
memory_limit memory_limit_of_process(file_system& fs, const std::string& proc = "/proc",
                                     const std::string& sys = "/sys/fs/cgroup");

/// What was freed and the C library keeps goes back to the system. Milliseconds, in which other threads may wait for memory.
void give_freed_memory_back();

}  // namespace weir::base
