#pragma once
// crashes.jsonl in the state directory: the newest crashes of workers, and what follows from them. A record that
// crashes its operator would do so again after every restart: an operator that has crashed a few times gets its records
// one by one until the crash report holds the record's fingerprint; then that record goes to dead letters.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "supervisor/report.hpp"

namespace weir::supervisor {

struct noted_crash {
  std::int64_t at_us = 0;  ///< wall clock
  std::uint64_t run = 0;
  crash_report what;
};

base::result<void> note_crash(base::env& env, const std::string& state_directory, std::uint64_t run,
                              const crash_report& what);
/// Oldest first; damaged lines are left out.
base::result<std::vector<noted_crash>> read_crashes(base::env& env, const std::string& state_directory);

/// Operators that crashed at least `after` times in this run within the last hour, each with the fingerprints of the
/// records that did it, as far as they are known. `after` 0: none.
std::map<std::string, std::set<std::uint64_t>> suspected_operators(const std::vector<noted_crash>& all,
                                                                   std::uint64_t run, std::int64_t now_us,
                                                                   std::uint32_t after);

}  // namespace weir::supervisor
