#pragma once
#include "model/state_change.hpp"
#include "operator/spec.hpp"

namespace weir::op {

/// The operator's own conversions of state (weir.migrate/1), for whoever loads state or checks whether it could. What
/// comes of it keeps the plugin's image and what bind made. [any] thread; no instance is needed.
model::state_migrations migrations_of(const spec& what);

/// The same for what is bound but has no spec yet. The views and `keep` as in spec.
struct migrating {
  const weir_operator* op = nullptr;
  const void* plan = nullptr;
  std::string plugin, version, id, pipeline;
  std::shared_ptr<const void> keep;
};
model::state_migrations migrations_of(migrating who);

}  // namespace weir::op
