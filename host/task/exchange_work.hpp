#pragma once
// Other versions of nodes, made beside the ones that serve, and put in their place when a cut passes the task.
//
//   [control] prepare: create() on an instance of its own      [task] the barrier of the cut: flush, save, go on, then
//             output and errors lead nowhere yet                      the pointer changes; state, timers, counts, clock stay
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "operator/collector.hpp"
#include "operator/instance.hpp"
#include "operator/spec.hpp"
#include "task/shadow.hpp"

namespace weir::task {

/// The next instance of one node of a chain.
struct prepared_node {
  /// Where its output goes: nowhere, until it serves.
  struct relay final : op::collector {
    op::collector* to = nullptr;
    op::chain_error* failure = nullptr;
    bool collect(std::uint32_t port, const model::batch_ref& batch) override {
      if (to) return to->collect(port, batch);
      failure->set(base::plugin_error("it gave out records before it was given any"));
      return false;
    }
  };
  std::uint32_t at = 0;  ///< in the chain
  std::shared_ptr<const op::spec> what;
  op::chain_error failure;
  relay out;
  std::unique_ptr<op::instance> made;
  std::unique_ptr<prepared_node> before;  ///< of the instance that it follows, when that one was prepared too
};

/// All of one task at one cut. Made and prepared [control], carried out [task], once.
struct exchange_work {
  std::uint64_t cut = 0;
  std::vector<std::unique_ptr<prepared_node>> nodes;
  std::vector<std::unique_ptr<shadow>>
      shadows;  ///< that begin beside what serves; the state of their nodes is copied at the cut
  /// Called on the task's thread: how long the task stood still for it, us; or why it could not be done, and then the task
  /// has failed.
  std::function<void(std::int64_t pause_us)> done;
};

}  // namespace weir::task
