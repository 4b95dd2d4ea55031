#include "task/keyed_state.hpp"

namespace weir::task {
namespace {

model::state_shape shape_of(const op::spec& what, std::uint32_t subtask) {
  return {.key = what.key_fields,
          .states = what.states,
          .timers = what.timers,
          .key_groups = what.key_groups,
          .own = model::key_groups_of(subtask, what.parallelism, what.key_groups)};
}

}  // namespace

keyed_state::keyed_state(const op::spec& what, std::uint32_t subtask, base::env& env)
    : states_(static_cast<std::uint32_t>(what.states.size())),
      timers_(static_cast<std::uint32_t>(what.timers.size())),
      store_(shape_of(what, subtask), env, what.state_is_cut) {}

}  // namespace weir::task
