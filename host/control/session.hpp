#pragma once
// What commands that read pipelines or plugins share: the plugin store, the catalog, and the way from a file to a plan.
#include <memory>
#include <string>
#include <vector>

#include "control/commands.hpp"
#include "plan/plan.hpp"
#include "plugin/catalog.hpp"
#include "weir/abi.h"

namespace weir::control {

/// Opened once a command.
struct plugin_access {
  std::unique_ptr<plugin::plugin_store> store;
  std::unique_ptr<plugin::plugin_catalog> catalog;
};
base::result<plugin_access> open_plugins(const std::vector<std::string>& directories);

struct planned {
  plan::plan_ptr plan;  ///< null: problems.failed()
  config::diagnostics problems;
};
/// Reads one pipeline file and makes its plan, with plugins bound by `host`.
planned make_plan(const std::string& file, const pipeline_arguments& how, plugin_access& plugins,
                  const weir_host& host);

/// The way of run and graph: problems go to the console as text; null when there are errors.
plan::plan_ptr plan_or_say(const pipeline_arguments& told, plugin_access& plugins, const weir_host& host, console& io);

}  // namespace weir::control
