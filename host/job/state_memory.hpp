#pragma once
#include "job/builder.hpp"

namespace weir::job {

/// Before the tasks run: all keyed state shares one budget; the caches and buffers of each store's disk side are taken off it
/// before. how.bytes > 0.
void limit_memory(const state_memory& how, built& all);

}  // namespace weir::job
