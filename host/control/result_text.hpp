#pragma once
// The result of a run, for machines and for people.
#include <string>

#include "control/engine.hpp"

namespace weir::control {

/// One line: {"pipeline":..., "state":"finished", "records_in":N, "records_out":N, "late":N, "dead_letters":N,
/// "skipped":N, "wall_seconds":S, "cpu_seconds":S, "rss_bytes":N, "restarts":N, "sinks":{id:{"rows":N, figure:"decimal
/// string",
/// ...}}, "error":...} The keys are a promise; more may come.
std::string result_json(const std::string& pipeline, const run_result& of);

std::string result_for_people(const std::string& pipeline, const run_result& of);

}  // namespace weir::control
