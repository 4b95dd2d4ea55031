#include "control/command_line.hpp"

int main(int count, char** arguments) { return weir::control::run_command_line(count, arguments); }
