#include "job/state_memory.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "base/cat.hpp"

namespace weir::job {
namespace {

constexpr std::uint64_t disk_side_least = 4 << 20, disk_side_most = 256 << 20;

}  // namespace

void limit_memory(const state_memory& how, built& all) {
  std::uint64_t stores = 0;
  const auto each = [&all](const auto& what) {
    for (const auto& subtasks : all.tasks)
      for (const auto& t : subtasks)
        for (std::uint32_t at = 0; at < t->nodes().size(); ++at)
          if (task::keyed_state* state = t->nodes().state_at(at)) what(*t, at, *state);
  };
  each([&](const task::task&, std::uint32_t, task::keyed_state&) { ++stores; });
  if (stores == 0) return;
  const std::uint64_t disk =
      how.directory.empty() ? 0 : std::clamp(how.bytes / stores / 6, disk_side_least, disk_side_most);
  // Much more than it is told to use: what the allocator keeps between blocks of all sizes, and what compaction needs.
  const std::uint64_t tables = std::max(how.bytes - std::min(how.bytes, disk * stores * 7 / 4), how.bytes / 4);
  const auto pool = std::make_shared<state::memory_pool>(tables, stores);
  each([&](const task::task& of, std::uint32_t at, task::keyed_state& state) {
    // "enrich/0" is the name of the head's subtask; the number in the chain tells its nodes apart.
    std::string name = of.name();
    std::replace(name.begin(), name.end(), '/', '-');
    state.limit({how.directory.empty() ? "" : base::cat(how.directory, "/", name, "-", at), pool, disk});
  });
}

}  // namespace weir::job
