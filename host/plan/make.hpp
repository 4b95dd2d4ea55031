#pragma once
// From the typed pipeline and its plugins to the plan. Everything that is wrong is reported together, with its place in
// the file.
#include "plan/parts.hpp"
#include "plan/plan.hpp"

namespace weir::plan {

/// Null when something is wrong; then `problems` has it. Warnings go there too. [control] thread. Starts nothing.
plan_ptr make(std::shared_ptr<const config::pipeline> from, workshop& parts, config::diagnostics& problems);

}  // namespace weir::plan
