#include "base/cat.hpp"
#include "base/env.hpp"
#include "control/commands.hpp"

namespace weir::control {

exit_code write_output(const std::string& data, const std::string& file, console& io) {
  if (file.empty() || file == "-") {
    io.out(data);
    return exit_code::ok;
  }
  auto written = base::real_env().fs().write_atomically(file, data);
  if (written) return exit_code::ok;
  io.error(std::move(written).why().in("--output").text());
  return exit_code::cannot_create;
}

}  // namespace weir::control
