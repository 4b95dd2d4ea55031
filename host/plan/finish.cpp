#include "base/cat.hpp"
#include "base/text.hpp"
#include "plan/draft.hpp"
#include "plugin/bind.hpp"

namespace weir::plan {
namespace {

using base::cat;
using base::quoted;

node_kind node_kind_of(part_role role) {
  return role == part_role::source ? node_kind::source
         : role == part_role::sink ? node_kind::sink
                                   : node_kind::transform;
}

error_policy policy_of(config::error_policy p) {
  switch (p) {
    case config::error_policy::fail:
      return error_policy::fail;
    case config::error_policy::skip:
      return error_policy::skip;
    case config::error_policy::dead_letter:
      break;
  }
  return error_policy::dead_letter;
}

exchange_kind exchange_of(draft& d, const draft_node& to, const draft_edge& e, std::uint32_t from_parallelism) {
  const auto parallelism = to.told->parallelism;
  const auto fitting = from_parallelism == parallelism ? exchange_kind::forward : exchange_kind::rebalance;
  if (!e.told || !e.told->exchange) return fitting;
  const auto& x = *e.told->exchange;
  switch (x.kind) {
    case config::exchange_kind::hash:
      return exchange_kind::hash;
    case config::exchange_kind::forward:
      if (fitting != exchange_kind::forward) {
        d.problems.error(
            x.at, cat("forward needs equal parallelism on both sides: ", quoted(e.name), " has ", from_parallelism,
                      ", ", quoted(to.told->id), " has ", parallelism, "; use rebalance or hash, or make them equal"));
      }
      return exchange_kind::forward;
    // Between one subtask and one subtask all of them are the same.
    case config::exchange_kind::rebalance:
      return from_parallelism == 1 && parallelism == 1 ? exchange_kind::forward : exchange_kind::rebalance;
    case config::exchange_kind::broadcast:
      return from_parallelism == 1 && parallelism == 1 ? exchange_kind::forward : exchange_kind::broadcast;
  }
  return fitting;
}

void check_parallelism(draft& d, const draft_node& n) {
  if (n.hidden() || (n.told->parallelism >= 1 && n.told->parallelism <= d.from.max_parallelism)) return;
  d.problems.error(n.at(), cat("parallelism of ", quoted(n.id), " is ", n.told->parallelism, "; it must be 1 to ",
                               d.from.max_parallelism, " (max_parallelism, the number of key groups)"));
}

/// State of rows without a key is one for all of them, so one subtask has to have it.
void check_keyless_state(draft& d, const draft_node& n) {
  if (!n.binding || n.told->parallelism <= 1) return;
  if (n.binding->states().empty() && n.binding->timers().empty()) return;
  for (const auto& port : n.ports)
    if (!port.key.empty()) return;
  d.problems.error(n.at(),
                   cat(quoted(n.id),
                       " keeps state but its inputs have no key, so it is one state for all rows: set parallelism "
                       "= 1, or give its input exchange = { kind = \"hash\", key = \"column\" }"));
}

}  // namespace

void finish(draft& d, plan& out) {
  out.pipeline = d.from.name;
  out.key_groups = d.from.max_parallelism;
  out.trace = d.from.trace;
  out.step_us = d.from.deterministic ? d.from.deterministic_step_us : 0;
  std::vector<std::uint32_t> place(d.nodes.size());
  for (std::uint32_t k = 0; k < d.order.size(); ++k) place[d.order[k]] = k;

  for (auto i : d.order) {
    auto& from = d.nodes[i];
    check_parallelism(d, from);
    check_keyless_state(d, from);
    node n;
    n.id = from.id;
    n.kind = node_kind_of(from.role);
    n.uses = from.uses->text();
    n.visible = place[from.visible];
    if (from.what) {
      n.component = from.what->component;
      n.plugin = from.what->plugin;
    }
    n.binding = from.binding;
    n.parallelism = from.told->parallelism;
    n.on_error = policy_of(from.told->on_error);
    n.input_ports = from.ports;
    n.outputs = from.outputs;
    const bool last_of_source =
        from.role == part_role::decoder || (from.role == part_role::source && !from.told->format);
    if (from.bound && last_of_source) {
      n.watermark = watermark_of(d, from);
      n.trace = trace_of(d, from);
      if (d.from.deterministic && !n.watermark)
        d.problems.error(from.at(), cat("deterministic = true needs the event time of every source: give ",
                                        quoted(from.told->id), " a [source.watermark] table"));
    }
    for (std::uint32_t k = 0; k < from.edges.size(); ++k) {
      const auto& e = from.edges[k];
      input in;
      in.from_node = place[e.from];
      in.from_output = e.output;
      in.port = from.ports.size() > 1 ? e.entry : 0;
      in.exchange = exchange_of(d, from, e, d.nodes[e.from].told->parallelism);
      if (k < from.edge_keys.size()) in.key = from.edge_keys[k];
      in.name = e.name;
      if (e.output != no_index && !d.problems.failed()) {
        out.nodes[in.from_node].outputs[e.output].consumers.push_back(
            {static_cast<std::uint32_t>(out.nodes.size()), k});
      }
      n.inputs.push_back(std::move(in));
    }
    out.nodes.push_back(std::move(n));
  }
}

}  // namespace weir::plan
