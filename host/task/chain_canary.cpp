// Versions that serve a share of the keys: how they begin, get more, and take over.
#include "base/check.hpp"
#include "task/chain.hpp"

namespace weir::task {

bool chain::begin_canary(member& n, canary_work& with, const task_cut& at) {
  const std::int64_t clock = n.instance->watermark();
  op::instance& next = *with.next->made;
  with.next->failure.become(failure_);
  with.next->out.to = &n.out;
  n.beside.reset();
  const canary::place place{*n.instance, n.state.get(), n.counters, env_, subtask_, takes_turns()};
  n.second = std::make_unique<canary>(std::move(with.next), std::move(with.last), place, with.report);
  // As another subtask after a restore: what each has a copy of, it gets, too.
  const auto& saved = at.nodes[with.at].saved;
  if (saved && next.restores_to_all() && !next.restore(*saved)) return false;
  if (clock == WEIR_TIME_MIN) return true;
  // The clock has gone on since it was created. It serves no key yet: what was due has been done.
  next.set_watermark(clock);
  return next.tell_watermark();
}

bool chain::follow_canaries(std::vector<canary_work> with, const task_cut& at) {
  for (canary_work& one : with) {
    member& n = *nodes_[one.at];
    if (one.next && !begin_canary(n, one, at)) return false;
    WEIR_CHECK(n.second, "a share of the keys for a version that is not there");
    n.second->serve(one.part);
    if (!one.takes_over) continue;
    auto next = n.second->take();
    auto last = n.second->take_last();
    n.second.reset();
    auto what = next->what;
    auto instance = std::move(next->made);
    if (last) {
      retired_.push_back({std::move(what), std::move(next), std::move(instance), one.at, at.cut});
      std::vector<std::unique_ptr<prepared_node>> takes_over;
      takes_over.push_back(std::move(last));
      if (!exchange(std::move(takes_over), at)) return false;
      continue;
    }
    retired_.push_back({std::move(n.what), std::move(n.prepared), std::move(n.instance), one.at, at.cut});
    n.what = std::move(what);
    n.instance = std::move(instance);
    n.prepared = std::move(next);
  }
  return true;
}

}  // namespace weir::task
