#include "control/exit_code.hpp"

namespace weir::control {

exit_code exit_code_of(const base::error& why) {
  switch (why.by) {
    case base::blame::config:
      return exit_code::config;
    case base::blame::data:
      return exit_code::data;
    case base::blame::external:
      return why.how == base::retry::backoff ? exit_code::temporary : exit_code::unavailable;
    case base::blame::plugin:
    case base::blame::host:
      break;
  }
  return exit_code::software;
}

std::string exit_code_help() {
  return "Exit codes:\n"
         "   0  done; `run`: the input ended, or SIGTERM / SIGINT drained the pipeline\n"
         "   1  `check` or `verify` found something wrong; `state`: no such entry, or a difference\n"
         "  64  the command line is wrong\n"
         "  65  a record stopped the pipeline (on_error = \"fail\")\n"
         "  69  something outside weir refused, and trying again will not help\n"
         "  70  a plugin or weir itself failed\n"
         "  73  an output file or folder cannot be made\n"
         "  75  something outside weir was not reachable; the same command may work later\n"
         "  78  the pipeline, an option in it or a plugin it names is wrong\n"
         " 130, 143  a second SIGINT / SIGTERM stopped the pipeline at once, without draining it\n";
}

}  // namespace weir::control
