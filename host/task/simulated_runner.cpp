#include "task/simulated_runner.hpp"

#include <algorithm>
#include <utility>

namespace weir::task {

simulated_runner::~simulated_runner() {
  cancel();
  join();
}

exchange::waker& simulated_runner::next_waker() {
  if (!next_) next_ = std::make_unique<actor>();
  return next_->waker;
}

void simulated_runner::add(task& t) {
  next_waker();
  next_->what = &t;
  actors_.push_back(std::move(next_));
  ++left_;
}

bool simulated_runner::can_run(const actor& a) const {
  if (a.over) return false;
  return cancelled_ || !a.created || a.waker.on || a.last == step_result::worked ||
         a.what->wake_at_ns() <= env_.monotonic_ns();
}

std::size_t simulated_runner::runnable() const {
  return static_cast<std::size_t>(
      std::count_if(actors_.begin(), actors_.end(), [&](const auto& a) { return can_run(*a); }));
}

void simulated_runner::step(std::size_t nth) {
  for (auto& a : actors_) {
    if (!can_run(*a) || nth-- > 0) continue;
    if (cancelled_) return end(*a, a->last);
    a->waker.on = false;
    if (!a->created) {
      a->created = true;
      a->last = a->what->create() ? step_result::worked : step_result::failed;
    } else {
      a->last = a->what->step();
    }
    if (a->last == step_result::failed || a->last == step_result::finished) end(*a, a->last);
    return;
  }
}

void simulated_runner::end(actor& a, step_result last) {
  if (std::exchange(a.over, true)) return;
  --left_;
  if (done_) done_(*a.what, last);
}

std::int64_t simulated_runner::next_ns() const {
  std::int64_t next = INT64_MAX;
  for (const auto& a : actors_)
    if (!a->over && a->created) next = std::min(next, a->what->wake_at_ns());
  return next;
}

void simulated_runner::join() {
  if (!cancelled_) return;
  for (auto& a : actors_) end(*a, a->last);
}

}  // namespace weir::task
