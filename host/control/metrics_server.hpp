#pragma once
// What a running pipeline shows to monitoring: /metrics (Prometheus text), /healthz (the process answers), /readyz (all
// subtasks run). Only started when asked for; loopback unless told otherwise.
#include "control/http_server.hpp"
#include "control/metrics.hpp"

namespace weir::control {

/// The answer to one path. [any] thread.
http_response metrics_response(metric_source& of, std::string_view path);

/// `of` and `clock` outlive the server.
base::result<std::unique_ptr<http_server>> start_metrics_server(http_options where, metric_source& of,
                                                                base::env& clock);

}  // namespace weir::control
