#pragma once
// Inside of bind.cpp and bind_slots.cpp: one node while its schemas are resolved.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/value.hpp"
#include "plugin/bind.hpp"
#include "weir/abi.h"

/// What the opaque weir_bind is. Lives as long as the binding: schemas and configuration that a plugin was shown stay.
struct weir_bind {
  weir::plugin::component_ptr component;
  const weir::config::value* config = nullptr;  ///< of the binding
  const std::vector<weir::plugin::bind_input>* inputs = nullptr;
  std::vector<ArrowSchema> schemas;  ///< of the inputs, exported
  std::vector<weir::plugin::bind_output> outputs;
  std::vector<weir::model::state_declaration> states;
  std::vector<weir::model::timer_declaration> timers;
  weir::plugin::cut_facts cuts;
  weir::config::location at;                      ///< of the node
  weir::config::diagnostics* problems = nullptr;  ///< null outside of bind(): then the plugin kept the handle
  std::size_t errors = 0, warnings = 0;

  weir_bind() = default;
  weir_bind(const weir_bind&) = delete;
  weir_bind& operator=(const weir_bind&) = delete;
  ~weir_bind() {
    for (ArrowSchema& schema : schemas)
      if (schema.release) schema.release(&schema);
  }
  /// The plugin's own mistake: an error that names it.
  weir_code broke_contract(std::string what);
};

namespace weir::plugin {

inline constexpr std::size_t most_text_from_plugin = 8 * 1024;
inline constexpr std::size_t most_bind_errors = 100;
inline constexpr std::size_t most_output_ports = 256;
/// What weir.outside/1 gives a component: short enough for a check of a pipeline with many sinks whose broker is away.
inline constexpr std::int64_t outside_patience_us = 3'000'000;

/// A plugin's text made safe to show; empty when the view is not sane.
std::string text_of(weir_view view, std::size_t most = most_text_from_plugin);

}  // namespace weir::plugin
