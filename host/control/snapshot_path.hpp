#pragma once
// What people name when they want to look at a cut.
#include <string>

#include "base/result.hpp"
#include "checkpoint/snapshot.hpp"

namespace weir::control {

/// The path of a savepoint, a manifest or a checkpoint directory: as told; or, of a state directory, a pipeline's file
/// or a pipeline's name, the directory of the newest cuts of its newest run. Nothing is locked: the pipeline may run.
base::result<std::string> cuts_path(const std::string& told);

/// Opens, verified. What was passed over is in problems().
base::result<checkpoint::snapshot> open_told_snapshot(const std::string& told);

}  // namespace weir::control
