#pragma once
// The workshop on real plugins: finds components through the catalog, validates their options, binds them.
#include <set>
#include <string>

#include "plan/parts.hpp"
#include "plugin/bind.hpp"
#include "plugin/catalog.hpp"

namespace weir::plan {

/// [control] thread. `catalog` and `host` outlive it and every plan made with it.
class plugin_workshop final : public workshop {
 public:
  /// host: the table that the plugins will be run with; plugin::bind_host() when nothing will be run.
  plugin_workshop(plugin::plugin_catalog& catalog, const weir_host& host) : catalog_(catalog), host_(host) {}

  std::optional<part> find(const config::pipeline& of, const config::component_ref& uses, part_role role,
                           config::diagnostics& problems) override;
  std::optional<bound_part> bind(const part& what, const config::value& config, std::span<const bind_port> inputs,
                                 const config::location& at, config::diagnostics& problems) override;

 private:
  plugin::image_ptr load(const config::pipeline& of, const config::component_ref& uses, config::diagnostics& problems);

  plugin::plugin_catalog& catalog_;
  const weir_host& host_;
  std::set<std::string> failed_;  // plugins that could not be loaded: said once
};

}  // namespace weir::plan
