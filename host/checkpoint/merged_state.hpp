#pragma once
// Keyed state of a cut as one: the chains of deltas merged by host/state. For folds, and for people who look at a
// snapshot.
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "checkpoint/snapshot.hpp"
#include "checkpoint/storage.hpp"

namespace weir::checkpoint {

/// Mergers of host/state, for a pipeline of so many key groups.
merger_factory state_mergers(std::uint32_t key_groups);
block_divider state_divider(std::uint32_t key_groups);

/// Ranges of key groups that together are all of the operator's, each with about `bytes` of state before compression.
std::vector<model::key_group_range> slices_of(const snapshot& from, std::string_view operator_id, std::uint64_t bytes);

/// Calls `fn` with blocks that hold the operator's state in `range`, each entry once. Keeps that part of the state in
/// memory. An entry of the empty key belongs to every range.
base::result<void> read_merged(const snapshot& from, std::string_view operator_id, model::key_group_range range,
                               const std::function<base::result<void>(std::string_view block)>& fn);

}  // namespace weir::checkpoint
