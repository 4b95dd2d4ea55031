#include "task/shadow.hpp"

#include <utility>

#include "base/cat.hpp"
#include "operator/migrator.hpp"

namespace weir::task {
namespace {

/// Calls that are made up for between two steps of the task.
constexpr int calls_a_step = 4;

std::int64_t bytes_of(const model::batch_ref& batch, const std::vector<shadow_compare::given>& before) {
  std::int64_t sum = batch ? batch->bytes() : 0;
  for (const auto& g : before) sum += g.rows->bytes();
  return sum;
}

}  // namespace

shadow::shadow(std::uint32_t at, std::shared_ptr<const op::spec> what, std::uint32_t subtask, shadow_rules rules,
               std::shared_ptr<shadow_report> report)
    : at_(at),
      subtask_(subtask),
      what_(std::move(what)),
      report_(std::move(report)),
      compare_(*what_, subtask, std::move(rules), *report_) {}

shadow::~shadow() = default;

base::result<std::unique_ptr<shadow>> shadow::make(std::uint32_t at, std::shared_ptr<const op::spec> what,
                                                   std::uint32_t subtask, const weir_host& table, base::env& env,
                                                   std::int64_t watermark_us, shadow_rules rules,
                                                   std::shared_ptr<shadow_report> report,
                                                   std::shared_ptr<state::memory_pool> memory) {
  std::unique_ptr<shadow> made(new shadow(at, std::move(what), subtask, std::move(rules), std::move(report)));
  const op::spec& spec = *made->what_;
  made->instance_ = std::make_unique<op::instance>(spec, subtask, table, made->now_, made->failure_, env);
  if (!spec.states.empty() || !spec.timers.empty()) {
    made->state_ = std::make_unique<keyed_state>(spec, subtask, env);
    if (memory) made->state_->limit({"", std::move(memory), 0});
    made->instance_->use(made->state_.get());
  }
  made->instance_->set_clock(watermark_us);
  if (!made->instance_->create()) return made->failure_.why();
  if (made->instance_->two_phase())
    return base::config_error(base::cat("operator ", spec.id, " takes part in commits: it cannot run as a shadow"));
  return made;
}

void shadow::begin(const std::optional<std::string>& saved, std::int64_t watermark_us, bool fork) {
  saved_ = saved;
  watermark_us_ = watermark_us;
  phase_ = phase::forking;
  before_.clear();
  if (!fork) loaded();
}

void shadow::load(std::string_view block) {
  if (phase_ != phase::forking || !state_) return;
  const state::load_options how{.allow_dropped = false, .migrate = op::migrations_of(*what_)};
  if (auto done = state_->load(block, how); !done) end("failed", std::move(done).why().text());
}

void shadow::loaded() {
  if (phase_ != phase::forking) return;
  if (state_)
    if (auto all = state_->loaded(); !all) return end("failed", std::move(all).why().text());
  // As a version does that takes its place at a cut: what was saved, then the clock that has gone on since it was
  // created.
  if ((saved_ && !instance_->restore(*saved_)) || !instance_->advance(watermark_us_))
    return end("failed", failure_.why().text());
  instance_->set_watermark(watermark_us_);
  saved_.reset();
  now_.rows.clear();
  phase_ = phase::following;
  report_->follows(subtask_);
}

void shadow::fork_failed() {
  if (phase_ == phase::forking) end("failed", "the cut that the state was to be copied at was given up");
}

void shadow::take(event e) {
  if (!follows()) return;
  if (report_->over()) return let_go();
  e.before.swap(before_);
  if (phase_ == phase::following && behind_.empty()) return run(e);
  behind_bytes_ += bytes_of(e.batch, e.before);
  behind_.push_back(std::move(e));
  report_->behind(subtask_, behind_.size());
  if (behind_bytes_ > most_behind)
    end("failed",
        base::cat("more than ", most_behind >> 20, " MiB of input came while its copy of the state was made"));
}

void shadow::run(const event& e) {
  now_.rows.clear();
  bool well = true;
  switch (e.what) {
    case call::process:
      well = instance_->process(e.port, e.batch);
      break;
    case call::advance:
      well = instance_->advance(e.time);
      break;
    case call::fire:
      well = instance_->fire_processing_timers(e.time);
      break;
    case call::end_of_port:
      well = instance_->end_of_port(e.port);
      break;
    case call::flush:
      well = instance_->flush();
      break;
  }
  if (!well) return end("failed", failure_.why().text());
  compare_.compare(e.before, now_.rows, e.batch.get());
  if (e.what == call::flush) compare_.settle();
}

std::int64_t shadow::next_processing_timer() const {
  return phase_ == phase::following && behind_.empty() ? instance_->next_processing_timer() : INT64_MAX;
}

bool shadow::catch_up() {
  if (phase_ != phase::following || behind_.empty()) return false;
  for (int i = 0; i < calls_a_step && phase_ == phase::following && !behind_.empty(); ++i) {
    const event e = std::move(behind_.front());
    behind_.pop_front();
    behind_bytes_ -= bytes_of(e.batch, e.before);
    run(e);
  }
  report_->behind(subtask_, behind_.size());
  return true;
}

bool shadow::over() {
  if (phase_ != phase::over && report_->over()) let_go();
  return phase_ == phase::over;
}

void shadow::end(std::string_view what, std::string why) {
  report_->end(what, std::move(why));
  let_go();
}

void shadow::let_go() {
  phase_ = phase::over;
  before_.clear();
  behind_.clear();
  report_->behind(subtask_, 0);
}

}  // namespace weir::task
