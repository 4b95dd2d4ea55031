#include "base/cat.hpp"
#include "supervisor/state_directory.hpp"

namespace weir::supervisor {
namespace {

using base::cat;

std::string cuts_of(const std::string& checkpoints, std::uint64_t run) {
  return base::join_path(checkpoints, std::to_string(run));
}

}  // namespace

base::result<start> decide_start(const std::optional<run_record>& last, std::uint64_t runs_seen,
                                 const start_request& how, const std::string& checkpoints) {
  if (how.fresh && !how.from.empty())
    return base::config_error("--fresh and --from contradict each other: give one of them");
  start s;
  s.run = std::max(runs_seen, last ? last->run : 0) + 1;
  if (!how.from.empty() && how.from != "latest") {
    s.mode = start::how::from;
    s.base = how.from;
    s.why = cat("--from ", how.from);
    return s;
  }
  if (how.from == "latest") {
    if (!last)
      return base::config_error("--from latest: this pipeline has not run here yet; leave it out to start afresh");
    s.mode = start::how::from;
    s.base = cuts_of(checkpoints, last->run);
    s.why = "--from latest: the newest cut of the last run";
    return s;
  }
  if (!last) {
    s.why = how.fresh ? "--fresh" : "it has not run here yet";
    return s;
  }
  if (how.fresh) {
    s.why = "--fresh";
    s.surprises = last->status != run_status::finished && last->status != run_status::cancelled;
    return s;
  }
  if (last->status == run_status::finished) {
    s.why = "the last run finished its input";
    return s;
  }
  if (last->status == run_status::cancelled) {
    s.why = "the last run was stopped for good: [checkpoint] on_cancel = \"delete\"";
    return s;
  }
  if (last->fingerprint != how.fingerprint) {
    s.surprises = true;
    s.why = cat("the sources' configuration is not that of the last run, which did not finish (", name_of(last->status),
                "): its state is left alone; to go on from it all the same stop and use --from latest");
    return s;
  }
  s.mode = start::how::resume;
  s.run = last->run;
  s.base = last->base;
  s.why = last->status == run_status::stopped  ? "the last run was stopped"
          : last->status == run_status::failed ? "the last run failed"
                                               : cat("the last run (process ", last->pid, ") did not end in order");
  return s;
}

}  // namespace weir::supervisor
