#pragma once
// Another version of an operator that serves a share of the keys, in the same task and on the same keyed state.
//
//   batch ──> divided by key group ──┬── the rest  ──> instance that served before ──┬──> output of the node
//   timers that are due ─────────────┤                                               │
//                                    └── the share ──> instance of the new version ──┘
//   watermark, ends, flush ──> both, the old one first
//
// An operator without keys is given whole batches in turn, by the share of their rows.
#include <cstdint>
#include <memory>
#include <vector>

#include "base/env.hpp"
#include "model/group_share.hpp"
#include "operator/counters.hpp"
#include "operator/instance.hpp"
#include "task/canary_report.hpp"
#include "task/exchange_work.hpp"
#include "task/state_part.hpp"

namespace weir::task {

/// Rows of a batch that one of the versions is given.
struct divided_rows {
  bool is_new;
  model::batch_ref rows;
};
/// Divides a batch that has key hashes. in_order: pieces in the order of the rows, so that who handles them one after the
/// other gives out what one instance would; else at most one piece for each, the old version's first.
void divide(const model::batch_ref& batch, const model::group_part& is_new, bool in_order,
            std::vector<divided_rows>& out);

/// Of one node in one subtask. [task]
class canary {
 public:
  struct place {
    op::instance& serving;  ///< outlives it; uses the state again when this ends
    keyed_state* state;     ///< of the node; null: it has none
    op::counters& counts;   ///< of the node: what both have done
    base::env& env;
    std::uint32_t subtask;
    bool in_order;  ///< the pipeline is deterministic
  };
  /// next: made with the node's counters, its output goes where the node's goes. Both stand at the same time.
  /// last: made as next, from the same; null: next keeps nothing beside the keyed state, and takes over itself.
  canary(std::unique_ptr<prepared_node> next, std::unique_ptr<prepared_node> last, place at,
         std::shared_ptr<canary_report> report);
  ~canary();
  canary(const canary&) = delete;
  canary& operator=(const canary&) = delete;

  /// At a cut: so much the new version serves from now on, 0 to 1; not less than before.
  void serve(double part);
  /// The instance that served the share; of no more use after it.
  std::unique_ptr<prepared_node> take();
  std::unique_ptr<prepared_node> take_last() { return std::move(last_); }
  op::instance& serving_share() { return *next_->made; }

  // The calls of one instance, for both. False: the chain has failed.
  bool process(std::uint32_t port, const model::batch_ref& batch);
  bool advance(std::int64_t watermark_us);
  bool fire_processing_timers(std::int64_t now_us) { return fire(WEIR_TIMER_PROCESSING_TIME, now_us); }
  bool end_of_port(std::uint32_t port);
  bool flush();

 private:
  bool fire(std::uint32_t time_kind, std::int64_t until_us);
  bool is_next(std::int64_t rows);
  /// Around each call: what it did is counted for the version that did it.
  template <class What>
  bool call(bool is_new, bool rows, What&& what);

  std::unique_ptr<prepared_node> next_, last_;
  const place at_;
  const op::spec& what_;
  const std::shared_ptr<canary_report> report_;
  model::group_part new_keys_, old_keys_;
  std::unique_ptr<state_part> new_state_, old_state_;  // null: no state
  double part_ = 0;
  double owed_ = 0;  // rows that the new version has not been given, of batches without keys
  std::vector<divided_rows> divided_;
};

}  // namespace weir::task
