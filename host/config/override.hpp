#pragma once
// --set id.key=value: changes of a pipeline's tree before it is checked, so that a wrong one is reported as well as a
// wrong line.
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/value.hpp"

namespace weir::config {

/// Applies the arguments in order. The part before the first dot names a table of the file (checkpoint, restart, state,
/// limits, dead_letters, plugin) or a node; without a dot it is a key of the file (name, parallelism, ...). The value
/// is read as TOML, and as a string when it is none.
void apply_sets(value& root, const std::vector<std::string>& sets, diagnostics& problems);

}  // namespace weir::config
