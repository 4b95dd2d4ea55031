#pragma once
// A plan while it is being made. Private to this room: make.cpp lists the steps, each a function here.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/parts.hpp"
#include "plan/plan.hpp"

namespace weir::plan {

struct draft_edge {
  std::uint32_t from = no_index;      ///< index into draft::nodes
  std::uint32_t fallback = no_index;  ///< the node to ask when `from` has no such port: the source before its decoder
  std::string port;                   ///< of the producer; empty: main
  std::uint32_t entry = 0;            ///< which entry of `from` it came from: the input port of operators with several
  const config::input* told = nullptr;  ///< null: an edge that the plan adds (hidden nodes, [dead_letters])
  std::string name;                     ///< for people: "exposure:late"
  config::location at;

  // After bind():
  std::uint32_t output = no_index;  ///< index into the producer's outputs; no_index: the producer could not be bound
};

struct draft_node {
  const config::node* told = nullptr;
  std::string id;
  part_role role = part_role::transform;
  std::uint32_t visible = no_index;
  const config::component_ref* uses = nullptr;
  const config::value* config = nullptr;
  std::optional<part> what;
  std::vector<draft_edge> edges;
  std::uint32_t entries = 0;  ///< entries of `from`, without what [dead_letters] adds

  // After bind(); outputs with the dead_letter port as the last.
  bool bound = false;
  std::vector<input_port> ports;
  std::vector<std::vector<std::uint32_t>> edge_keys;  ///< for each edge; empty: not keyed
  std::vector<output> outputs;
  std::shared_ptr<const plugin::binding> binding;

  bool hidden() const { return role == part_role::decoder || role == part_role::encoder; }
  /// Where the node's own text begins in the file.
  const config::location& at() const { return told->id_at.line ? told->id_at : told->at; }
};

/// The nodes of one visible node: itself and its hidden one.
struct node_group {
  std::uint32_t visible = no_index, hidden = no_index;
};

struct draft {
  const config::pipeline& from;
  workshop& parts;
  config::diagnostics& problems;
  std::vector<draft_node> nodes;
  std::vector<node_group> groups;    ///< one for each node of the file, in its order
  std::vector<std::uint32_t> order;  ///< nodes, producers first

  const node_group* group_of(std::string_view id) const;
};

/// For the end of a message about a name that is not there: the nearest one, and all: `; did you mean "a"? It has "a"
/// or "b"`.
std::string instead_of(std::string_view name, const std::vector<std::string>& there, std::string_view who = "it");

/// Nodes with their components, hidden ones added. (expand.cpp)
void expand(draft& d);
/// Edges from `from`, for hidden nodes, and for [dead_letters]. (expand.cpp)
void connect(draft& d);
/// Producers before consumers; false: there is a cycle, and it was reported. (order.cpp)
bool sort(draft& d);
/// Schemas, keys and bindings, node by node. (bind.cpp)
void bind_all(draft& d);
/// Event time and trace columns of a bound source's main output. (stamps.cpp)
std::optional<watermark_strategy> watermark_of(draft& d, const draft_node& n);
std::optional<trace_mapping> trace_of(draft& d, const draft_node& n);
/// What works but is probably not meant. (review.cpp)
void review(draft& d);
/// The finished nodes in topological order, with exchanges and consumers. (finish.cpp)
void finish(draft& d, plan& out);
/// Which nodes share a thread. (chain.cpp)
void chain_up(const draft& d, plan& out);

}  // namespace weir::plan
