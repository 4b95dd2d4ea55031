#include "task/keyed_state.hpp"

#include "operator/migrator.hpp"

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

base::result<std::unique_ptr<state::evolution>> keyed_state::evolution_of(const op::spec& was,
                                                                          std::shared_ptr<const op::spec> now,
                                                                          std::uint32_t subtask) {
  const op::spec& next = *now;
  auto made = WEIR_TRY(
      state::evolution::make(shape_of(was, subtask), shape_of(next, subtask), op::migrations_of(next), std::move(now)));
  if (made->nothing_to_do()) made.reset();
  return made;
}

base::error keyed_state::failed(weir_code code) const {
  return code == WEIR_E_STATE ? base::plugin_error(store_.why())
                              : base::external_error(store_.why(), {}, base::retry::from_checkpoint);
}

base::result<void> keyed_state::evolve(std::unique_ptr<state::evolution> how) {
  const auto states = static_cast<std::uint32_t>(how->now().states.size());
  if (const weir_code code = store_.evolve(std::move(how)); code != WEIR_OK) return failed(code);
  states_ = states;
  return {};
}

base::result<bool> keyed_state::evolve_some(std::size_t most) {
  bool did = false;
  if (const weir_code code = store_.evolve_some(most, &did); code != WEIR_OK) return failed(code);
  return did;
}

base::result<void> keyed_state::evolve_rest() {
  if (const weir_code code = store_.evolve_rest(); code != WEIR_OK) return failed(code);
  return {};
}

}  // namespace weir::task
