#pragma once
// What the plan needs from plugins, as an interface: to find the component that `uses` names, and to bind it to a node.
// The real one is plugin_workshop (plugin_workshop.hpp); unit tests of the plan use their own.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/diagnostics.hpp"
#include "config/pipeline.hpp"
#include "model/type.hpp"

namespace weir::plugin {
class component;
class binding;
}  // namespace weir::plugin

namespace weir::plan {

enum class part_role : std::uint8_t { source, transform, sink, decoder, encoder };

/// A component as the plan sees it.
struct part {
  std::string title;              ///< "kafka 1.2.0: source", for messages
  std::string plugin;             ///< "kafka@1.2.0"
  std::uint32_t input_count = 0;  ///< as weir_operator.input_count; 0: a source
  std::shared_ptr<const plugin::component> component;
};

/// One input port at bind time.
struct bind_port {
  model::schema_ref schema;
  std::vector<std::uint32_t> key;  ///< column indexes; empty: no key
  std::string name;                ///< of the first node that feeds it, as `from` says it
};

struct bound_output {
  std::string name;  ///< empty: the main port
  model::schema_ref schema;
  std::vector<std::int32_t> passes;  ///< for each column the input column it passes through or -1; empty: none
};

struct bound_part {
  std::vector<bound_output> outputs;
  std::shared_ptr<const plugin::binding> binding;
};

/// [control] thread.
class workshop {
 public:
  virtual ~workshop() = default;
  /// What components may know of the pipeline's cuts; make() says it before it binds. Microseconds, 0: none are taken.
  std::int64_t checkpoint_interval_us = 0;
  std::int64_t restart_pause_us = 0;

  /// The component of a plugin that has this role; what is wrong (no such plugin, no such component with the nearest
  /// name, another role) goes to `problems`. `uses.component` may be empty for decoders and encoders: the plugin's only
  /// one.
  virtual std::optional<part> find(const config::pipeline& of, const config::component_ref& uses, part_role role,
                                   config::diagnostics& problems) = 0;
  /// Checks `config` (a table) against the component's options, and lets it declare its outputs. `at` is the
  /// node's place, for errors that name no option.
  virtual std::optional<bound_part> bind(const part& what, const config::value& config,
                                         std::span<const bind_port> inputs, const config::location& at,
                                         config::diagnostics& problems) = 0;
};

}  // namespace weir::plan
