#pragma once
// What lies between two plans of one pipeline: how a running pipeline gets from one to the other, and what becomes of its
// state. For `weir plan`, and for whoever carries it out.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/plan.hpp"

namespace weir::plan {

/// How much of the pipeline has to stand still, least first.
enum class reach : std::uint8_t {
  nothing,  ///< there is no difference that matters to a running pipeline
  hot,      ///< instances are exchanged at a cut, the flow goes on
  rebuilt,  ///< at a cut the pipeline is built anew in the same process
  restart,  ///< only a stop and a new start bring it about
};
std::string_view name_of(reach how);  ///< "nothing", "hot", "at a cut", "restart"

/// Of a node in difference::converted, as long as nobody has looked whether it can be.
inline constexpr std::string_view state_converted = "converted, or refused";

struct node_difference {
  std::string id;  ///< as people know it
  reach how = reach::nothing;
  std::string what;      ///< "plugin", "options limit, window", "added", "removed", "parallelism", "inputs", ...
  std::string from, to;  ///< of what: "risk 1.0.0 (9f2c41d0)"; may be empty
  std::string state;     ///< what becomes of its state: "kept", "dropped", "new, empty", "none", state_converted
};

struct difference {
  reach how = reach::nothing;  ///< the most that any of it needs
  std::vector<node_difference> nodes;
  /// Things of the whole pipeline: "checkpoint.interval", "name".
  struct setting {
    std::string key;
    reach how = reach::rebuilt;
  };
  std::vector<setting> settings;
  /// With how == hot: nodes whose instances are to be exchanged, as indexes that mean the same in both plans.
  std::vector<std::uint32_t> exchanged;
  /// Nodes that keep state which is declared otherwise now (key, fields, kinds, times to live): before, after.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> converted;
  bool empty() const { return nodes.empty() && settings.empty(); }
};

/// Both bound, by the same process (images are compared by their content).
difference compare(const plan& before, const plan& after);

/// "risk 1.0.0 (9f2c41d0)": name, version, start of the content's digest.
std::string version_of(const node& n);

}  // namespace weir::plan
