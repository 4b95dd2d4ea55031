#include "task/task.hpp"

#include <algorithm>
#include <utility>

#include "base/fault_point.hpp"

namespace weir::task {
namespace {

/// About as much state is captured between two batches: a tenth of a millisecond of work. More of it when memory waits for it.
constexpr std::size_t slice_bytes = 256 * 1024, slice_bytes_over_budget = 1024 * 1024;
/// How soon a task looks again for room for its state blocks.
constexpr std::int64_t room_ns = 1'000'000;
/// How often a task tells how large its state is.
constexpr std::int64_t publish_ns = 200'000'000;
/// So many entries of state get their new form in a step that has nothing else to do: some 0.05 ms.
constexpr std::size_t evolved_in_a_step = 256;

}  // namespace

void task::tell(order what) {
  {
    std::lock_guard lock(mutex_);
    orders_.push_back(what);
  }
  has_orders_.store(true, std::memory_order_release);
  waker_.wake();
}

void task::expect(std::unique_ptr<exchange_work> what) {
  std::lock_guard lock(mutex_);
  expected_ = std::move(what);
  expects_.store(true, std::memory_order_release);
}

std::unique_ptr<exchange_work> task::withdraw() {
  std::lock_guard lock(mutex_);
  expects_.store(false, std::memory_order_relaxed);
  return std::move(expected_);
}

bool task::attach(std::uint64_t cut) {
  std::vector<std::unique_ptr<shadow>> shadows;
  std::vector<std::uint32_t> evolve;
  {
    std::lock_guard lock(mutex_);
    if (expected_ && expected_->cut <= cut) {
      shadows.swap(expected_->shadows);
      for (const auto& n : expected_->nodes)
        if (n->becomes) evolve.push_back(n->at);
    }
  }
  for (auto& s : shadows) chain_.attach(std::move(s));
  return std::all_of(evolve.begin(), evolve.end(), [&](std::uint32_t at) { return chain_.evolve_rest(at); });
}

bool task::exchange(std::uint64_t cut, std::int64_t since_ns) {
  std::unique_ptr<exchange_work> work;
  {
    std::lock_guard lock(mutex_);
    if (!expected_ || expected_->cut > cut) return true;
    work = std::move(expected_);
    expects_.store(false, std::memory_order_relaxed);
  }
  base::fault_point("exchange.before");
  if (!ended_ && work->source && !exchange_source(std::move(work->source), *capturing_)) return false;
  if (!ended_ && !chain_.exchange(std::move(work->nodes), *capturing_)) return false;
  if (!ended_ && !chain_.follow_canaries(std::move(work->canaries), *capturing_)) return false;
  exchanged_at_ = cut;
  base::fault_point("exchange.done");
  work->done((env_.monotonic_ns() - since_ns) / 1000);
  return true;
}

std::int64_t task::wake_at_ns() const {
  std::int64_t at = ended_ ? INT64_MAX : work_at_ns();
  if (waits_for_room_) at = std::min(at, env_.monotonic_ns() + room_ns);
  const std::int64_t timer_us = ended_ ? INT64_MAX : chain_.next_processing_timer();
  if (timer_us != INT64_MAX) {
    const std::int64_t wait_us = std::clamp<std::int64_t>(timer_us - env_.now_us(), 0, 1'000'000);
    at = std::min(at, env_.monotonic_ns() + wait_us * 1000);
  }
  return at;
}

step_result task::step() {
  if (chain_.failure().failed()) return step_result::failed;
  if (has_orders_.load(std::memory_order_acquire) && !follow_orders()) return step_result::failed;
  // Both: a slice of the state, and what a shadow could not do before it had all of it.
  const bool captured = static_cast<int>(capturing_ && capture()) + static_cast<int>(chain_.follow_shadows()) > 0;
  if (ended_) {
    if (finish_ && !capturing_ && !captured) return step_result::finished;
    return captured ? step_result::worked : step_result::wait_input;
  }
  if (capturing_ && !state_out_ && chain_.is_jammed()) return captured ? step_result::worked : step_result::wait_output;
  if (chain_.next_processing_timer() != INT64_MAX && !chain_.fire_processing_timers(env_.now_us()))
    return step_result::failed;

  const step_result done = work();
  if (chain_.has_state()) publish_state(done == step_result::finished);
  if (done == step_result::finished) {
    if (!sink_) return done;
    // Whoever begins with its last cut need not know more than one form.
    if (!chain_.evolve_rest()) return step_result::failed;
    ended_ = true;
    // A cut that was announced and whose barrier can not come any more.
    if (announced_.cut > last_cut_ && !cut_here(announced_.cut, announced_.kind)) return step_result::failed;
    sink_->ended(*this);
    return step_result::worked;
  }
  if (done == step_result::wait_input) {
    if (chain_.evolve_some(evolved_in_a_step)) return step_result::worked;
    if (chain_.failure().failed()) return step_result::failed;
  }
  return captured && done != step_result::failed ? step_result::worked : done;
}

void task::publish_state(bool last) {
  const std::int64_t now = env_.monotonic_ns();
  if (now < publish_at_ns_ && !last) return;
  publish_at_ns_ = now + publish_ns;
  chain_.publish_state();
}

bool task::follow_orders() {
  has_orders_.store(false, std::memory_order_relaxed);
  std::deque<order> todo;
  {
    std::lock_guard lock(mutex_);
    todo.swap(orders_);
  }
  return std::all_of(todo.begin(), todo.end(), [&](const order& o) { return follow(o); });
}

bool task::follow(const order& o) {
  switch (o.what) {
    case order_kind::begin:
      announced_ = o;
      return o.cut <= last_cut_ || !(ended_ || cuts_at_once()) || cut_here(o.cut, o.kind);
    case order_kind::complete:
    case order_kind::abort: {
      if (o.what == order_kind::abort) {
        given_up_ = std::max(given_up_, o.cut);
        if (o.cut == last_cut_) give_up_state();
      }
      while (!open_.empty() && open_.front().cut <= o.cut) {
        const task_cut of = std::move(open_.front());
        open_.pop_front();
        const bool now = of.cut == o.cut && o.what == order_kind::complete;
        if (!chain_.settle(of, now) || (now && !splits_committed(of))) return false;
        if (now) base::fault_point("task.committed");
      }
      // Not at the exchange itself: what a plugin does in destroy is no part of the pause. Behind the commit of what it prepared.
      if (exchanged_at_ != 0 && exchanged_at_ <= o.cut) {
        let_go();
        exchanged_at_ = 0;
        base::fault_point("exchange.let_go");
      }
      return true;
    }
    case order_kind::finish:
      finish_ = true;
      return true;
    case order_kind::look:
      chain_.look_at_shadows();
      return true;
  }
  return true;
}

bool task::settle_older(std::uint64_t cut) {
  // An older cut may have been given up just now: sinks must hear it before they prepare this one.
  if (has_orders_.load(std::memory_order_acquire) && !follow_orders()) return false;
  if (capturing_ && capturing_->cut < cut) give_up_state();
  return true;
}

bool task::cut_here(std::uint64_t cut, model::cut_kind kind) {
  if (!settle_older(cut)) return false;
  if (cut <= last_cut_) return true;
  if (cut <= given_up_) {
    if (!ended_) chain_.pass_barrier({cut, kind});
    return true;
  }
  const bool exchanges = expects_.load(std::memory_order_acquire);
  const std::int64_t since_ns = env_.monotonic_ns();
  last_cut_ = cut;
  store_ = announced_.cut == cut ? announced_.store : true;
  if (exchanges && !ended_ && !attach(cut)) return false;
  task_cut made;
  made.cut = cut;
  if (!add_splits(made)) return false;
  if (!chain_.cut(made, store_)) return false;
  if (!ended_) chain_.pass_barrier({cut, kind});
  made.in_flight = waiting();
  capturing_ = std::move(made);
  base::fault_point("task.barrier_passed");
  if (exchanges && !exchange(cut, since_ns)) return false;
  state_out_ = !store_ || !chain_.has_state();
  capturing_->pause_us = (env_.monotonic_ns() - since_ns) / 1000;
  if (state_out_ && !held_) hand_over();
  return true;
}

void task::release_cut(std::string in_flight) {
  held_ = false;
  if (!capturing_) return;
  capturing_->in_flight = std::move(in_flight);
  if (state_out_) hand_over();
}

bool task::capture() {
  if (state_out_) return false;
  waits_for_room_ = !sink_->has_room();
  if (waits_for_room_) return false;
  bool more = false;
  chain_.capture(
      chain_.is_over_budget() ? slice_bytes_over_budget : slice_bytes, &more,
      [&](std::uint32_t at, std::string block) { sink_->state_block(*this, at, capturing_->cut, std::move(block)); });
  state_out_ = !more;
  if (state_out_ && !held_) hand_over();
  return true;
}

void task::give_up_state() {
  chain_.abandon_state();
  drop_in_flight();
  held_ = false;
  if (capturing_) open_.push_back(*std::exchange(capturing_, std::nullopt));
}

void task::hand_over() {
  base::fault_point("task.state_captured");
  open_.push_back(*capturing_);
  sink_->taken(*this, *std::exchange(capturing_, std::nullopt));
}

}  // namespace weir::task
