#pragma once
// ${env:NAME}, ${env:NAME:-default} and ${file:PATH} inside string values, resolved after parsing, value by value:
// never in keys, never in names of plugins, components and nodes (a variable must not choose code or state). $${ is a
// literal ${.
#include "base/env.hpp"
#include "config/diagnostics.hpp"
#include "config/load.hpp"
#include "config/value.hpp"

namespace weir::config {

/// Walks the tree of a pipeline file. A value that had a reference is marked `reference` and `secret`, with the text
/// before as `shown`. Relative paths are relative to `directory`.
void interpolate(value& root, base::env& env, const std::string& directory, const load_options& options,
                 diagnostics& problems);

}  // namespace weir::config
