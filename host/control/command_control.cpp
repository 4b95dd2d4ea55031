// Commands that speak to running pipelines: savepoint, stop, ps, why-no-output.
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "base/cat.hpp"
#include "base/log_line.hpp"
#include "base/text.hpp"
#include "base/timestamp.hpp"
#include "control/commands.hpp"
#include "control/control_socket.hpp"
#include "control/found_pipeline.hpp"
#include "control/why_no_output.hpp"
#include "supervisor/os_process.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::control {
namespace {

using base::cat;
using base::join_path;
namespace os = supervisor::os;
using supervisor::run_record;

constexpr std::int64_t look_ms = 50;
constexpr std::int64_t status_ms = 2000;
constexpr std::int64_t why_ms = 20'000;  ///< it looks twice, on a machine that may be busy

/// The directory of a new savepoint: as told, or a new name below the pipeline's.
base::result<std::string> new_savepoint(const std::string& told, const found_pipeline& of) {
  if (!told.empty()) return absolute_path(told);
  return join_path(of.savepoints, cat("savepoint-", base::real_env().now_us()));
}

std::string lock_of(const std::string& state_directory) { return join_path(state_directory, "LOCK"); }

void wait_until_free(const std::string& state_directory) {
  os::signal_watch signals;
  while (os::is_locked(lock_of(state_directory)))
    if (!signals.wait(-1, look_ms).stops.empty()) return;
}

struct listed {
  std::string name, directory, status;
  std::optional<run_record> record;
  bool live = false;
  std::string answer;  ///< of a live one: JSON; empty: it does not answer
};

listed look(const std::string& name, const std::string& directory) {
  listed l{name, directory, "", std::nullopt, os::is_locked(lock_of(directory)), ""};
  auto record = supervisor::read_run_record(base::real_env(), directory);
  if (!record) {
    l.status = "damaged";
    return l;
  }
  l.record = std::move(record).take();
  if (!l.record) return l;
  l.status = supervisor::name_of(l.record->status);
  if (l.record->status != supervisor::run_status::running) return l;
  if (!l.live) {
    l.status = "crashed";
    return l;
  }
  auto answer = ask_status(directory, status_ms);
  if (answer) {
    l.answer = std::move(answer).take();
  } else {
    l.status = "restarting";
  }
  return l;
}

std::string json_of(const listed& l) {
  auto text = cat("{\"pipeline\":", base::json_string(l.name), ",\"state\":", base::json_string(l.status),
                  ",\"state_directory\":", base::json_string(l.directory));
  if (l.record)
    text += cat(",\"process\":", l.record->pid, ",\"run\":", l.record->run,
                ",\"file\":", base::json_string(l.record->file), ",\"started_at_us\":", l.record->started_at_us);
  if (!l.answer.empty()) text += cat(",\"worker\":", l.answer);
  return text + "}\n";
}

}  // namespace

exit_code savepoint_command(const savepoint_arguments& told, console& io) {
  auto made = [&]() -> base::result<std::string> {
    const auto of = WEIR_TRY(find_pipeline(told.pipeline));
    return ask_savepoint(of.state_directory, WEIR_TRY(new_savepoint(told.directory, of)));
  }();
  if (!made) return io.fail(made.why());
  io.out(*made + "\n");
  return exit_code::ok;
}

exit_code stop_command(const stop_arguments& told, console& io) {
  auto stopped = [&]() -> base::result<std::string> {
    const auto of = WEIR_TRY(find_pipeline(told.pipeline));
    const bool wants = !told.savepoint.empty();
    const auto directory = wants ? WEIR_TRY(new_savepoint(told.savepoint, of)) : std::string();
    auto answer = ask_stop(of.state_directory, directory);
    if (!answer) {
      const auto record = WEIR_TRY(supervisor::read_run_record(base::real_env(), of.state_directory));
      const bool nobody = answer.why().how == base::retry::backoff;
      const bool live = os::is_locked(lock_of(of.state_directory));
      if (!nobody || !live || wants || !record) {
        if (nobody && !live) return base::external_error(cat(told.pipeline, " does not run"), {}, base::retry::never);
        return answer;
      }
      // Between two workers only the supervisor hears us.
      os::send_signal(record->pid, SIGTERM);
    }
    wait_until_free(of.state_directory);
    return answer ? std::move(answer).take() : std::string();
  }();
  if (!stopped) return io.fail(stopped.why());
  if (!stopped->empty()) io.out(*stopped + "\n");
  return exit_code::ok;
}

exit_code why_no_output_command(const why_no_output_arguments& told, console& io) {
  auto answer = [&]() -> base::result<std::string> {
    const auto of = WEIR_TRY(find_pipeline(told.pipeline));
    auto said = ask_why_no_output(of.state_directory, why_ms);
    if (said || said.why().how != base::retry::backoff) return said;
    const auto record = WEIR_TRY(supervisor::read_run_record(base::real_env(), of.state_directory));
    if (!os::is_locked(lock_of(of.state_directory)) || !record)
      return base::external_error(cat(told.pipeline, " does not run, so it gives nothing out: see weir ps"), {},
                                  base::retry::never);
    silence between;
    between.pipeline = record->pipeline;
    silence_reason r;
    r.kind = silence_kind::not_ready;
    r.what = "its worker does not answer: it is being started or restarted, or it hangs";
    r.advice = "weir ps tells how it is; the log of weir run tells why";
    between.reasons.push_back(std::move(r));
    return json_of(between);
  }();
  if (!answer) return io.fail(answer.why());
  io.out(told.json ? *answer + "\n" : silence_for_people(*answer));
  return exit_code::ok;
}

exit_code ps_command(const ps_arguments& told, console& io) {
  auto& env = base::real_env();
  auto root = told.directory.empty() ? supervisor::state_root(os::variable) : base::result<std::string>(told.directory);
  if (!root) return io.fail(root.why());
  auto there = env.fs().exists(*root);
  if (!there) return io.fail(there.why());
  std::string out;
  if (*there) {
    auto entries = env.fs().list(*root);
    if (!entries) return io.fail(entries.why());
    for (const auto& e : *entries) {
      const auto l = look(e.name, join_path(*root, e.name));
      if (l.status.empty()) continue;
      out += told.json ? json_of(l)
                       : cat(padded(l.name, 24), padded(l.status, 10), padded(l.record ? cat(l.record->pid) : "", 8),
                             l.record ? base::print_timestamp_us(l.record->started_at_us) : "", "\n");
    }
  }
  if (!told.json && out.empty()) io.note(cat("no pipelines have run with checkpoints in ", *root));
  if (!told.json && !out.empty())
    out = cat(padded("PIPELINE", 24), padded("STATE", 10), padded("PROCESS", 8), "STARTED\n") + out;
  io.out(out);
  return exit_code::ok;
}

}  // namespace weir::control
