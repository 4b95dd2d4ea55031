#include "plan/explain.hpp"

#include "base/cat.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"

namespace weir::plan {
namespace {

using base::cat;

box_kind box_kind_of(node_kind kind) {
  switch (kind) {
    case node_kind::source:
      return box_kind::source;
    case node_kind::sink:
      return box_kind::sink;
    case node_kind::transform:
      break;
  }
  return box_kind::transform;
}

const char* name_of(exchange_kind kind) {
  switch (kind) {
    case exchange_kind::forward:
      return "forward";
    case exchange_kind::hash:
      return "hash";
    case exchange_kind::rebalance:
      return "rebalance";
    case exchange_kind::broadcast:
      return "broadcast";
  }
  return "";
}

std::string label_of(const plan& p, const input& in) {
  const auto& out = p.nodes[in.from_node].outputs[in.from_output];
  std::string how;
  if (in.exchange == exchange_kind::hash) {
    for (auto k : in.key) how += (how.empty() ? "hash(" : ", ") + (*out.schema)[k].name;
    how += ')';
  } else if (!in.chained) {
    how = name_of(in.exchange);
  }
  if (out.name.empty()) return how;
  return how.empty() ? out.name : out.name + ": " + how;
}

// Of the group of a visible node: the node with its rows behind the decoder, or before the encoder.
const model::schema_ref* schema_of(const plan& p, std::uint32_t visible) {
  const model::schema_ref* found = nullptr;
  for (const auto& n : p.nodes) {
    if (n.visible != visible) continue;
    if (n.kind == node_kind::sink || n.id.ends_with("#encode")) {
      if (!found) found = &n.input_ports.front().schema;
    } else if (n.outputs.size() > 1) {
      found = &n.outputs.front().schema;
    }
  }
  return found;
}

box box_of(const plan& p, std::uint32_t visible, const explain_options& how) {
  const auto& n = p.nodes[visible];
  box b;
  b.id = n.id;
  b.kind = box_kind_of(n.kind);
  b.chain = n.chain;
  auto uses = n.uses;
  for (const auto& hidden : p.nodes) {
    if (hidden.visible == visible && &hidden != &n)
      uses = n.kind == node_kind::sink ? hidden.uses + " -> " + uses : uses + " -> " + hidden.uses;
  }
  b.lines.push_back(uses);
  if (n.parallelism > 1) b.lines.push_back(cat("parallelism ", n.parallelism));
  std::string unread;
  for (const auto& g : p.nodes) {
    if (g.visible != visible) continue;
    if (g.watermark) {
      const auto& w = *g.watermark;
      b.lines.push_back(
          cat("event time ",
              w.column == no_index ? std::string("of the source") : (*g.outputs.front().schema)[w.column].name,
              ", up to ", base::print_duration_us(w.out_of_orderness_us), " out of order"));
    }
    // Of a source with a decoder only what comes out behind it.
    for (std::size_t o = 0; o + 1 < g.outputs.size(); ++o) {
      if (g.outputs[o].consumers.empty() &&
          (&g != &n || n.kind != node_kind::source || g.hidden() || !g.outputs[o].name.empty())) {
        unread += (unread.empty() ? "" : ", ") +
                  (g.outputs[o].name.empty() ? std::string("the main output") : g.outputs[o].name);
      }
    }
  }
  if (!unread.empty()) b.lines.push_back("not read: " + unread);
  if (how.schemas) {
    if (const auto* s = schema_of(p, visible)) {
      for (const auto& f : (*s)->fields()) b.schema.push_back(f.text());
    }
  }
  return b;
}

}  // namespace

drawing describe(const plan& of, const explain_options& how) {
  drawing d;
  d.title = of.pipeline;
  std::vector<std::uint32_t> box_at(of.nodes.size(), no_index);
  for (std::uint32_t i = 0; i < of.nodes.size(); ++i) {
    if (of.nodes[i].visible != i) continue;
    box_at[i] = static_cast<std::uint32_t>(d.boxes.size());
    d.boxes.push_back(box_of(of, i, how));
  }
  for (const auto& n : of.nodes) {
    for (const auto& in : n.inputs) {
      const auto& from = of.nodes[in.from_node];
      if (from.visible == n.visible) continue;
      link l;
      l.from = box_at[from.visible];
      l.to = box_at[n.visible];
      l.label = label_of(of, in);
      l.dead_letter = from.outputs[in.from_output].name == base::dead_letter_port;
      l.chained = in.chained;
      // The letters of a source and of its decoder are one link to people.
      bool there = false;
      for (const auto& k : d.links)
        there = there || (k.from == l.from && k.to == l.to && k.label == l.label && l.dead_letter);
      if (!there) d.links.push_back(std::move(l));
    }
  }
  return d;
}

}  // namespace weir::plan
