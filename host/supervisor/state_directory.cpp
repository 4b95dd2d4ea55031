#include "supervisor/state_directory.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "config/value.hpp"

namespace weir::supervisor {
namespace {

using base::cat;
using base::join_path;

std::string checkpoints_of(const std::string& state_directory) { return join_path(state_directory, "checkpoints"); }

/// The same whatever the order of the keys in the file.
config::value sorted(config::value v) {
  for (auto& item : v.items) item = sorted(std::move(item));
  for (auto& m : v.members) m.item = sorted(std::move(m.item));
  std::sort(v.members.begin(), v.members.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return v;
}

/// The number that a directory's name is; 0: it is none.
std::uint64_t run_number(const base::directory_entry& e) {
  if (e.kind != base::file_kind::directory) return 0;
  auto n = base::parse_uint64(e.name);
  return n ? *n : 0;
}

}  // namespace

base::result<std::string> state_root(const variables& variable) {
  if (auto told = variable("WEIR_STATE_DIR"); !told.empty()) return told;
  if (auto xdg = variable("XDG_STATE_HOME"); xdg.starts_with('/')) return join_path(xdg, "weir");
  if (auto home = variable("HOME"); home.starts_with('/')) return join_path(home, ".local/state/weir");
  return base::config_error(
      "no place for the pipeline's state: set [state] directory in the pipeline, or the variable WEIR_STATE_DIR or "
      "HOME");
}

base::result<std::string> state_directory_of(const config::pipeline& what, const variables& variable) {
  constexpr std::string_view file_scheme = "file://";
  if (const std::string& url = what.checkpoint.storage; !url.empty()) {
    if (!url.starts_with(file_scheme) || url.size() == file_scheme.size() || url[file_scheme.size()] != '/')
      return base::config_error(
          cat("checkpoint storage ", base::quoted(url), " is not supported: write file:///path/of/a/directory"));
    return url.substr(file_scheme.size());
  }
  if (!what.state.directory.empty()) return join_path(what.state.directory, what.name);
  return join_path(WEIR_TRY(state_root(variable)), what.name);
}

std::string fingerprint_of_sources(const config::pipeline& what) {
  std::string all;
  for (const config::node& n : what.nodes) {
    if (n.kind != config::node_kind::source) continue;
    all += cat(n.id, '\n', n.uses.text(), '\n', config::print_json(sorted(n.config)), '\n');
    if (n.format) all += cat(n.format->uses.text(), '\n', config::print_json(sorted(n.format->config)), '\n');
  }
  return base::to_hex(base::sha256_of(all));
}

state_directory::state_directory(base::env& env, std::string path, std::string pipeline, os::directory_lock lock)
    : env_(env), path_(std::move(path)), pipeline_(std::move(pipeline)), lock_(std::move(lock)) {}

base::result<std::unique_ptr<state_directory>> state_directory::open(base::env& env, const std::string& told,
                                                                     const std::string& pipeline) {
  auto opened = [&]() -> base::result<std::unique_ptr<state_directory>> {
    WEIR_TRY(env.fs().make_directories(told, 0700));
    const std::string path = WEIR_TRY(os::real_path(told));
    auto lock = WEIR_TRY(os::directory_lock::take(join_path(path, "LOCK")));
    std::unique_ptr<state_directory> made(new state_directory(env, path, pipeline, std::move(lock)));
    auto last = read_run_record(env, path);
    if (last) {
      made->last_ = std::move(last).take();
    } else {
      made->unreadable_ = std::move(last).why();
    }
    if (made->last_ && made->last_->pipeline != pipeline)
      return base::config_error(cat("it holds the state of pipeline ", base::quoted(made->last_->pipeline), ", not of ",
                                    base::quoted(pipeline), ": give each pipeline a directory of its own"));
    return made;
  }();
  if (!opened) return std::move(opened).why().in("state directory " + told);
  return opened;
}

base::result<std::uint64_t> state_directory::highest_run() const {
  const std::string checkpoints = checkpoints_of(path_);
  std::uint64_t highest = 0;
  if (!WEIR_TRY(env_.fs().exists(checkpoints))) return highest;
  for (const auto& e : WEIR_TRY(env_.fs().list(checkpoints))) highest = std::max(highest, run_number(e));
  return highest;
}

base::result<start> state_directory::begin(const start_request& how) {
  const bool needs_last = !how.fresh && (how.from.empty() || how.from == "latest");
  if (unreadable_ && needs_last) return *unreadable_;
  const std::uint64_t highest = WEIR_TRY(highest_run());
  auto decided = WEIR_TRY(decide_start(last_, highest, how, checkpoints_of(path_)));
  if (decided.mode == start::how::from) {
    if (!WEIR_TRY(env_.fs().exists(decided.base)))
      return base::config_error(cat("there is nothing at ", decided.base,
                                    ": --from takes the directory of a checkpoint "
                                    "or a savepoint, or `latest`"));
    decided.base = WEIR_TRY(os::real_path(decided.base));  // a restart may come from another working directory
  }
  now_ = {};
  now_.pipeline = pipeline_;
  now_.file = how.file;
  now_.run = decided.run;
  // A record that cannot be read may have had any generation: go past what a count could have reached.
  now_.generation = unreadable_ ? static_cast<std::uint64_t>(env_.now_us()) : last_ ? last_->generation : 0;
  now_.pid = os::process_id();
  now_.started_at_us = env_.now_us();
  now_.fingerprint = how.fingerprint;
  now_.base = decided.base;
  WEIR_TRY(env_.fs().make_directories(join_path(checkpoints_of(path_), std::to_string(now_.run)), 0700));
  ++now_.generation;
  WEIR_TRY(write_run_record(env_, path_, now_));
  base::fault_point("run.begun");
  remove_old_runs();
  return decided;
}

/// Keeps this run's cuts, those it began with, and those of the run before it, which are the way back.
void state_directory::remove_old_runs() const {
  const std::string checkpoints = checkpoints_of(path_);
  auto entries = env_.fs().list(checkpoints);
  if (!entries) return;
  std::uint64_t before = 0;
  for (const auto& e : *entries)
    if (run_number(e) < now_.run) before = std::max(before, run_number(e));
  for (const auto& e : *entries) {
    const std::uint64_t n = run_number(e);
    const std::string path = join_path(checkpoints, e.name);
    if (n == 0 || n == now_.run || n == before || now_.base == path || now_.base.starts_with(path + "/")) continue;
    if (auto done = env_.fs().remove_tree(path); !done)
      base::logger({.room = "supervisor", .pipeline = pipeline_})
          .warn("the cuts of an old run cannot be removed", {{"directory", path}, {"why", done.why().text()}});
  }
}

base::result<worker_place> state_directory::next_worker() {
  // The lock should keep others out; a file system or a person that breaks locks must not make two writers.
  WEIR_TRY(lease(env_, path_, now_.generation).still_mine());
  run_record next = now_;
  ++next.generation;
  base::fault_point("run.before_worker");
  WEIR_TRY(write_run_record(env_, path_, next));  // failed: nobody has been told, and it may be tried again
  now_ = std::move(next);
  base::fault_point("run.worker_noted");
  return place_of_worker(env_, path_, now_.generation);
}

base::result<void> state_directory::end(run_status how) {
  WEIR_TRY(lease(env_, path_, now_.generation).still_mine());
  now_.status = how;
  base::fault_point("run.before_end");
  // The record first: a crash between the two leaves cuts that nobody uses, not a run that would go on without them.
  WEIR_TRY(write_run_record(env_, path_, now_));
  if (how != run_status::cancelled) return {};
  const std::string cuts = join_path(checkpoints_of(path_), std::to_string(now_.run));
  if (auto done = env_.fs().remove_tree(cuts); !done)
    base::logger({.room = "supervisor", .pipeline = pipeline_})
        .warn("the cuts of the cancelled run cannot be removed", {{"directory", cuts}, {"why", done.why().text()}});
  return {};
}

base::result<worker_place> place_of_worker(base::env& env, const std::string& state_directory,
                                           std::uint64_t generation) {
  lease right(env, state_directory, generation);
  WEIR_TRY(right.still_mine());
  const auto record = WEIR_TRY(read_run_record(env, state_directory));
  return worker_place{join_path(checkpoints_of(state_directory), std::to_string(record->run)), record->base,
                      std::move(right), record->run};
}

}  // namespace weir::supervisor
