#include "base/cat.hpp"
#include "control/commands.hpp"
#include "control/version.hpp"
#include "weir/abi.h"

namespace weir::control {

exit_code version_command(bool json, console& io) {
  if (json) {
    io.out(base::cat("{\"weir\":\"", version_text, "\",\"abi\":\"", WEIR_ABI_MAJOR, ".", WEIR_ABI_MINOR, "\"}\n"));
  } else {
    io.out(base::cat("weir ", version_text, "\nplugin ABI ", WEIR_ABI_MAJOR, ".", WEIR_ABI_MINOR, "\n"));
  }
  return exit_code::ok;
}

}  // namespace weir::control
