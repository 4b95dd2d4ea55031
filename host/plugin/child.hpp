#pragma once
// Runs a function in a child process and brings back what it returns: for code that may crash or hang.
#include <cstdint>
#include <functional>
#include <string>

#include "base/env.hpp"
#include "base/result.hpp"

namespace weir::plugin {

struct child_result {
  enum class ending : std::uint8_t { returned, exited, signalled, timed_out };
  ending how = ending::returned;
  int number = 0;      ///< exit code or signal
  std::string answer;  ///< what the function returned; complete only when it returned
  std::string output;  ///< the end of what the child wrote to stdout and stderr
};

/// Forks; `work` runs in the child, whose exit runs no destructors. The child is killed after `timeout_us`. Only the
/// calling thread exists in the child: what other threads have locked at that moment stays locked there.
base::result<child_result> run_in_child(base::env& env, std::int64_t timeout_us,
                                        const std::function<std::string()>& work);

}  // namespace weir::plugin
