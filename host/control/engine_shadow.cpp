// A version beside the one that serves: how it begins, what is told of it, how it ends. One at a time.
#include <chrono>

#include "base/cat.hpp"
#include "control/job_engine.hpp"
#include "supervisor/crash_log.hpp"

namespace weir::control {
namespace {

using base::cat;

constexpr std::int64_t between_reports_ns = 1'000'000'000;
constexpr auto look_again = std::chrono::milliseconds(20);

base::error no_shadow() { return base::external_error("no shadow is running", {}, base::retry::never); }

/// Why the version cannot run beside the one that serves; nullopt: it can.
std::optional<base::error> refused(const plan::difference& between, const plan::plan& next,
                                   const std::string& operator_id) {
  if (between.how == plan::reach::nothing)
    return base::config_error("that is the version that serves: there is nothing to compare");
  if (between.how == plan::reach::hot && between.exchanged.size() == 1 &&
      next.nodes[between.exchanged[0]].kind == plan::node_kind::transform)
    return std::nullopt;
  std::string what;
  for (const auto& n : between.nodes) what += cat(what.empty() ? "" : "; ", n.id, ": ", n.what, ", state ", n.state);
  return base::config_error(cat("only an operator whose columns and state stay as they are can run as a shadow of ",
                                operator_id, " (", what, ')'));
}

}  // namespace

base::result<std::string> job_engine::shadow(const shadow_wish& asked, plan::plan_ptr with) {
  if (!told_.place)
    return base::config_error("a shadow begins at a cut, and the pipeline takes none: give it a [checkpoint] table");
  std::unique_lock lock(mutex_);
  if (over_ || drained_ || stopped_ || !now_.job)
    return base::external_error("the pipeline is ending, or has not begun yet");
  if (change_)
    return base::external_error(
        cat("change ", change_->record.number, " is still on probation: wait for it (weir history)"));
  if (shadow_ && shadow_->comparing())
    return base::external_error(cat("there is a shadow of ", shadow_->asked.operator_id,
                                    " already: drop it first (weir shadow PIPELINE ", shadow_->asked.operator_id,
                                    " --drop)"));
  const plan::difference between = plan::compare(*now_.plan, *with);
  if (auto why = refused(between, *with, asked.operator_id)) return std::move(*why);
  const std::uint32_t at = between.exchanged.front();
  const plan::node &before = now_.plan->nodes[at], &next = with->nodes[at];
  shadow_run made;
  made.asked = asked;
  made.before = plan::version_of(before);
  made.now = plan::version_of(next);
  made.plugin = next.plugin;
  made.began_at_us = env_.now_us();
  made.report = std::make_shared<task::shadow_report>(before.parallelism);
  job::shadow_request what{std::move(with), at, WEIR_TRY(rules_of(asked, before)), made.report};
  const auto report = made.report;
  const auto job = now_.job;
  shadow_ = std::move(made);
  shadow_node_ = at;
  shadow_begins_ = true;
  // Known before its code has a row: it may end the worker at once.
  const std::string at_first = to_json(*shadow_);
  lock.unlock();
  if (auto kept = write_shadow(env_, told_.state_directory, at_first); !kept) {
    const std::lock_guard mine(mutex_);
    shadow_begins_ = false;
    report->end("failed", kept.why().text());
    return std::move(kept).why();
  }

  struct outcome {
    std::optional<job::exchange_failure> failed;
    job::exchanged how;
  };
  auto result = std::make_shared<std::optional<outcome>>();  // guarded by mutex_
  auto prepared =
      job->shadow(std::move(what), [this, result](std::optional<job::exchange_failure> failed, job::exchanged how) {
        {
          const std::lock_guard mine(mutex_);
          *result = outcome{std::move(failed), how};
        }
        changed_.notify_all();
      });
  lock.lock();
  // A subtask may end it before all have told; of a job that ends nobody tells.
  while (prepared && !*result && !report->over()) changed_.wait_for(lock, look_again);
  shadow_begins_ = false;
  if (!prepared || (*result && (*result)->failed)) {
    base::error why = prepared ? std::move((*result)->failed->why) : std::move(prepared).why();
    report->end("failed", why.text());
    job->look_at_shadows();
    lock.unlock();
    tell_shadow(true);
    return why;
  }
  if (*result && shadow_ && shadow_->report == report) {
    shadow_->cut = (*result)->how.cut;
    shadow_->pause_us = (*result)->how.pause_us;
  }
  log_.info("a shadow runs",
            {{"operator", asked.operator_id}, {"with", shadow_->now}, {"by", asked.by}, {"cut", shadow_->cut}});
  lock.unlock();
  tell_shadow(true);
  return shadow_now();
}

base::result<std::string> job_engine::shadow_now() {
  {
    const std::lock_guard lock(mutex_);
    if (shadow_) return to_json(*shadow_);
  }
  auto last = WEIR_TRY(read_shadow(env_, told_.state_directory));
  if (!last) return no_shadow();
  return std::move(*last);
}

std::optional<shadow_wish> job_engine::shadow_wish_now() {
  const std::lock_guard lock(mutex_);
  if (!shadow_ || !shadow_->comparing()) return std::nullopt;
  return shadow_->asked;
}

base::result<std::string> job_engine::end_shadow(const std::string& what, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    if (!shadow_ || !shadow_->comparing()) return no_shadow();
    shadow_->report->end(what, why);
    if (now_.job) now_.job->look_at_shadows();
  }
  tell_shadow(true);
  return shadow_now();
}

void job_engine::shadow_ends(std::string_view what, std::string why) {
  if (shadow_) shadow_->report->end(what, std::move(why));
}

void job_engine::tell_shadow(bool now) {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (!shadow_ || shadow_begins_) return;
    const bool over = !shadow_->comparing();
    if (shadow_told_over_ == shadow_->report) return;  // its end was told
    const std::int64_t at = env_.monotonic_ns();
    if (!now && !over && at < tell_shadow_ns_) return;
    tell_shadow_ns_ = at + between_reports_ns;
    text = to_json(*shadow_);
    if (over) {
      shadow_told_over_ = shadow_->report;
      const auto how = shadow_->report->how_it_ended();
      log_.log(how->what == "failed" ? base::log_level::warn : base::log_level::info, "the shadow has ended",
               {{"operator", shadow_->asked.operator_id}, {"how", how->what}, {"why", how->why}});
    }
  }
  if (auto done = write_shadow(env_, told_.state_directory, text); !done)
    log_.error("the report of the shadow cannot be kept", {{"why", done.why().text()}});
}

void job_engine::settle_shadow() {
  std::string why = "the worker process died";
  if (auto crashes = supervisor::read_crashes(env_, told_.state_directory); crashes && !crashes->empty())
    why = crashes->back().what.text();
  if (auto done = bury_shadow(env_, told_.state_directory, why); !done)
    log_.error("the report of the last shadow cannot be kept", {{"why", done.why().text()}});
}

}  // namespace weir::control
