#pragma once
// What to do with a run whose worker is gone.
#include <string>

#include "supervisor/os_process.hpp"
#include "supervisor/report.hpp"
#include "supervisor/run_record.hpp"

namespace weir::supervisor {

struct verdict {
  bool over = true;  ///< the run ends here; false: a restart may cure it
  run_status status = run_status::failed;
  int code = 70;       ///< exit code when it is over
  std::string output;  ///< for stdout when it is over
  std::string why;     ///< one sentence: for the log, and for the person when it is over; empty: nothing to say
};

/// `told`: what it told over its pipe; `became`: how the process ended; `killed_because`: not empty when the supervisor
/// killed it.
verdict judge(const report_reader& told, const os::process_change& became, const std::string& killed_because);

}  // namespace weir::supervisor
