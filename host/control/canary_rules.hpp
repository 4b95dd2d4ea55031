#pragma once
// What may serve a share of the keys of an operator, and how it is compared with the version that serves the rest.
#include <optional>

#include "base/error.hpp"
#include "control/probation.hpp"
#include "plan/difference.hpp"
#include "task/canary_report.hpp"

namespace weir::control {

/// Why the difference cannot be brought about bit by bit, and what to do instead; nullopt: it can.
std::optional<base::error> canary_refused(const plan::difference& between, const plan::plan& before,
                                          const plan::plan& after);

/// For broken_bound. The time that a call costs by itself is left out: a small share comes in small batches.
node_sums sums_of(const task::canary_side& of);

}  // namespace weir::control
