#include <malloc.h>

#include <algorithm>
#include <thread>

#include "base/crash.hpp"
#include "control/command_line.hpp"

int main(int count, char** arguments) {
  weir::base::install_crash_report();
  // The C library keeps what was freed for each of its arenas, eight to a core: memory that the budget of state has no part in.
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(2u, std::thread::hardware_concurrency())));
  return weir::control::run_command_line(count, arguments);
}
