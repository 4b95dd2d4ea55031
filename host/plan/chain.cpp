#include <algorithm>

#include "plan/draft.hpp"

namespace weir::plan {
namespace {

// Rows of the edge stay in the same subtask: its number decides nothing.
bool stays(const plan& p, const node& n, const input& in) {
  const auto from = p.nodes[in.from_node].parallelism;
  return in.exchange == exchange_kind::forward || (from == 1 && n.parallelism == 1);
}

}  // namespace

// `chain = false` on a node puts a queue on both sides of it; its own hidden decoder or encoder stays with it.
void chain_up(const draft& d, plan& out) {
  auto alone = [&](const node& n) { return !d.from.nodes.empty() && !d.from.find(out.nodes[n.visible].id)->chain; };
  for (std::uint32_t i = 0; i < out.nodes.size(); ++i) {
    auto& n = out.nodes[i];
    std::uint32_t joined = n.inputs.empty() ? no_index : out.nodes[n.inputs.front().from_node].chain;
    for (const auto& in : n.inputs) {
      const auto& from = out.nodes[in.from_node];
      const bool broken = from.visible != n.visible && (d.from.deterministic || alone(n) || alone(from));
      if (broken || !stays(out, n, in) || from.chain != joined) joined = no_index;
    }
    if (joined == no_index) {
      joined = static_cast<std::uint32_t>(out.chains.size());
      out.chains.push_back({{}, n.parallelism});
    } else {
      for (auto& in : n.inputs) in.chained = true;
    }
    n.chain = joined;
    out.chains[joined].nodes.push_back(i);
  }
}

}  // namespace weir::plan
