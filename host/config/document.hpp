#pragma once
// TOML text -> value tree. The only file that knows the TOML library is document.cpp.
#include <optional>
#include <string>

#include "config/diagnostics.hpp"
#include "config/value.hpp"

namespace weir::config {

/// Parses a whole file into its root table; nullopt and one error when it is no TOML or passes a bound (see
/// toml_bounds.hpp).
std::optional<value> parse_document(std::shared_ptr<const source_text> source, diagnostics& problems);

/// One TOML value, as behind `key = `; nullopt when it is none. Places are relative to `at`, which is where the text
/// begins.
std::optional<value> parse_value(std::string_view text, const location& at);

}  // namespace weir::config
