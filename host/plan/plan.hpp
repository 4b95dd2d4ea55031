#pragma once
// The plan: what the engine executes. Made by plan::make (make.hpp) from the typed pipeline and the loaded plugins;
// every schema is resolved, every edge has its exchange, every node its chain. Immutable once made, shared by all
// tasks; [any] thread may read it.
//
// Everything refers to everything by index into plan::nodes, so that the engine can keep parallel vectors of its own.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/pipeline.hpp"
#include "model/type.hpp"

namespace weir::plugin {
class component;  // what a pipeline names by `uses`: a source, operator or sink of a loaded plugin
class binding;    // a component bound to one node: configuration, output ports, the plugin's own plan
}  // namespace weir::plugin

namespace weir::plan {

inline constexpr std::uint32_t no_index = UINT32_MAX;

enum class node_kind : std::uint8_t {
  source,
  transform,  ///< an operator, a hidden decoder, a hidden encoder
  sink,
};

/// How the rows of an edge find the subtask that gets them.
enum class exchange_kind : std::uint8_t {
  forward,    ///< subtask i to subtask i; both sides have the same parallelism
  hash,       ///< by the key's group: equal keys meet in one subtask
  rebalance,  ///< whole batches in turn
  broadcast,  ///< every batch to every subtask
};

/// What happens with a row (or record) that a node cannot process.
enum class error_policy : std::uint8_t {
  fail,         ///< the pipeline stops with the error
  skip,         ///< counted as a dead letter, logged (rate limited), not kept
  dead_letter,  ///< goes to the node's dead_letter port
};

/// One edge into a node. A node's edges are in the order of its `from` list; `"id:dead_letter"` of a node with a hidden
/// decoder or encoder is two edges.
struct input {
  std::uint32_t from_node = 0;    ///< index into plan::nodes
  std::uint32_t from_output = 0;  ///< index into that node's outputs
  std::uint32_t port = 0;         ///< input port of this node; several edges may share one (a union)
  exchange_kind exchange = exchange_kind::forward;
  std::vector<std::uint32_t> key;  ///< column indexes of the edge's schema; not empty exactly for keyed inputs (hash)
  /// The producer's thread calls this node directly, no queue: forward edges, and hash edges between one subtask and
  /// one.
  bool chained = false;
  std::string name;  ///< as the pipeline's `from` says it: "trades", "exposure:late"
};

/// One input port: what the edges into it have in common.
struct input_port {
  model::schema_ref schema;
  std::vector<std::uint32_t> key;     ///< column indexes, as weir_host.bind_key gives them; empty: no key
  std::vector<std::uint32_t> inputs;  ///< indexes into node::inputs
};

/// Where an output goes: plan.nodes[node].inputs[input].
struct consumer {
  std::uint32_t node = 0;
  std::uint32_t input = 0;
};

struct output {
  std::string name;  ///< empty: the main port
  model::schema_ref schema;
  /// For each column the input column that it passes through unchanged, or -1; empty: none passes.
  std::vector<std::int32_t> passes;
  std::vector<consumer> consumers;  ///< in the order of plan::nodes; empty: nobody reads it
};

/// How event time and watermarks of a source come about. On the node whose main output is stamped: the source itself,
/// or its hidden decoder.
struct watermark_strategy {
  std::uint32_t column = no_index;       ///< of the main output's schema; no_index: the source's own event times
  std::int64_t out_of_orderness_us = 0;  ///< watermark = newest event time - this - 1
  std::int64_t idle_after_us = -1;       ///< -1: a split is idle only by its own word (split_idle)
  std::int64_t emit_interval_us = 200'000;
  std::int64_t max_drift_us = -1;  ///< how far a split may run ahead of its align_group; -1: no bound
  std::string align_group;
};

/// Which columns of a source's (decoded) main output hold its trace facts. On the same node as watermark_strategy.
struct trace_mapping {
  std::uint32_t trace_id_column = no_index;   ///< no_index: the host makes ids when the pipeline wants them, else none
  std::uint32_t source_id_column = no_index;  ///< no_index: the source's node id
};

struct node {
  std::string id;  ///< unique; "trades#decode" for the hidden decoder of "trades", "out#encode" for an encoder
  node_kind kind = node_kind::transform;
  std::string uses;    ///< "kafka.source"
  std::string plugin;  ///< "kafka@1.2.0", for logs and metrics

  /// The visible node that this one serves: itself, or the source / sink whose decoder / encoder it is.
  std::uint32_t visible = no_index;
  bool hidden() const { return id.find('#') != std::string::npos; }

  std::shared_ptr<const plugin::component> component;
  std::shared_ptr<const plugin::binding> binding;

  std::vector<input> inputs;
  std::vector<input_port> input_ports;
  /// The component's own ports in its order, then "dead_letter" as the last one.
  std::vector<output> outputs;
  std::uint32_t dead_letter_output() const { return static_cast<std::uint32_t>(outputs.size()) - 1; }

  std::uint32_t parallelism = 1;
  std::uint32_t chain = no_index;  ///< index into plan::chains
  error_policy on_error = error_policy::fail;
  std::optional<watermark_strategy> watermark;
  std::optional<trace_mapping> trace;
};

/// Nodes that run in one thread per subtask, calling each other directly. The first is the head: a source, or a node
/// with queues in front of it. Every other one has all its edges from nodes before it in this chain, forward. A chain
/// is a tree in the common case; several consumers of one output and diamonds are fine.
struct chain {
  std::vector<std::uint32_t> nodes;  ///< in topological order
  std::uint32_t parallelism = 1;
};

struct plan {
  std::string pipeline;  ///< its name
  /// What it was made from: limits, checkpoint, restart, state, and the place of everything in the file.
  std::shared_ptr<const config::pipeline> told;
  std::uint32_t key_groups = 128;  ///< = the most parallelism can be
  std::vector<node> nodes;         ///< in topological order: producers before consumers
  std::vector<chain> chains;       ///< in topological order
  bool trace = false;              ///< batches carry trace columns
  std::int64_t step_us = 0;        ///< deterministic: event time that is worked off at once; 0: it is not

  /// Index of the node with that id, no_index if there is none.
  std::uint32_t find(std::string_view id) const;
};

using plan_ptr = std::shared_ptr<const plan>;

}  // namespace weir::plan
