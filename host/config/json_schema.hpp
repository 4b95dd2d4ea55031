#pragma once
// The JSON Schema (draft-07, as taplo and other TOML editors read it) of a pipeline file.
#include <span>
#include <string>
#include <vector>

#include "config/option.hpp"

namespace weir::config {

enum class component_kind : std::uint8_t { source, transform, sink, decoder, encoder };

/// A component whose options are merged into the schema.
struct component_schema {
  std::string uses;  ///< "kafka.source"; of a decoder or encoder: what `format` says, "json"
  component_kind kind = component_kind::transform;
  std::string summary;
  std::vector<option> options;
};

/// The whole schema, indented. Components that are not given are allowed with any config.
std::string json_schema(std::span<const component_schema> components);

}  // namespace weir::config
