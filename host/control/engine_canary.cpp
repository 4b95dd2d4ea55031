// A version that takes over bit by bit: a share of the key groups, then more, then all. Each step is an exchange at a cut.
//
// Until the last step cuts are of the old definition: whatever happens, a restore of any of them is the old version on everything.
// So a share is taken back as every change is: the newest cut, with the definition that it names. What the new version has given
// out up to that cut has been shown, and stays.
#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "control/canary_rules.hpp"
#include "control/job_engine.hpp"

namespace weir::control {
namespace {

using base::cat;
using supervisor::change_state;

constexpr char canary_fact[] = "canary";

}  // namespace

void job_engine::begin_step(std::unique_lock<std::mutex>& lock) {
  change_in_work& of = *change_;
  const std::uint64_t number = of.record.number;
  const std::uint32_t node = of.between.exchanged.front();
  if (!of.by_share) {
    of.by_share.emplace();
    of.by_share->report = std::make_shared<task::canary_report>(now_.plan->nodes[node].parallelism);
  }
  ramp& r = *of.by_share;
  r.moves = true;
  of.record.step = r.step + 1;
  of.hot_began = true;
  of.hot_result.reset();
  const double percent = of.asked.canary.percents[r.step];
  const bool last = r.step + 1 == of.asked.canary.percents.size();
  job::canary_request what{
      .next = of.asked.plan,
      .plan = last ? of.asked.plan : now_.plan,
      .node = node,
      .begins = !r.serves,
      .part = percent / 100,
      .takes_over = last,
      .facts = {{supervisor::definition_fact, std::to_string(last ? of.asked.next.number : now_.definition.number)}},
      .hold_cuts_us = of.asked.probation_us.value_or(of.asked.plan->told->swap.probation_us),
      .report = r.report};
  if (!last)
    what.facts.emplace(canary_fact, cat(config::percent_text(percent), " of ", of.asked.plan->nodes[node].id,
                                        " served by definition ", of.asked.next.number));
  const auto job = now_.job;
  lock.unlock();
  base::fault_point("canary.step");
  auto begun =
      job->canary(std::move(what), [this, number](std::optional<job::exchange_failure> failed, job::exchanged how) {
        {
          const std::lock_guard mine(mutex_);
          if (!change_ || change_->record.number != number) return;
          change_->hot_result.emplace(std::move(failed), how);
        }
        changed_.notify_all();
      });
  lock.lock();
  if (begun || !change_ || change_->record.number != number) return;
  decided(lock, change_state::given_up, begun.why().text());
  lock.lock();
}

void job_engine::step_began(std::unique_lock<std::mutex>& lock) {
  change_in_work& of = *change_;
  ramp& r = *of.by_share;
  const auto [failed, how] = *std::exchange(of.hot_result, std::nullopt);
  r.moves = false;
  if (failed && failed->untouched) {
    if (!r.serves) {
      decided(lock, change_state::given_up, failed->why.text());
      lock.lock();
      return;
    }
    // No task could take the next step: it stays at this one, and tries again later.
    log_.warn("the new version keeps its share for now", {{"change", of.record.number}, {"why", failed->why.text()}});
    of.record.step = r.step--;
    r.cuts = 0;
    return;
  }
  if (failed) {
    of.take_back = failed->why.text();
    const auto job = now_.job;
    lock.unlock();
    job->cancel();
    lock.lock();
    return;
  }
  if (!r.serves && of.between.exchanged.front() == shadow_node_)
    shadow_ends("replaced", "a new version serves a share of its keys");
  r.serves = true;
  r.cuts = 0;
  r.since_ns = env_.monotonic_ns();
  r.old = r.report->sum(false);
  r.now = r.report->sum(true);
  of.record.cut = how.cut;
  of.record.pause_us = std::max(of.record.pause_us, how.pause_us);
  of.record.hot = true;
  const bool last = r.step + 1 == of.asked.canary.percents.size();
  const std::uint64_t newest = r.newest_cut;
  if (last) {
    now_.plan = of.asked.plan;
    now_.definition = of.asked.next;
    of.by_share.reset();
  }
  of.from = take_sample(now_);
  note(of, change_state::serving);
  if (last)
    base::fault_point("canary.serving_all");
  else
    base::fault_point("canary.serving_share");
  changed_.notify_all();
  // The first cut of its own may have been complete before this was known.
  if (last && newest > how.cut && of.take_back.empty()) {
    decided(lock, change_state::committed, "");
    lock.lock();
  }
}

void job_engine::look_at_ramp() {
  std::unique_lock lock(mutex_);
  if (!change_ || !change_->by_share || !change_->take_back.empty()) return;
  if (change_->by_share->moves) {
    if (change_->hot_result) step_began(lock);
    return;
  }
  ramp& r = *change_->by_share;
  const config::canary& told = change_->asked.canary;
  if (drained_ || stopped_ || r.cuts < told.step_cuts || env_.monotonic_ns() - r.since_ns < told.step_us * 1000) return;
  ++r.step;
  begin_step(lock);
}

std::optional<canary_metrics> job_engine::metrics_of_canary() const {
  if (!change_->by_share || !change_->by_share->serves) return std::nullopt;
  const ramp& r = *change_->by_share;
  const plan::node& next = change_->asked.plan->nodes[change_->between.exchanged.front()];
  const std::size_t step = r.moves ? r.step - 1 : r.step;
  const auto of = [](const task::canary_side& s) -> canary_metrics::version {
    return {s.records_in, s.records_out, s.errors};
  };
  return canary_metrics{next.id,
                        next.plugin,
                        change_->asked.canary.percents[step],
                        step + 1,
                        change_->record.shares.size(),
                        of(r.report->sum(false)),
                        of(r.report->sum(true))};
}

std::optional<std::string> job_engine::broken_bound_of_share() const {
  const ramp& r = *change_->by_share;
  const std::string& id = now_.plan->nodes[change_->between.exchanged.front()].id;
  sample now = take_sample(now_), from = change_->from;
  now.nodes[id] = sums_of(r.report->sum(true) - r.now);
  from.nodes[id] = {};
  return broken_bound(change_->asked.plan->told->swap, {{id, sums_of(r.report->sum(false) - r.old)}}, from, now);
}

}  // namespace weir::control
