#pragma once
// A block as several, by key group: for whoever merges a large state piece by piece.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/key_hash.hpp"

namespace weir::state {

/// parts[i] becomes a block with the records of ranges[i], in their order; empty: there are none. What is dropped or reset is said in each,
/// and an entry of the empty key is in each. ranges: ascending, none overlaps another; key_groups: of the pipeline.
base::result<void> divide_block(std::string_view block, std::span<const model::key_group_range> ranges,
                                std::uint32_t key_groups, std::vector<std::string>& parts);

}  // namespace weir::state
