#pragma once
// How `weir` ends, for scripts. The numbers are those of sysexits.h and a promise: a number never changes its meaning.
#include <string>

#include "base/error.hpp"

namespace weir::control {

enum class exit_code : int {
  ok = 0,              ///< done; for `run`: the input ended, or SIGTERM / SIGINT drained the pipeline
  check_failed = 1,    ///< `check` or `verify` found something wrong; `state get`: no entry; `state diff`: they differ
  usage = 64,          ///< the command line is wrong
  data = 65,           ///< a record stopped the pipeline
  unavailable = 69,    ///< something outside weir refused, and trying again will not help
  software = 70,       ///< a plugin or weir itself failed
  cannot_create = 73,  ///< an output file or folder cannot be made
  temporary = 75,      ///< something outside weir was not reachable; the same command may work later
  config = 78,         ///< the pipeline, an option in it or a plugin it names is wrong
};

/// What a failed command ends with.
exit_code exit_code_of(const base::error& why);

/// One line a code, for `weir --help`.
std::string exit_code_help();

}  // namespace weir::control
