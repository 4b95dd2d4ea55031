#pragma once
#include "base/result.hpp"
#include "checkpoint/snapshot.hpp"
#include "job/builder.hpp"
#include "job/split_finder.hpp"
#include "plan/plan.hpp"

namespace weir::job {

/// Gives every task and source what the snapshot holds for it; their threads restore it when they begin. An operator is found
/// by its id, or by its `was`. An error: the snapshot holds state of an operator that is not there (and allow_dropped says no).
/// committed: as in dropped().
base::result<void> restore(const plan::plan& what, const checkpoint::snapshot& from, bool allow_dropped, bool committed,
                           built& into, split_finder& finder);

/// Old operator id -> new one, where they differ.
std::map<std::string, std::string> renamed(const plan::plan& what, const checkpoint::snapshot& from);
/// Ids in the snapshot that hold something and that no node of the plan takes over. committed: what sinks prepared for it
/// is visible, so a sink that goes loses nothing.
std::vector<std::string> dropped(const plan::plan& what, const checkpoint::snapshot& from, bool committed);

}  // namespace weir::job
