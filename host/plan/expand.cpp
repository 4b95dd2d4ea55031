#include "base/cat.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "plan/draft.hpp"

namespace weir::plan {
namespace {

using base::cat;
using base::quoted;

part_role role_of(config::node_kind kind) {
  switch (kind) {
    case config::node_kind::source:
      return part_role::source;
    case config::node_kind::transform:
      return part_role::transform;
    case config::node_kind::sink:
      break;
  }
  return part_role::sink;
}

draft_node visible_node(draft& d, const config::node& told) {
  draft_node n;
  n.told = &told;
  n.id = told.id;
  n.role = role_of(told.kind);
  n.uses = &told.uses;
  n.config = &told.config;
  n.what = d.parts.find(d.from, told.uses, n.role, d.problems);
  return n;
}

draft_node hidden_node(draft& d, const config::node& told, part_role role) {
  draft_node n;
  n.told = &told;
  n.role = role;
  n.id = told.id + (role == part_role::decoder ? "#decode" : "#encode");
  n.uses = &told.format->uses;
  n.config = &told.format->config;
  n.what = d.parts.find(d.from, told.format->uses, role, d.problems);
  return n;
}

// Every node of a group has a dead_letter port; to those who read them, the group is one node.
void add_dead_letter_edges(draft_node& to, const node_group& from, const draft_edge& like) {
  for (auto n : {from.visible, from.hidden}) {
    if (n == no_index) continue;
    auto e = like;
    e.from = n;
    to.edges.push_back(std::move(e));
  }
}

void add_edge(draft& d, draft_node& to, const config::input& told, std::uint32_t entry) {
  draft_edge e;
  e.port = told.from.port;
  e.entry = entry;
  e.told = &told;
  e.name = told.from.text();
  e.at = told.at;
  const auto* from = d.group_of(told.from.node);
  if (!from) {
    std::vector<std::string> ids;
    for (const auto& g : d.groups) {
      if (d.nodes[g.visible].told != to.told) ids.push_back(d.nodes[g.visible].id);
    }
    return d.problems.error(told.at,
                            cat("there is no node ", quoted(told.from.node), base::did_you_mean(told.from.node, ids)));
  }
  if (told.from.port == base::dead_letter_port) return add_dead_letter_edges(to, *from, e);
  const auto& producer = d.nodes[from->visible];
  if (producer.role == part_role::sink) {
    return d.problems.error(told.at,
                            cat(quoted(producer.id), " is a sink: of a sink only its dead letters can be read, as ",
                                quoted(producer.id + ":dead_letter")));
  }
  e.from = from->hidden != no_index ? from->hidden : from->visible;
  if (from->hidden != no_index && !e.port.empty()) e.fallback = from->visible;
  to.edges.push_back(std::move(e));
}

// Edges of [dead_letters]: every dead_letter port that has letters and no reader, but not the sink's own.
void add_default_dead_letters(draft& d) {
  if (!d.from.dead_letters_sink) return;
  const auto* sink = d.group_of(*d.from.dead_letters_sink);
  if (!sink || d.nodes[sink->visible].role != part_role::sink) {
    return d.problems.error(d.from.dead_letters_at,
                            cat("there is no sink ", quoted(*d.from.dead_letters_sink), " to take the dead letters"));
  }
  std::vector<bool> read(d.nodes.size());
  for (const auto& n : d.nodes) {
    for (const auto& e : n.edges) {
      if (e.port == base::dead_letter_port) read[e.from] = true;
    }
  }
  auto& to = d.nodes[sink->hidden != no_index ? sink->hidden : sink->visible];
  for (const auto& g : d.groups) {
    const auto& n = d.nodes[g.visible];
    if (&g == sink || read[g.visible] || n.told->on_error != config::error_policy::dead_letter) continue;
    draft_edge e;
    e.port = base::dead_letter_port;
    e.entry = 0;
    e.name = n.id + ":dead_letter";
    e.at = d.from.dead_letters_at;
    add_dead_letter_edges(to, g, e);
  }
}

}  // namespace

const node_group* draft::group_of(std::string_view id) const {
  for (const auto& g : groups) {
    if (nodes[g.visible].id == id) return &g;
  }
  return nullptr;
}

void expand(draft& d) {
  for (const auto& told : d.from.nodes) {
    node_group g;
    const auto role = role_of(told.kind);
    if (told.format && role == part_role::transform) {
      d.problems.error(told.format->at, "an operator has no format: only sources decode and sinks encode");
    }
    // In the order that rows flow: an encoder stands before its sink.
    if (told.format && role == part_role::sink) {
      g.hidden = static_cast<std::uint32_t>(d.nodes.size());
      d.nodes.push_back(hidden_node(d, told, part_role::encoder));
    }
    g.visible = static_cast<std::uint32_t>(d.nodes.size());
    d.nodes.push_back(visible_node(d, told));
    if (told.format && role == part_role::source) {
      g.hidden = static_cast<std::uint32_t>(d.nodes.size());
      d.nodes.push_back(hidden_node(d, told, part_role::decoder));
    }
    for (auto n : {g.visible, g.hidden}) {
      if (n != no_index) d.nodes[n].visible = g.visible;
    }
    d.groups.push_back(g);
  }
}

void connect(draft& d) {
  for (const auto& g : d.groups) {
    const auto& told = *d.nodes[g.visible].told;
    const bool encoded = g.hidden != no_index && d.nodes[g.hidden].role == part_role::encoder;
    auto& entrance = d.nodes[encoded ? g.hidden : g.visible];
    entrance.entries = static_cast<std::uint32_t>(told.inputs.size());
    for (std::uint32_t i = 0; i < told.inputs.size(); ++i) add_edge(d, entrance, told.inputs[i], i);
    if (g.hidden == no_index) continue;
    // The link between a visible node and its hidden one.
    draft_edge e;
    e.from = encoded ? g.hidden : g.visible;
    e.name = told.id;
    e.at = told.format->at;
    auto& to = d.nodes[encoded ? g.visible : g.hidden];
    to.entries = 1;
    to.edges.push_back(std::move(e));
  }
  add_default_dead_letters(d);
}

}  // namespace weir::plan
