#include "control/metrics_server.hpp"

namespace weir::control {

http_response metrics_response(metric_source& of, std::string_view path) {
  if (path == "/metrics") return {200, "text/plain; version=0.0.4; charset=utf-8", prometheus_text(of.snapshot())};
  if (path == "/healthz") return {200, "text/plain; charset=utf-8", "ok\n"};
  if (path == "/readyz") {
    if (auto why = of.not_ready_because()) return {503, "text/plain; charset=utf-8", *why + "\n"};
    return {200, "text/plain; charset=utf-8", "ready\n"};
  }
  return {404, "text/plain; charset=utf-8", "try /metrics, /healthz or /readyz\n"};
}

base::result<std::unique_ptr<http_server>> start_metrics_server(http_options where, metric_source& of,
                                                                base::env& clock) {
  return http_server::start(
      std::move(where), [&of](std::string_view path) { return metrics_response(of, path); }, clock);
}

}  // namespace weir::control
