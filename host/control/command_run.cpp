// `weir run`: the supervisor, the worker that it starts, and the run without a supervisor.
#include "base/cat.hpp"
#include "base/log.hpp"
#include "config/load.hpp"
#include "control/run_once.hpp"
#include "control/stop_signals.hpp"
#include "supervisor/os_process.hpp"
#include "supervisor/supervise.hpp"
#include "supervisor/worker_link.hpp"

namespace weir::control {
namespace {

using base::cat;
namespace os = supervisor::os;

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

/// The pipeline file's own part, without its plugins: what a supervisor needs, who must not load what may crash it.
struct read_pipeline {
  std::string text;
  config::pipeline pipeline;
};
std::optional<read_pipeline> read_or_say(const run_arguments& told, console& io) {
  auto& env = base::real_env();
  const std::string& file = told.pipeline.files.front();
  config::load_options options;
  options.sets = told.pipeline.set;
  auto text = env.fs().read_whole(file, config::max_file_bytes + 1);
  // What cannot be read is told the same way as what cannot be parsed.
  auto loaded =
      text ? config::load_pipeline_text(env, file, *text, options) : config::load_pipeline(env, file, options);
  if (!loaded.pipeline || !text) {
    io.note(loaded.problems.text());
    return std::nullopt;
  }
  return read_pipeline{std::move(text).take(), std::move(*loaded.pipeline)};
}

/// Opens the state directory and says how the run begins; null: the pipeline has no checkpoints.
base::result<std::unique_ptr<supervisor::state_directory>> begin(const run_arguments& told,
                                                                 const config::pipeline& pipeline) {
  if (!pipeline.checkpoint.enabled) {
    if (!told.fresh && told.from.empty()) return std::unique_ptr<supervisor::state_directory>();
    return base::config_error(
        "--fresh and --from are about checkpoints, and the pipeline takes none: add a [checkpoint] "
        "table, or --set checkpoint.interval=10s");
  }
  const auto path = WEIR_TRY(supervisor::state_directory_of(pipeline, os::variable));
  auto state = WEIR_TRY(supervisor::state_directory::open(base::real_env(), path, pipeline.name));
  const auto how = WEIR_TRY(
      state->begin({told.pipeline.files.front(), supervisor::fingerprint_of_sources(pipeline), told.fresh, told.from}));
  const base::logger log({.room = "supervisor", .pipeline = pipeline.name});
  using mode = supervisor::start::how;
  log.log(how.surprises ? base::log_level::warn : base::log_level::info,
          how.mode == mode::afresh   ? "the run starts afresh"
          : how.mode == mode::resume ? "the run goes on where the last one was"
                                     : "the run starts from a cut",
          {{"why", how.why}, {"state_directory", state->path()}, {"run", how.run}, {"base", how.base}});
  return state;
}

exit_code say(const supervisor::ended_report& end, console& io) {
  io.out(end.output);
  if (end.why) io.error(end.why->text());
  return static_cast<exit_code>(end.code);
}

exit_code be_worker(const run_arguments& told, console& io) {
  auto orders = supervisor::parse_worker_orders(told.worker);
  if (!orders) return io.fail(orders.why());
  auto& env = base::real_env();
  run_arguments mine = told;
  auto text = env.fs().read_whole(cat("/proc/self/fd/", orders->pipeline), config::max_file_bytes + 1);
  if (!text) return io.fail(text.why());
  mine.pipeline.text = std::move(text).take();
  config::load_options options;
  options.sets = told.pipeline.set;
  const auto loaded = config::load_pipeline_text(env, told.pipeline.files.front(), *mine.pipeline.text, options);
  supervisor::worker_link link(env, *orders, loaded.pipeline ? loaded.pipeline->limits.hang_timeout_us : 0);
  run_surroundings around;
  around.restarts = orders->attempt - 1;
  around.running = [&] { link.running(); };
  around.stopping = [&] { link.stopping(); };
  around.listen = [&](run_surroundings::stop_handler what) {
    link.listen(std::move(what));
    return std::shared_ptr<void>();
  };
  supervisor::ended_report end;
  if (!orders->state_directory.empty()) {
    auto place = supervisor::place_of_worker(env, orders->state_directory, orders->generation);
    if (!place) {
      link.ended(
          {supervisor::ended_report::state::refused, static_cast<int>(exit_code_of(place.why())), "", place.why()});
      return exit_code_of(place.why());
    }
    around.place = std::move(place).take();
    around.state_directory = orders->state_directory;
  }
  end = run_once(mine, around, io);
  io.flush();
  link.ended(end);
  return static_cast<exit_code>(end.code);
}

exit_code run_alone(const run_arguments& told, console& io) {
  auto read = read_or_say(told, io);
  if (!read) return exit_code::config;
  auto state = begin(told, read->pipeline);
  if (!state) return io.fail(state.why());
  run_arguments mine = told;
  mine.pipeline.text = std::move(read->text);
  run_surroundings around;
  around.listen = [](run_surroundings::stop_handler what) {
    return std::make_shared<stop_signals>([what = std::move(what)](int signal, int times) {
      // A plugin that hangs must not keep the process alive against a person's will.
      if (times > 2) os::end_by_signal(signal);
      what(signal, times);
    });
  };
  if (*state) {
    auto place = (*state)->next_worker();
    if (!place) return io.fail(place.why());
    around.place = std::move(place).take();
    around.state_directory = (*state)->path();
  }
  const auto end = run_once(mine, around, io);
  if (*state) {
    using how = supervisor::ended_report::state;
    using supervisor::run_status;
    auto kept = (*state)->end(end.how == how::finished                             ? run_status::finished
                              : end.how == how::cancelled                          ? run_status::cancelled
                              : end.how == how::drained || end.how == how::stopped ? run_status::stopped
                                                                                   : run_status::failed);
    if (!kept) io.error(kept.why().text());
  }
  return say(end, io);
}

exit_code supervise(const run_arguments& told, console& io) {
  auto read = read_or_say(told, io);
  if (!read) return exit_code::config;
  auto state = begin(told, read->pipeline);
  if (!state) return io.fail(state.why());
  supervisor::supervised_run what;
  what.command = told.command;
  what.pipeline = read->pipeline.name;
  what.text = std::move(read->text);
  what.restart = read->pipeline.restart;
  what.hang_timeout_us = read->pipeline.limits.hang_timeout_us;
  what.state = state->get();
  const auto end = supervisor::supervise(what, base::real_env());
  io.out(end.output);
  if (!end.why.empty()) io.error(end.why);
  return static_cast<exit_code>(end.code);
}

}  // namespace

exit_code run_pipeline_command(const run_arguments& told, console& io) {
  if (const auto code = set_up_logging(told.log, io); code != exit_code::ok) return code;
  if (!told.worker.empty()) return be_worker(told, io);
  return told.no_supervisor ? run_alone(told, io) : supervise(told, io);
}

}  // namespace weir::control
