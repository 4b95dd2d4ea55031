#include "base/cat.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "plan/draft.hpp"

namespace weir::plan {

using base::cat;
using base::quoted;

void review(draft& d) {
  std::vector<std::vector<bool>> read(d.nodes.size());
  for (std::size_t i = 0; i < d.nodes.size(); ++i) read[i].resize(d.nodes[i].outputs.size());
  for (const auto& n : d.nodes) {
    for (const auto& e : n.edges) read[e.from][e.output] = true;
  }
  for (const auto& g : d.groups) {
    const auto& n = d.nodes[g.visible];
    const bool letters_read = read[g.visible].back();
    if (n.told->on_error != config::error_policy::dead_letter && letters_read) {
      d.problems.warning(n.at(), cat(quoted(n.id + ":dead_letter"), " is read, but stays empty: ", quoted(n.id),
                                     " has on_error = \"", config::name_of(n.told->on_error), "\""));
    }
    if (n.role == part_role::sink) continue;
    // Side ports that nobody reads are everyday (late, rejected); the main one, or all of them, hardly.
    const auto& last = d.nodes[g.hidden != no_index ? g.hidden : g.visible];
    const auto& last_read = read[g.hidden != no_index ? g.hidden : g.visible];
    bool any = false;
    for (std::size_t o = 0; o + 1 < last.outputs.size(); ++o) any = any || last_read[o];
    if (last.outputs.size() == 1) continue;  // An operator without outputs is an end by itself.
    const bool main = !last.outputs.front().name.empty() || last_read.front();
    if (any && main) continue;
    d.problems.warning(n.at(), any ? cat("nothing reads ", quoted(n.id),
                                         ", only its side outputs are read: the rows of its main output are dropped")
                                   : cat("nothing reads ", quoted(n.id), ": what comes out of it is dropped"));
  }
}

}  // namespace weir::plan
