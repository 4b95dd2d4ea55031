#include "control/run_once.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/cat.hpp"
#include "base/file_system.hpp"
#include "base/log.hpp"
#include "control/engine.hpp"
#include "control/metrics_server.hpp"
#include "control/result_text.hpp"
#include "control/run_control.hpp"
#include "control/session.hpp"
#include "supervisor/crash_log.hpp"

namespace weir::control {
namespace {

using supervisor::ended_report;
using state = ended_report::state;

ended_report refused(exit_code code, std::optional<base::error> why = {}) {
  return {state::refused, static_cast<int>(code), "", std::move(why)};
}

// Without checkpoints there is no directory of the pipeline; two runs of it may be there at once.
std::string working_directory_of_process() {
  const char* temporary = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return base::join_path(temporary && *temporary ? temporary : "/tmp", base::cat("weir-", ::getpid()));
}

}  // namespace

ended_report run_once(const run_arguments& told, const run_surroundings& around, console& io) {
  std::optional<http_options> listen;
  if (!told.metrics_listen.empty() || !told.metrics_port.empty()) {
    auto where = parse_listen(told.metrics_listen.empty() ? told.metrics_port : told.metrics_listen);
    if (!where) return refused(exit_code::usage, std::move(where).why());
    listen = std::move(where).take();
  }
  auto plugins = open_plugins(told.pipeline.plugin_dirs);
  if (!plugins) return refused(exit_code_of(plugins.why()), plugins.why());
  const auto plan = plan_or_say(told.pipeline, *plugins, engine_host_table(), io);
  if (!plan) return refused(exit_code::config);

  auto& env = base::real_env();
  const base::logger log({.room = "control", .pipeline = plan->pipeline});
  engine_options how{around.place, told.allow_dropped_state, {}, {}};
  how.working_directory = around.place ? base::join_path(around.state_directory, "working") : working_directory_of_process();
  if (around.place) {
    auto crashes = supervisor::read_crashes(env, around.state_directory);
    if (!crashes) return refused(exit_code_of(crashes.why()), crashes.why());
    how.suspected =
        supervisor::suspected_operators(*crashes, around.place->run, env.now_us(), plan->told->restart.isolate_after);
    for (const auto& [id, records] : how.suspected)
      log.warn("the operator has crashed before: it gets its records one by one until the next checkpoint",
               {{"operator", id}, {"records_kept_from_it", records.size()}});
  }
  const auto engine = make_engine(plan, env, std::move(how));
  int last_signal = 0;
  bool ran = false;
  run_result result;
  run_control control(*engine, around.restarts, around.stopping);
  {
    const auto stops = around.listen([&](int signal, int times) {
      last_signal = signal;
      if (times == 1) {
        log.info("draining; the same signal again stops at once", {{"signal", signal}});
        engine->drain();
      } else {
        log.info("stopping at once; the same signal again ends the process", {{"signal", signal}});
        engine->stop();
      }
    });
    std::unique_ptr<control_server> door;
    if (around.place) {
      auto opened = control_server::start(around.state_directory, control);
      if (opened) {
        door = std::move(opened).take();
      } else {
        log.warn("no control socket: weir savepoint and weir stop cannot reach this run",
                 {{"why", opened.why().text()}});
      }
    }
    // Whatever happens: who waits for the end at the socket hears of it.
    const struct told_over {
      run_control& control;
      run_result& result;
      bool& ran;
      ~told_over() { control.over(ran ? result.how : run_end::failed); }
    } last{control, result, ran};
    std::unique_ptr<http_server> metrics;
    if (listen) {
      auto started = start_metrics_server(*listen, *engine, env);
      if (!started) {
        auto why = std::move(started).why().in("--metrics-listen");
        return refused(exit_code_of(why), why);
      }
      metrics = std::move(started).take();
      log.info("metrics are served", {{"address", listen->address}, {"port", metrics->port()}});
    }
    if (auto started = engine->start(); !started) {
      auto why = std::move(started).why().in("pipeline " + plan->pipeline);
      return {state::failed, static_cast<int>(exit_code_of(why)), "", why};
    }
    log.info("pipeline runs", {{"nodes", plan->nodes.size()}, {"chains", plan->chains.size()}});
    if (around.running) around.running();
    result = engine->wait();
    ran = true;
  }
  result.restarts = around.restarts;
  ended_report end;
  end.output = told.json ? result_json(plan->pipeline, result) : result_for_people(plan->pipeline, result);
  switch (result.how) {
    case run_end::finished:
      end.how = state::finished;
      break;
    case run_end::drained:
      end.how = state::drained;
      break;
    case run_end::stopped:
      end.how = state::stopped;
      end.code = 128 + last_signal;
      break;
    case run_end::failed:
      end.how = state::failed;
      break;
  }
  if (result.why) {
    end.code = static_cast<int>(exit_code_of(*result.why));
    end.why = std::move(result.why);
  }
  return end;
}

}  // namespace weir::control
