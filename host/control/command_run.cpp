#include <csignal>

#include "base/cat.hpp"
#include "base/log.hpp"
#include "control/engine.hpp"
#include "control/metrics_server.hpp"
#include "control/result_text.hpp"
#include "control/session.hpp"
#include "control/stop_signals.hpp"

namespace weir::control {
namespace {

using base::cat;

exit_code set_up_logging(const log_arguments& told, console& io) {
  auto level = base::parse_log_level(told.level);
  if (!level) return io.fail(level.why());
  auto format = base::parse_log_format(told.format);
  if (!format) return io.fail(format.why());
  base::log_options options;
  options.level = *level;
  options.format = *format;
  base::configure_logging(std::move(options));
  return exit_code::ok;
}

// Ends the process as the signal would without us, whatever its other threads do.
void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  std::raise(signal);
}

}  // namespace

exit_code run_pipeline_command(const run_arguments& told, console& io) {
  if (const auto code = set_up_logging(told.log, io); code != exit_code::ok) return code;
  std::optional<http_options> listen;
  if (!told.metrics_listen.empty() || !told.metrics_port.empty()) {
    auto where = parse_listen(told.metrics_listen.empty() ? told.metrics_port : told.metrics_listen);
    if (!where) {
      io.error(where.why().text());
      return exit_code::usage;
    }
    listen = std::move(where).take();
  }
  auto plugins = open_plugins(told.pipeline.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  const auto plan = plan_or_say(told.pipeline, *plugins, engine_host_table(), io);
  if (!plan) return exit_code::config;

  auto& env = base::real_env();
  const base::logger log({.room = "control", .pipeline = plan->pipeline});
  const auto engine = make_engine(plan, env);
  int last_signal = 0;
  run_result result;
  {
    const stop_signals signals([&](int signal, int times) {
      last_signal = signal;
      if (times == 1) {
        log.info("draining; the same signal again stops at once", {{"signal", signal}});
        engine->drain();
      } else if (times == 2) {
        log.info("stopping at once; the same signal again ends the process", {{"signal", signal}});
        engine->stop();
      } else {
        // A plugin that hangs must not keep the process alive against a person's will.
        log.error("ended by a third signal: a plugin did not return", {{"signal", signal}});
        end_by(signal);
      }
    });
    std::unique_ptr<http_server> metrics;
    if (listen) {
      auto started = start_metrics_server(*listen, *engine, env);
      if (!started) return io.fail(std::move(started).why().in("--metrics-listen"));
      metrics = std::move(started).take();
      log.info("metrics are served", {{"address", listen->address}, {"port", metrics->port()}});
    }
    if (auto started = engine->start(); !started)
      return io.fail(std::move(started).why().in("pipeline " + plan->pipeline));
    log.info("pipeline runs", {{"nodes", plan->nodes.size()}, {"chains", plan->chains.size()}});
    result = engine->wait();
  }
  io.out(told.json ? result_json(plan->pipeline, result) : result_for_people(plan->pipeline, result));
  if (result.why) return io.fail(*result.why);
  if (result.how == run_end::stopped) return static_cast<exit_code>(128 + last_signal);
  return exit_code::ok;
}

}  // namespace weir::control
