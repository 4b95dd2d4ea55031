#include <algorithm>

#include "base/cat.hpp"
#include "plan/draft.hpp"

namespace weir::plan {
namespace {

// A circle among the nodes that could not be sorted: every one of them has a producer among them, so going back ends in
// one.
std::vector<std::uint32_t> circle(const draft& d, const std::vector<std::uint32_t>& waiting_for) {
  std::uint32_t at = 0;
  while (waiting_for[at] == 0) ++at;
  std::vector<std::uint32_t> trail;
  while (std::find(trail.begin(), trail.end(), at) == trail.end()) {
    trail.push_back(at);
    for (const auto& e : d.nodes[at].edges) {
      if (waiting_for[e.from] != 0) {
        at = e.from;
        break;
      }
    }
  }
  trail.erase(trail.begin(), std::find(trail.begin(), trail.end(), at));
  std::reverse(trail.begin(), trail.end());
  return trail;
}

}  // namespace

bool sort(draft& d) {
  const auto count = static_cast<std::uint32_t>(d.nodes.size());
  std::vector<std::uint32_t> waiting_for(count);  // edges whose producer is not placed yet
  std::vector<std::vector<std::uint32_t>> consumers(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    waiting_for[i] = static_cast<std::uint32_t>(d.nodes[i].edges.size());
    for (const auto& e : d.nodes[i].edges) consumers[e.from].push_back(i);
  }
  std::vector<bool> placed(count);
  while (d.order.size() < count) {
    // The first in the file that can go: equal files give equal plans.
    std::uint32_t next = 0;
    while (next < count && (placed[next] || waiting_for[next] != 0)) ++next;
    if (next == count) break;
    placed[next] = true;
    d.order.push_back(next);
    for (auto c : consumers[next]) --waiting_for[c];
  }
  if (d.order.size() == count) return true;

  const auto found = circle(d, waiting_for);
  std::string path;
  std::string last;
  for (auto n : found) {
    const auto& id = d.nodes[n].told->id;
    if (id == last) continue;
    path += id + " -> ";
    last = id;
  }
  path += d.nodes[found.front()].told->id;
  const auto& first = d.nodes[found.front()];
  auto at = first.at();
  for (const auto& e : first.edges) {
    if (std::find(found.begin(), found.end(), e.from) != found.end()) at = e.at;
  }
  d.problems.error(at, base::cat("the pipeline runs in a circle: ", path, "; take one of these out of `from`"));
  return false;
}

}  // namespace weir::plan
