#pragma once
// What commands share that ask for a change of a running pipeline.
#include <string>

#include "base/result.hpp"
#include "control/console.hpp"
#include "control/control_socket.hpp"
#include "control/exit_code.hpp"

namespace weir::control {

/// Asks for a change, and stays with it when its version ends the worker that was asked. The record, as JSON.
base::result<std::string> carry_out_change(const std::string& state_directory, const change_wish& wish);
/// Prints the record; check_failed: the version was taken back.
exit_code tell_change(const base::result<std::string>& answer, bool as_json, console& io);
/// "3.1 ms"
std::string milliseconds_text(std::int64_t us);

}  // namespace weir::control
