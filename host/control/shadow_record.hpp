#pragma once
// What is told of a shadow run: to who asks for it, and in shadow.json of the state directory, so that it is there when
// the worker is not.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "control/metrics.hpp"
#include "plan/plan.hpp"
#include "task/shadow_report.hpp"

namespace weir::control {

/// What a person asks for.
struct shadow_wish {
  std::string operator_id;
  std::string plugin;                   ///< an absolute path, or a name to search for; empty: only the options
  std::vector<std::string> config;      ///< "key=value"
  std::vector<std::string> ignored;     ///< fields
  std::vector<std::string> tolerances;  ///< "field=0.01", "field=1%"
  std::string by;                       ///< who asks
};

struct shadow_run {
  shadow_wish asked;
  std::string before, now;  ///< versions, for people
  std::string plugin;       ///< "activity@2.0.0"
  std::int64_t began_at_us = 0;
  std::uint64_t cut = 0;  ///< that the state was forked at; 0: it has not come yet
  std::int64_t pause_us = -1;
  std::shared_ptr<task::shadow_report> report;
  bool comparing() const { return report && !report->over(); }
};

/// The fields must be columns of an output of the node.
base::result<task::shadow_rules> rules_of(const shadow_wish& asked, const plan::node& of);

/// One JSON object. state: "copying", "comparing", or how it ended: "failed", "dropped", "promoted", "replaced",
/// "ended", "gone".
std::string to_json(const shadow_run& of);
shadow_metrics metrics_of(const shadow_run& of);

base::result<void> write_shadow(base::env& env, const std::string& state_directory, const std::string& json);
/// As it was written last; nullopt: there was none.
base::result<std::optional<std::string>> read_shadow(base::env& env, const std::string& state_directory);
/// What a worker left that is no more: its shadow is gone, for this reason.
base::result<void> bury_shadow(base::env& env, const std::string& state_directory, const std::string& why);

}  // namespace weir::control
