#include "supervisor/lease.hpp"

#include "base/cat.hpp"
#include "supervisor/run_record.hpp"

namespace weir::supervisor {

lease::lease(base::env& env, std::string state_directory, std::uint64_t generation)
    : env_(&env), state_directory_(std::move(state_directory)), generation_(generation) {}

base::result<void> lease::still_mine() const {
  const auto now = WEIR_TRY(read_run_record(*env_, state_directory_));
  const std::string path = run_record_path(state_directory_);
  if (!now)
    return base::external_error(
        base::cat(path, " is gone: this worker cannot know whether it may still write, and ends"), {},
        base::retry::never);
  if (now->generation != generation_)
    return base::external_error(
        base::cat("worker ", now->generation, " (process ", now->pid, ") has taken over from this one, worker ",
                  generation_, ": it writes nothing more and ends"),
        path, base::retry::never);
  return {};
}

}  // namespace weir::supervisor
