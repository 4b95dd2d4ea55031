#pragma once
// The validated tree of a pipeline file -> the typed model, and the checks that need more than one key.
#include "config/diagnostics.hpp"
#include "config/pipeline.hpp"
#include "config/value.hpp"

namespace weir::config {

/// `root` is the tree after --set and ${...}; problems are collected, the model is complete only without errors.
pipeline read_pipeline(const value& root, diagnostics& problems);

// Parts of it, each in its own file.

/// The `plugin` table.
std::vector<plugin_ref> read_plugins(const value* table, diagnostics& problems);
/// All [[source]], [[operator]] and [[sink]] tables of the validated root, in the order of the model.
std::vector<node> read_nodes(const value& root, std::uint32_t parallelism, std::uint32_t max_parallelism,
                             diagnostics& problems);
/// "plugin.component"; a format may leave the component out.
std::optional<component_ref> read_component(const value& text, bool may_omit_component, diagnostics& problems);
/// What the file says of the nodes beside the model.
struct graph_facts {
  std::vector<bool> on_error_given, from_given;  ///< of each node
  bool sources_given = false, sinks_given = false;
};
/// References between nodes, cycles, dead letters; settles node::on_error where it is not given.
void check_graph(pipeline& p, const graph_facts& facts, diagnostics& problems);

}  // namespace weir::config
