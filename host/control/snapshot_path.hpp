#pragma once
// What people name when they want to look at a cut.
#include <memory>
#include <string>

#include "base/result.hpp"
#include "checkpoint/snapshot.hpp"
#include "control/console.hpp"

namespace weir::control {

/// The path of a savepoint, a manifest or a checkpoint directory: as told; or, of a state directory, a pipeline's file
/// or a pipeline's name, the directory of the newest cuts of its newest run. Nothing is locked: the pipeline may run.
base::result<std::string> cuts_path(const std::string& told);

/// A cut that is looked at. Of a running pipeline: one that was made for this look; its files go with this object.
class opened_cut {
 public:
  /// told: as for cuts_path. The state of a pipeline that runs is that of now: it makes a cut. When it cannot within
  /// some seconds, when it is not running, or with `newest_checkpoint`, it is that of its newest cut.
  static base::result<opened_cut> open(const std::string& told, bool newest_checkpoint, console& io);
  const checkpoint::snapshot& operator*() const { return cut_; }
  const checkpoint::snapshot* operator->() const { return &cut_; }

 private:
  opened_cut(checkpoint::snapshot cut, std::shared_ptr<void> files) : files_(std::move(files)), cut_(std::move(cut)) {}
  std::shared_ptr<void> files_;  // removes them; null: they are not ours
  checkpoint::snapshot cut_;
};

}  // namespace weir::control
