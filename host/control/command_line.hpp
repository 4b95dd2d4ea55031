#pragma once
// The command line of `weir`: reads it, runs the command, gives the exit code.
#include "control/command_tree.hpp"

namespace weir::control {

/// All of main(). Never throws.
int run_command_line(int count, char** arguments);

/// Every command, flag and argument, with its help.
command_info command_tree();

}  // namespace weir::control
