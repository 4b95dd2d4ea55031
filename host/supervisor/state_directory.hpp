#pragma once
// The state directory of one pipeline: who may write there, and where a run begins.
//
//   LOCK             held (flock) by the one process tree that writes
//   run.json         status, writer, where it began: run_record.hpp
//   checkpoints/N/   cuts of the Nth run that started afresh; a resumed run goes on in its own
//   control.sock     while it runs
//   crashes.jsonl    what is known of workers that died
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/pipeline.hpp"
#include "supervisor/lease.hpp"
#include "supervisor/os.hpp"
#include "supervisor/run_record.hpp"

namespace weir::supervisor {

/// Gives an environment variable, empty when not set.
using variables = std::function<std::string(const char*)>;

/// Where states are when a pipeline does not say so itself: $WEIR_STATE_DIR, else $XDG_STATE_HOME/weir, else
/// ~/.local/state/weir.
base::result<std::string> state_root(const variables& variable);
/// The state directory of a pipeline: [checkpoint] storage when given (file:///path), else its name below [state]
/// directory, else below state_root().
base::result<std::string> state_directory_of(const config::pipeline& what, const variables& variable);
/// Says whether it is still the same input: a digest of the sources' ids, components, formats and options. Secrets
/// count by their reference, not by what it resolves to.
std::string fingerprint_of_sources(const config::pipeline& what);

/// How a person wants the run to begin.
struct start_request {
  std::string file;         ///< of the pipeline
  std::string fingerprint;  ///< of its sources' configuration
  bool fresh = false;       ///< --fresh
  std::string from;         ///< --from: "latest", or a cut's directory; empty: not given
};

/// Where a run begins.
struct start {
  enum class how : std::uint8_t {
    afresh,  ///< with nothing
    resume,  ///< where the last run was
    from,    ///< at a cut that a person named
  };
  start::how mode = how::afresh;
  std::uint64_t run = 0;
  std::string base;        ///< as run_record::base
  std::string why;         ///< for the log: one sentence
  bool surprises = false;  ///< worth a warning: state that is there is not used
};

/// The rules, without any file. `last`: run.json as it was found; `runs_seen`: the highest number below checkpoints/.
base::result<start> decide_start(const std::optional<run_record>& last, std::uint64_t runs_seen,
                                 const start_request& how, const std::string& checkpoints);

/// What a worker needs to know of the state directory.
struct worker_place {
  /// Directory of this run's cuts; made. Restore its newest complete cut; when it has none:
  std::string checkpoints;
  /// this cut, or the newest of this directory of cuts; when empty start with nothing.
  std::string base;
  lease right;
  std::uint64_t run = 0;
};

/// Held by the supervisor, or by the run itself when it has none. Control thread.
class state_directory {
 public:
  /// Makes the directory (0700) and takes the lock. An error names the process that has it.
  static base::result<std::unique_ptr<state_directory>> open(base::env& env, const std::string& path,
                                                             const std::string& pipeline);

  const std::string& path() const { return path_; }
  /// run.json as open() found it.
  const std::optional<run_record>& last() const { return last_; }

  std::uint64_t run() const { return now_.run; }  ///< after begin()

  /// Decides where the run begins and writes it down. Once, before the first worker.
  base::result<start> begin(const start_request& how);
  /// A new worker, fencing the one before it. After begin().
  base::result<worker_place> next_worker();
  /// How the run ended. cancelled: its cuts are removed; savepoints are not.
  base::result<void> end(run_status how);

  /// The lock's descriptor: a worker inherits it, so that the directory is free only when it is gone too.
  int lock_descriptor() const { return lock_.descriptor(); }

 private:
  state_directory(base::env& env, std::string path, std::string pipeline, os::directory_lock lock);
  base::result<std::uint64_t> highest_run() const;
  void remove_old_runs() const;

  base::env& env_;
  std::string path_, pipeline_;
  os::directory_lock lock_;
  std::optional<run_record> last_;
  std::optional<base::error> unreadable_;  ///< why last_ is not known though run.json is there
  run_record now_;
};

/// The place of a worker whose directory and generation are known: what a worker process makes of what it is told.
base::result<worker_place> place_of_worker(base::env& env, const std::string& state_directory,
                                           std::uint64_t generation);

}  // namespace weir::supervisor
