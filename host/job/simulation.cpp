#include "job/simulation.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "job/running_job.hpp"
#include "task/simulated_runner.hpp"

namespace weir::job {
namespace {

class simulated_job final : public running_job {
 public:
  simulated_job(plan::plan_ptr what, const options& how, base::env& env, std::unique_ptr<task::simulated_runner> runner)
      : running_job(std::move(what), how, env, std::move(runner)), at_(static_cast<task::simulated_runner&>(*runner_)) {
    for (auto& chain : built_.sources)
      for (task::source_task* s : chain) s->set_poll_wait(0);
  }

  void begin() {
    runner_->start([this](task::task& t, task::step_result last) { ended(t, last); });
    finder_.begin([this](base::error why) { fail(std::move(why)); });
    cuts_->begin();
  }

  task::simulated_runner& at_;
  split_finder& finder() { return finder_; }
  cut_coordinator& coordinator() { return *cuts_; }
  base::result<totals> result() {
    if (failure_) return *failure_;
    return sum();
  }
};

class simulation_of final : public simulation {
 public:
  simulation_of(std::unique_ptr<simulated_job> of, base::test_env& env, std::uint64_t seed)
      : job_(std::move(of)), env_(env), random_(seed) {
    job_->begin();
  }

  bool over() const override { return job_->at_.over(); }
  std::uint64_t trace() const override { return trace_; }
  job& what() override { return *job_; }
  base::result<totals> result() override { return job_->result(); }

  bool step() override {
    if (over()) return false;
    // Work takes time: between nothing and a tenth of a millisecond a step.
    env_.advance_ns(static_cast<std::int64_t>(random_() % 100'000));
    const std::size_t tasks = job_->at_.runnable();
    const std::int64_t now = env_.monotonic_ns();
    // The finder and the coordinator are cheap to ask, and have their turn like everybody else.
    const std::size_t chosen = random_() % (tasks + 2);
    trace_ = (trace_ ^ chosen ^ static_cast<std::uint64_t>(now) << 8) * 0x100000001b3;
    if (chosen < tasks) {
      job_->at_.step(chosen);
      stuck_ = 0;
      return true;
    }
    if (chosen == tasks)
      finder_due_ = job_->finder().step();
    else
      cuts_due_ = job_->coordinator().step();
    // They may have given somebody work just now.
    if (tasks > 0 || job_->at_.runnable() > 0 || ++stuck_ < 8) return true;
    // Nobody can run: on to the next moment at which somebody can.
    const std::int64_t next = std::min({finder_due_, cuts_due_, job_->at_.next_ns()});
    if (next == INT64_MAX) return ++stuck_ < 64;
    env_.advance_ns(std::max<std::int64_t>(next - now, 1));
    return ++stuck_ < 100'000;
  }

 private:
  std::unique_ptr<simulated_job> job_;
  base::test_env& env_;
  std::mt19937_64 random_;
  std::int64_t finder_due_ = INT64_MAX, cuts_due_ = INT64_MAX;
  int stuck_ = 0;
  std::uint64_t trace_ = 0xcbf29ce484222325;
};

}  // namespace

base::result<std::unique_ptr<simulation>> simulation::make(plan::plan_ptr what, options how, base::test_env& env,
                                                           std::uint64_t seed) {
  auto made = std::make_unique<simulated_job>(std::move(what), how, env, std::make_unique<task::simulated_runner>(env));
  WEIR_TRY(made->prepare(how));
  return std::unique_ptr<simulation>(std::make_unique<simulation_of>(std::move(made), env, seed));
}

}  // namespace weir::job
