#include <algorithm>

#include "base/cat.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "model/dead_letter.hpp"
#include "plan/draft.hpp"
#include "weir/abi.h"

namespace weir::plan {
namespace {

using base::cat;
using base::quoted;

std::string port_name(const draft_node& n, const std::string& port) {
  return port.empty() ? n.told->id : n.told->id + ":" + port;
}

std::uint32_t find_output(const draft_node& n, const std::string& port) {
  for (std::uint32_t i = 0; i < n.outputs.size(); ++i) {
    if (n.outputs[i].name == port) return i;
  }
  return no_index;
}

// Which output of its producer an edge reads. False: not known, because the producer is wrong, or there is no such
// port.
bool resolve(draft& d, draft_edge& e) {
  const auto* from = &d.nodes[e.from];
  if (e.port == base::dead_letter_port) {
    // Every node has that one, bound or not.
    e.output = from->outputs.empty() ? no_index : static_cast<std::uint32_t>(from->outputs.size()) - 1;
    return e.output != no_index;
  }
  if (!from->bound) return false;
  e.output = find_output(*from, e.port);
  if (e.output == no_index && e.fallback != no_index) {
    const auto other = find_output(d.nodes[e.fallback], e.port);
    if (other != no_index) {
      e.from = e.fallback;
      e.output = other;
    }
  }
  if (e.output != no_index) return true;
  std::vector<std::string> ports;
  for (const auto& o : from->outputs) ports.push_back(port_name(*from, o.name));
  if (e.fallback != no_index) {
    for (const auto& o : d.nodes[e.fallback].outputs) {
      if (!o.name.empty() && o.name != base::dead_letter_port) ports.push_back(port_name(*from, o.name));
    }
  }
  const auto wanted = port_name(*from, e.port);
  d.problems.error(e.at, cat(quoted(wanted), " is no output", instead_of(wanted, ports, quoted(from->told->id))));
  return false;
}

// The first column in which two schemas differ, for people.
std::string difference_text(const model::schema& a, const std::string& a_name, const model::schema& b,
                            const std::string& b_name) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!(a[i] == b[i]))
      return cat("column ", i + 1, " of ", quoted(a_name), " is ", quoted(a[i].text()), ", of ", quoted(b_name),
                 " it is ", quoted(b[i].text()));
  }
  const bool longer = b.size() > a.size();
  const auto& extra = longer ? b[a.size()] : a[b.size()];
  return cat(quoted(longer ? b_name : a_name), " has a column ", quoted(extra.text()), " that ",
             quoted(longer ? a_name : b_name), " has not");
}

std::optional<std::vector<std::uint32_t>> key_of(draft& d, const draft_node& n, const draft_edge& e,
                                                 const model::schema& schema) {
  std::vector<std::uint32_t> key;
  if (!e.told || !e.told->exchange) return key;
  const auto& x = *e.told->exchange;
  bool ok = true;
  for (std::size_t i = 0; i < x.key.size(); ++i) {
    const auto& at = i < x.key_at.size() ? x.key_at[i] : x.at;
    const auto column = schema.find(x.key[i]);
    if (column < 0) {
      const auto names = schema.names();
      d.problems.error(at, cat("the key of ", quoted(n.told->id), " names column ", quoted(x.key[i]), ", but ",
                               quoted(e.name), " has no such column", instead_of(x.key[i], names)));
      ok = false;
      continue;
    }
    const auto& type = schema[static_cast<std::size_t>(column)].type;
    if (type.id == model::type_id::list || type.id == model::type_id::structure) {
      d.problems.error(at, cat("column ", quoted(x.key[i]), " of ", quoted(e.name), " is a ", type.text(),
                               " and cannot be a key: project the part you mean into a column of its own"));
      ok = false;
    }
    if (std::find(key.begin(), key.end(), static_cast<std::uint32_t>(column)) != key.end()) {
      d.problems.error(at, cat("column ", quoted(x.key[i]), " is in the key twice"));
      ok = false;
    }
    key.push_back(static_cast<std::uint32_t>(column));
  }
  if (!ok) return std::nullopt;
  return key;
}

// How many input ports, and whether `from` fits them.
std::optional<std::uint32_t> port_count(draft& d, const draft_node& n) {
  const auto wanted = n.what->input_count;
  if (n.edges.empty()) {
    if (n.told->inputs.empty()) d.problems.error(n.at(), cat(quoted(n.told->id), " reads nothing: give it a `from`"));
    return std::nullopt;
  }
  if (wanted == 1) return 1;
  if (wanted == WEIR_INPUTS_ANY) return std::max(n.entries, 1u);
  if (n.entries == wanted) return wanted;
  d.problems.error(n.told->inputs.empty() ? n.at() : n.told->inputs.front().at,
                   cat(n.what->title, " has ", wanted, " inputs, in this order; `from` of ", quoted(n.told->id),
                       " has ", n.entries));
  return std::nullopt;
}

bool gather_ports(draft& d, draft_node& n) {
  bool ok = true;
  for (auto& e : n.edges) ok = resolve(d, e) && ok;
  const auto count = port_count(d, n);
  if (!ok || !count) return false;
  n.ports.resize(*count);
  n.edge_keys.resize(n.edges.size());
  for (std::uint32_t i = 0; i < n.edges.size(); ++i) {
    const auto& e = n.edges[i];
    auto& port = n.ports[*count == 1 ? 0 : e.entry];
    const auto& schema = d.nodes[e.from].outputs[e.output].schema;
    auto key = key_of(d, n, e, *schema);
    if (!key) {
      ok = false;
      continue;
    }
    n.edge_keys[i] = *key;
    if (port.inputs.empty()) {
      port.schema = schema;
      port.key = std::move(*key);
    } else if (!model::same_schema(port.schema, schema)) {
      const auto& first = n.edges[port.inputs.front()];
      d.problems.error(e.at,
                       cat("all inputs of ", quoted(n.told->id), " flow together and must have the same columns: ",
                           difference_text(*port.schema, first.name, *schema, e.name)));
      ok = false;
    } else if (port.key != *key) {
      const auto& first = n.edges[port.inputs.front()];
      d.problems.error(e.at, cat("all inputs of ", quoted(n.told->id), " flow together and must have the same key: ",
                                 quoted(first.name), " and ", quoted(e.name), " have different ones"));
      ok = false;
    }
    port.inputs.push_back(i);
  }
  // An entry of `from` that named no node left its port empty; that was reported.
  for (const auto& p : n.ports) ok = ok && !p.inputs.empty();
  return ok;
}

std::int64_t longest_pause(const config::restart& r) {
  switch (r.strategy) {
    case config::restart_strategy::exponential_delay:
      return r.max_backoff_us;
    case config::restart_strategy::fixed_delay:
    case config::restart_strategy::failure_rate:
      return r.delay_us;
    case config::restart_strategy::none:
      break;
  }
  return 0;
}

void bind_node(draft& d, draft_node& n) {
  std::vector<bind_port> inputs;
  for (const auto& p : n.ports) inputs.push_back({p.schema, p.key, n.edges[p.inputs.front()].name});
  auto bound = d.parts.bind(*n.what, *n.config, inputs, n.uses->at.line ? n.uses->at : n.at(), d.problems);
  if (!bound) return;
  n.outputs.clear();
  for (auto& o : bound->outputs) n.outputs.push_back({std::move(o.name), std::move(o.schema), std::move(o.passes), {}});
  n.binding = std::move(bound->binding);
  n.bound = true;
}

}  // namespace

void bind_all(draft& d) {
  d.parts.checkpoint_interval_us = d.from.checkpoint.enabled ? d.from.checkpoint.interval_us : 0;
  d.parts.restart_pause_us = longest_pause(d.from.restart);
  for (auto i : d.order) {
    auto& n = d.nodes[i];
    const bool inputs_known = n.role == part_role::source || (n.what && gather_ports(d, n));
    if (n.what && inputs_known) bind_node(d, n);
    n.outputs.push_back({std::string(base::dead_letter_port), model::dead_letter_schema(), {}, {}});
  }
}

}  // namespace weir::plan
