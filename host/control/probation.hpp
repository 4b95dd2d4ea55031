#pragma once
// Whether a version on probation keeps the bounds of [swap]: from samples of the figures of the nodes that were exchanged,
// and of the process. Pure: who samples when is the engine's.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "config/pipeline.hpp"

namespace weir::control {

/// Sums over the subtasks of a node; they only grow while a version serves.
struct node_sums {
  std::uint64_t records_in = 0, records_out = 0;
  std::uint64_t errors = 0;  ///< dead letters and skipped
  std::int64_t busy_ns = 0;  ///< of the threads that it runs in
  friend node_sums operator-(const node_sums& a, const node_sums& b) {
    return {a.records_in - b.records_in, a.records_out - b.records_out, a.errors - b.errors, a.busy_ns - b.busy_ns};
  }
};

struct sample {
  std::map<std::string, node_sums> nodes;  ///< by id
  std::uint64_t rss_bytes = 0;
};

/// before: what the nodes of `changed` did as the old version, from its start; from, now: samples since the new version
/// serves. Nullopt: all bounds are kept, or it is too early to say.
std::optional<std::string> broken_bound(const config::swap& bounds, const std::map<std::string, node_sums>& before,
                                        const sample& from, const sample& now);

}  // namespace weir::control
