#pragma once
// Binding: a component, its configuration and the schemas of its inputs become output ports and the plugin's plan, or
// errors at the place in the pipeline file that is wrong. Nothing outside is touched, so `weir check` binds too.
//
//   config::validate ─> bind(component, config, inputs) ─> plugin's bind() ─> bind_output..., bind_error...
//                                    └─────────────────────> binding {outputs, plan}; its end calls unbind()
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/value.hpp"
#include "model/state_shape.hpp"
#include "model/type.hpp"
#include "plugin/component.hpp"
#include "weir/ext/draft/cuts.h"
#include "weir/ext/draft/outside.h"
#include "weir/ext/draft/state.h"
#include "weir/ext/draft/timers.h"

namespace weir::plugin {

/// One input port of the node that is bound.
struct bind_input {
  std::string name;  ///< of the node that feeds it, as `from` says: "trades", "exposure:late"
  model::schema_ref schema;
  std::vector<std::uint32_t> key;  ///< column indexes; empty: no key
};

/// One output port that the plugin declared.
struct bind_output {
  std::string name;  ///< empty: the main port
  model::schema_ref schema;
  /// For each column the input column that it passes through unchanged, or -1; empty: none passes. Checked against the
  /// schemas of the inputs.
  std::vector<std::int32_t> passes;
};

/// What a component may know of the pipeline's cuts: weir.cuts/1.
struct cut_facts {
  std::int64_t interval_us = 0;  ///< 0: it takes no checkpoints
  std::int64_t restart_pause_us = 0;
};

/// What bind() gives: immutable, shared by all subtasks of the node; outlives their instances. The thread that drops
/// the last reference calls the plugin's unbind: let that be a control thread.
class binding {
 public:
  virtual ~binding() = default;
  const component_ptr& what() const { return component_; }
  const void* plan() const { return plan_; }  ///< the plugin's; may be null
  const config::value& config() const { return config_; }
  const std::vector<bind_input>& inputs() const { return inputs_; }
  const std::vector<bind_output>& outputs() const { return outputs_; }
  /// What the plugin declared by the extensions weir.state/1 and weir.timers/1, in the order of their numbers.
  const std::vector<model::state_declaration>& states() const { return states_; }
  const std::vector<model::timer_declaration>& timers() const { return timers_; }
  /// Key columns of the state: those of the first keyed input; empty: none is keyed.
  std::vector<model::field> key_fields() const;

 protected:
  component_ptr component_;
  void* plan_ = nullptr;
  config::value config_;
  std::vector<bind_input> inputs_;
  std::vector<bind_output> outputs_;
  std::vector<model::state_declaration> states_;
  std::vector<model::timer_declaration> timers_;
};
using binding_ptr = std::shared_ptr<const binding>;

/// [control] Calls the plugin's bind. `config` has been validated against the component's options; `at` is the node's
/// place, for errors that name no option. Null when it failed: then `problems` says why, with at least one error. An
/// exception that crosses the boundary becomes an error that names the plugin.
binding_ptr bind(component_ptr what, config::value config, std::vector<bind_input> inputs, const config::location& at,
                 const weir_host& host, config::diagnostics& problems, const cut_facts& cuts = {});
/// The same with bind_host().
binding_ptr bind(component_ptr what, config::value config, std::vector<bind_input> inputs, const config::location& at,
                 config::diagnostics& problems);

/// Sets the slots config_... and bind_... of a host table. The rest is the engine's.
void fill_bind_slots(weir_host& host);
/// A table for binding without an engine: the slots of running subtasks refuse with WEIR_E_CONTRACT. Lives for ever.
const weir_host& bind_host();

/// The same for who checks a pipeline: components may also ask systems outside, by weir.outside/1.
const weir_host& asking_bind_host();

/// Sets the slot `declare` of the two tables. The rest is the engine's.
void fill_declare_slots(weir_state_host& states, weir_timers_host& timers);
/// weir.cuts/1.
const weir_cuts& cuts_table();
/// weir.outside/1.
const weir_outside& outside_table();
/// The extensions while binding without an engine: only `declare` works, and weir.cuts/1.
const void* bind_extension(const char* id);

/// How a configuration value looks to a plugin.
const weir_config* config_node(const config::value& value);

}  // namespace weir::plugin
