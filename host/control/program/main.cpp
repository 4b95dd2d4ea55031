#include "base/crash.hpp"
#include "control/command_line.hpp"

int main(int count, char** arguments) {
  weir::base::install_crash_report();
  return weir::control::run_command_line(count, arguments);
}
