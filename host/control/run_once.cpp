#include "control/run_once.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/cat.hpp"
#include "base/file_system.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "checkpoint/snapshot.hpp"
#include "control/engine.hpp"
#include "control/found_pipeline.hpp"
#include "control/metrics_server.hpp"
#include "control/pipeline_change.hpp"
#include "control/result_text.hpp"
#include "control/run_control.hpp"
#include "control/session.hpp"
#include "control/watched_file.hpp"
#include "supervisor/crash_log.hpp"

namespace weir::control {
namespace {

using supervisor::ended_report;
using end_state = ended_report::state;

ended_report refused(exit_code code, std::optional<base::error> why = {}) {
  return {end_state::refused, static_cast<int>(code), "", std::move(why)};
}

// Without checkpoints there is no directory of the pipeline; two runs of it may be there at once.
std::string working_directory_of_process() {
  const char* temporary = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return base::join_path(temporary && *temporary ? temporary : "/tmp", base::cat("weir-", ::getpid()));
}

/// Whether it came, by changes while it ran, of what a person gives now.
bool comes_of(base::env& env, const std::string& state_directory, supervisor::definition what,
              const std::string& origin) {
  for (;;) {
    if (what.origin == origin) return true;
    if (what.from == 0 || what.from >= what.number) return false;
    auto before = supervisor::read_definition(env, state_directory, what.from);
    if (!before || !*before) return false;
    what = std::move(**before);
  }
}

/// What made the newest cut, unless a person has come with another file since: then that. A worker that follows another one
/// of the same run is given the file as it was when the run began: an edit that was applied meanwhile holds.
base::result<supervisor::definition> definition_to_run(base::env& env, const run_surroundings& around,
                                                       const pipeline_arguments& told) {
  const base::logger log({.room = "control"});
  supervisor::definition given;
  given.file = told.files.front();
  given.text = told.text.value_or("");
  given.sets = told.set;
  given.given = told.set.size();
  given.origin = supervisor::origin_of(given.text, given.sets);
  std::uint64_t number = 0;
  if (const auto newest = WEIR_TRY(checkpoint::newest_manifest(env, around.place->checkpoints))) {
    const auto fact = newest->facts.find(supervisor::definition_fact);
    const auto n =
        fact == newest->facts.end() ? base::result<std::uint64_t>(std::uint64_t{0}) : base::parse_uint64(fact->second);
    number = n ? *n : 0;
  }
  if (number > 0) {
    auto made_it = WEIR_TRY(supervisor::read_definition(env, around.state_directory, number));
    if (made_it && (made_it->origin == given.origin ||
                    (around.restarts > 0 && comes_of(env, around.state_directory, *made_it, given.origin)))) {
      if (made_it->from > 0)
        log.warn(
            "the pipeline was changed while it ran, and goes on as it was changed: edit the file to have it otherwise",
            {{"definition", number}, {"file", made_it->file}});
      return std::move(*made_it);
    }
  }
  // The same file as before, which has no cut yet.
  const std::uint64_t last = WEIR_TRY(supervisor::newest_definition(env, around.state_directory));
  if (number == 0 && last > 0) {
    auto there = supervisor::read_definition(env, around.state_directory, last);
    if (there && *there && (*there)->origin == given.origin && (*there)->from == 0) return std::move(**there);
  }
  WEIR_TRY(supervisor::add_definition(env, around.state_directory, given));
  return given;
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
  auto& env = base::real_env();
  supervisor::definition definition;
  std::optional<change_maker> changes;
  if (around.place) {
    auto found = definition_to_run(env, around, told.pipeline);
    if (!found) return refused(exit_code_of(found.why()), found.why());
    definition = std::move(found).take();
    changes.emplace(env, *plugins, around.state_directory, told.pipeline);
  }
  pipeline_arguments as_defined = told.pipeline;
  if (around.place) {
    as_defined.files = {definition.file};
    as_defined.text = definition.text;
    as_defined.set = definition.sets;
  }
  std::optional<std::string> watched_path;
  if (told.watch) {
    if (!around.place)
      return refused(
          exit_code::config,
          base::config_error("--watch: a pipeline without checkpoints cannot be changed while it runs: give it a "
                             "[checkpoint] table"));
    auto path = absolute_path(told.pipeline.files.front());
    if (!path) return refused(exit_code_of(path.why()), path.why());
    watched_path = std::move(path).take();
  }
  const auto plan = plan_or_say(as_defined, *plugins, engine_host_table(), io);
  if (!plan) return refused(exit_code::config);

  const base::logger log({.room = "control", .pipeline = plan->pipeline});
  engine_options how{around.place, told.allow_dropped_state, {}, {}, around.state_directory, definition, {}};
  how.working_directory =
      around.place ? base::join_path(around.state_directory, "working") : working_directory_of_process();
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
  run_control control(*engine, around.restarts, around.stopping, changes ? &*changes : nullptr);
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
      return {end_state::failed, static_cast<int>(exit_code_of(why)), "", why};
    }
    log.info("pipeline runs", {{"nodes", plan->nodes.size()}, {"chains", plan->chains.size()}});
    if (around.running) around.running();
    std::optional<watched_file> watched;
    if (told.watch) watched.emplace(env, control, plan->pipeline, *watched_path, definition.text, told.pipeline.set);
    result = engine->wait();
    ran = true;
  }
  result.restarts = around.restarts;
  ended_report end;
  end.output = told.json ? result_json(plan->pipeline, result) : result_for_people(plan->pipeline, result);
  switch (result.how) {
    case run_end::finished:
      end.how = end_state::finished;
      break;
    case run_end::drained:
      // A person, or a service manager, has stopped it, and it has handed on all it had.
      end.how = around.place && !plan->told->checkpoint.retain_on_cancel && !control.savepoint_wanted()
                    ? end_state::cancelled
                    : end_state::drained;
      break;
    case run_end::stopped:
      end.how = end_state::stopped;
      end.code = 128 + last_signal;
      break;
    case run_end::failed:
      end.how = end_state::failed;
      break;
  }
  if (result.why) {
    end.code = static_cast<int>(exit_code_of(*result.why));
    end.why = std::move(result.why);
  }
  return end;
}

}  // namespace weir::control
