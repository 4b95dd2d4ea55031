#pragma once
// The running pipeline as its control socket sees it.
#include <condition_variable>
#include <functional>
#include <mutex>

#include "control/control_socket.hpp"
#include "control/engine.hpp"
#include "control/pipeline_change.hpp"

namespace weir::control {

class run_control final : public controlled {
 public:
  /// `of` outlives this; `stopping` is called when a stop is asked for, before it has any effect.
  /// `changes` null: the pipeline cannot be changed while it runs (it has no checkpoints).
  run_control(engine& of, std::uint64_t restarts, std::function<void()> stopping, change_maker* changes);

  std::string status() override;
  std::string why_no_output() override;
  base::result<void> savepoint(const std::string& directory) override;
  base::result<void> view(const std::string& directory) override;
  base::result<std::string> change(const change_wish& what) override;
  base::result<std::string> shadow(const std::string& what, const shadow_wish& wish) override;
  base::result<void> stop(const std::string& savepoint) override;

  /// [control] The run has ended: makes the savepoint that a stop asked for, and lets all stops return. Once, before
  /// the server goes.
  void over(run_end how);
  /// Whether a stop has asked for a savepoint: the run is to go on from it, also when it could not be made.
  bool savepoint_wanted() const;

 private:
  base::result<void> wait_for_savepoint(job::savepoint_wish what);

  engine& of_;
  const std::uint64_t restarts_;
  const std::function<void()> stopping_;
  change_maker* const changes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;                          // too late for wishes; guarded by mutex_
  bool over_ = false;                            // guarded by mutex_
  std::string wanted_;                           // a stop's savepoint; guarded by mutex_
  base::result<void> ended_, savepoint_at_end_;  // once over_
};

}  // namespace weir::control
