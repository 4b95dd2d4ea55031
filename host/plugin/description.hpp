#pragma once
// What a plugin says of itself, copied out of its memory into the host's: nothing here points into the image, except
// the functions in the tables. Reading believes nothing: pointers must lie in readable memory, texts end within bounds,
// counts and sizes have limits, functions lie in executable memory.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"
#include "plugin/finding.hpp"
#include "plugin/memory_map.hpp"
#include "weir/abi.h"

namespace weir::plugin {

enum class component_kind : std::uint8_t { source, operation, sink, decoder, encoder };
std::string_view name_of(component_kind kind);  ///< "source", "operator", ...

struct component_description {
  component_kind kind = component_kind::operation;
  std::string type;  ///< "exposure": a pipeline says "risk.exposure"
  std::string summary;
  std::uint32_t flags = 0;        ///< WEIR_SELECTIONS ...
  std::uint32_t input_count = 0;  ///< a source: 0; WEIR_INPUTS_ANY
  std::vector<config::option> options;
};

struct description {
  std::string name, version, summary;
  std::uint16_t abi_major = 0, abi_minor = 0;
  std::vector<component_description> components;  ///< operators, then sources, in the plugin's order
};

/// The plugin's tables, as long as this host knows them: a slot that the plugin does not have is null, struct_size is
/// the smaller of both sizes. In the order of description::components.
struct component_tables {
  std::vector<weir_operator> operators;
  std::vector<weir_source> sources;
};

struct self_description {
  description about;
  component_tables tables;
};

/// Reads the table that weir_plugin_v1() gave. What is wrong goes to `found`; the result is complete only when nothing
/// was refused. `map` must have been taken after the image was loaded.
self_description read_description(const weir_plugin* plugin, const memory_map& map, findings& found);

// Limits of a description; a plugin beyond them is refused.
inline constexpr std::size_t most_components = 256;  // each of operators and sources
inline constexpr std::size_t most_options = 512;     // of one component, nested ones included
inline constexpr std::size_t most_option_depth = 8;
inline constexpr std::size_t most_doc_bytes = 16 * 1024;  // of any text but names

/// [a-z0-9][a-z0-9_-]{0,63}: names of plugins and components.
bool is_plugin_name(std::string_view text);

}  // namespace weir::plugin
