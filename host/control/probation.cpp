#include "control/probation.hpp"

#include <cstdio>

#include "base/cat.hpp"

namespace weir::control {
namespace {

using base::cat;

/// Below so many records a part of them says nothing.
constexpr std::uint64_t enough_records = 1000;
/// A version that is so slow that it does not come that far is seen by the time it took.
constexpr std::int64_t enough_busy_ns = 500'000'000;

std::string rounded(double x) {
  char room[32];
  std::snprintf(room, sizeof room, "%.3g", x);
  return room;
}

double part(std::uint64_t of, std::uint64_t all) { return static_cast<double>(of) / static_cast<double>(all); }

std::optional<std::string> broken_by(const config::swap& bounds, const std::string& id, const node_sums& before,
                                     const node_sums& now) {
  if (now.records_in == 0) return std::nullopt;
  if (bounds.max_error_ratio && now.records_in >= enough_records) {
    const double errors = part(now.errors, now.records_in);
    if (errors > *bounds.max_error_ratio)
      return cat(id, " could not process ", rounded(errors * 100), " % of its records (swap.max_error_ratio allows ",
                 rounded(*bounds.max_error_ratio * 100), " %)");
  }
  if (before.records_in < enough_records) return std::nullopt;
  if (bounds.max_slowdown && before.busy_ns > 0 &&
      (now.records_in >= enough_records || now.busy_ns >= enough_busy_ns)) {
    const double was = static_cast<double>(before.busy_ns) / static_cast<double>(before.records_in);
    const double is = static_cast<double>(now.busy_ns) / static_cast<double>(now.records_in);
    if (is > was * *bounds.max_slowdown)
      return cat(id, " is ", rounded(is / was), " times slower than before (swap.max_slowdown allows ",
                 rounded(*bounds.max_slowdown), ")");
  }
  if (bounds.min_output_ratio && before.records_out > 0 && now.records_in >= enough_records) {
    const double was = part(before.records_out, before.records_in), is = part(now.records_out, now.records_in);
    if (is < was * *bounds.min_output_ratio)
      return cat(id, " gives out ", rounded(is), " rows for a record, before it were ", rounded(was),
                 " (swap.min_output_ratio wants ", rounded(*bounds.min_output_ratio), " of that)");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> broken_bound(const config::swap& bounds, const std::map<std::string, node_sums>& before,
                                        const sample& from, const sample& now) {
  const auto since = [&](const std::string& id) -> std::optional<node_sums> {
    const auto a = from.nodes.find(id), b = now.nodes.find(id);
    if (b == now.nodes.end()) return std::nullopt;
    return a == from.nodes.end() ? b->second : b->second - a->second;
  };
  for (const std::string& id : bounds.invariants)
    if (const auto rows = since(id); rows && rows->records_out > 0)
      return cat("the invariant ", id, " gave out ", rows->records_out, rows->records_out == 1 ? " row" : " rows",
                 " (swap.invariant)");
  if (bounds.max_memory_growth && now.rss_bytes > from.rss_bytes + *bounds.max_memory_growth)
    return cat("the process uses ", (now.rss_bytes - from.rss_bytes) >> 20,
               " MiB more memory than before (swap.max_memory_growth allows ", *bounds.max_memory_growth >> 20,
               " MiB)");
  for (const auto& [id, was] : before)
    if (const auto is = since(id))
      if (auto why = broken_by(bounds, id, was, *is)) return why;
  return std::nullopt;
}

}  // namespace weir::control
