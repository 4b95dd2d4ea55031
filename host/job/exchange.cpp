#include <atomic>

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "job/running_job.hpp"

namespace weir::job {
namespace {

/// Told by each task that has changed; the last one says so.
class exchange_watch {
 public:
  exchange_watch(std::size_t tasks, job::exchange_done done) : left_(tasks), done_(std::move(done)) {}
  void begun(std::uint64_t cut) { cut_.store(cut, std::memory_order_relaxed); }
  void changed(std::int64_t pause_us) {
    std::int64_t seen = pause_us_.load(std::memory_order_relaxed);
    while (seen < pause_us && !pause_us_.compare_exchange_weak(seen, pause_us, std::memory_order_relaxed)) {
    }
    if (left_.fetch_sub(1, std::memory_order_acq_rel) != 1 || told_.exchange(true)) return;
    done_(std::nullopt, {cut_.load(std::memory_order_relaxed), pause_us_.load(std::memory_order_relaxed)});
  }
  void failed(base::error why, bool untouched) {
    if (!told_.exchange(true)) done_(exchange_failure{std::move(why), untouched}, {});
  }

 private:
  std::atomic<std::size_t> left_;
  std::atomic<std::uint64_t> cut_{0};
  std::atomic<std::int64_t> pause_us_{0};
  std::atomic<bool> told_{false};
  const job::exchange_done done_;
};

/// What the coordinator tells of an order goes to its watch. untouched: also one that was begun leaves the job as it was.
void tell(cut_coordinator::exchange_order& order, const std::shared_ptr<exchange_watch>& watch, bool untouched) {
  order.begun = [watch](base::result<std::uint64_t> cut) {
    if (cut)
      watch->begun(*cut);
    else
      watch->failed(std::move(cut).why(), true);
  };
  order.broken = [watch, untouched](base::error why) { watch->failed(std::move(why), untouched); };
}

/// The old and the new one cannot be there at the same time, or do not read the same.
exchange_way at_a_cut(base::error why) { return {.at_a_cut = std::move(why)}; }

}  // namespace

base::result<exchange_way> running_job::exchange(exchange_request what, exchange_done done) {
  const std::vector<place> places = places_of(*plan_);
  const base::logger log({.room = "job", .pipeline = plan_->pipeline});
  std::map<task::task*, std::unique_ptr<task::exchange_work>> work;
  std::vector<std::shared_ptr<const op::spec>> sources;
  std::vector<std::pair<std::string, std::string>> converted;  // operator, and what becomes of one of its states
  for (const std::uint32_t n : what.nodes) {
    const auto spec = spec_of(*what.plan, what.plan->nodes[n], spec_options_);
    const place at = places[n];
    if (spec->source) {
      if (auto same = finder_.knows_the_same(*spec); !same) return at_a_cut(std::move(same).why());
      sources.push_back(spec);
      for (task::source_task* t : built_.sources[at.chain]) {
        auto made = t->prepare_next(spec);
        if (!made && made.why().by == base::blame::external) return at_a_cut(std::move(made).why());
        auto& of = work[t];
        if (!of) of = std::make_unique<task::exchange_work>();
        of->source = WEIR_TRY(std::move(made));
      }
      continue;
    }
    for (auto& t : built_.tasks[at.chain]) {
      const auto clock = t->nodes().counts(at.at).watermark_us.load(std::memory_order_relaxed);
      auto& of = work[t.get()];
      if (!of) of = std::make_unique<task::exchange_work>();
      of->nodes.push_back(WEIR_TRY(t->nodes().prepare(at.at, spec, clock)));
      if (const auto& becomes = of->nodes.back()->becomes; becomes && t->subtask() == 0)
        for (const std::string& one : becomes->told()) converted.emplace_back(spec->id, one);
    }
  }
  base::fault_point("exchange.prepared");
  auto watch = std::make_shared<exchange_watch>(work.size(), [this, log, sources = std::move(sources),
                                                              converted = std::move(converted), done = std::move(done)](
                                                                 std::optional<exchange_failure> failed,
                                                                 exchanged how) {
    if (!failed) {
      for (const auto& source : sources) finder_.exchange(source);
      for (const auto& [id, what_becomes] : converted)
        log.info("state is converted while rows flow", {{"operator", id}, {"cut", how.cut}, {"state", what_becomes}});
    }
    done(std::move(failed), how);
  });
  cut_coordinator::exchange_order order;
  for (auto& [t, of] : work) {
    of->done = [watch](std::int64_t pause_us) { watch->changed(pause_us); };
    order.work.emplace_back(t, std::move(of));
  }
  order.plan = std::move(what.plan);
  order.facts = std::move(what.facts);
  order.hold_us = what.hold_cuts_us;
  tell(order, watch, false);
  cuts_->exchange(std::move(order));
  return exchange_way{};
}

base::result<void> running_job::shadow(shadow_request what, exchange_done done) {
  const place at = places_of(*plan_)[what.node];
  auto spec = std::make_shared<op::spec>(*spec_of(*what.plan, what.plan->nodes[what.node], spec_options_));
  spec->state_is_cut = false;
  spec->suspected.reset();
  auto& tasks = built_.tasks[at.chain];
  // As much again as half of what all state may use: a shadow that does not fit ends alone.
  std::shared_ptr<state::memory_pool> memory;
  if (spec_options_.memory.bytes > 0)
    memory = std::make_shared<state::memory_pool>(spec_options_.memory.bytes / 2, tasks.size());
  cut_coordinator::exchange_order order;
  auto watch = std::make_shared<exchange_watch>(tasks.size(), std::move(done));
  for (auto& t : tasks) {
    const auto clock = t->nodes().counts(at.at).watermark_us.load(std::memory_order_relaxed);
    auto work = std::make_unique<task::exchange_work>();
    work->shadows.push_back(WEIR_TRY(
        task::shadow::make(at.at, spec, t->subtask(), host_table(), env_, clock, what.rules, what.report, memory)));
    work->done = [watch](std::int64_t pause_us) { watch->changed(pause_us); };
    order.work.emplace_back(t.get(), std::move(work));
  }
  tell(order, watch, true);
  cuts_->exchange(std::move(order));
  return {};
}

base::result<void> running_job::canary(canary_request what, exchange_done done) {
  const place at = places_of(*plan_)[what.node];
  const auto spec = spec_of(*what.next, what.next->nodes[what.node], spec_options_);
  auto& tasks = built_.tasks[at.chain];
  auto watch = std::make_shared<exchange_watch>(tasks.size(), std::move(done));
  cut_coordinator::exchange_order order;
  for (auto& t : tasks) {
    task::canary_work one{at.at, nullptr, nullptr, what.part, what.takes_over, what.report};
    const auto clock = t->nodes().counts(at.at).watermark_us.load(std::memory_order_relaxed);
    if (what.begins) one.next = WEIR_TRY(t->nodes().prepare(at.at, spec, clock));
    if (what.begins && one.next->made->keeps_own_state()) one.last = WEIR_TRY(t->nodes().prepare(at.at, spec, clock));
    auto work = std::make_unique<task::exchange_work>();
    work->canaries.push_back(std::move(one));
    work->done = [watch](std::int64_t pause_us) { watch->changed(pause_us); };
    order.work.emplace_back(t.get(), std::move(work));
  }
  base::fault_point("canary.prepared");
  order.plan = std::move(what.plan);
  order.facts = std::move(what.facts);
  order.hold_us = what.hold_cuts_us;
  tell(order, watch, false);
  cuts_->exchange(std::move(order));
  return {};
}

}  // namespace weir::job
