#include "control/run_control.hpp"

#include <unistd.h>

#include <future>

#include "base/cat.hpp"
#include "base/log_line.hpp"
#include "base/text.hpp"

namespace weir::control {
namespace {

using base::cat;

/// Who looks at the state of a running pipeline waits so long for a cut.
constexpr std::int64_t view_waits_us = 20'000'000;

std::string json_of(const change_outlook& outlook) {
  const plan::difference& d = outlook.between;
  std::string text = cat("{\"how\":", base::json_string(std::string(plan::name_of(d.how))), ",\"nodes\":[");
  const char* between = "";
  for (const auto& n : d.nodes) {
    text += cat(between, "{\"id\":", base::json_string(n.id),
                ",\"how\":", base::json_string(std::string(plan::name_of(n.how))),
                ",\"what\":", base::json_string(n.what), ",\"from\":", base::json_string(n.from),
                ",\"to\":", base::json_string(n.to), ",\"state\":", base::json_string(n.state), "}");
    between = ",";
  }
  text += "],\"settings\":[";
  between = "";
  for (const auto& s : d.settings) {
    text += cat(between, "{\"key\":", base::json_string(s.key),
                ",\"how\":", base::json_string(std::string(plan::name_of(s.how))), "}");
    between = ",";
  }
  text += "]";
  if (outlook.why) text += cat(",\"refused\":", base::json_string(outlook.why->text()));
  return text + "}";
}

}  // namespace

run_control::run_control(engine& of, std::uint64_t restarts, std::function<void()> stopping, change_maker* changes)
    : of_(of), restarts_(restarts), stopping_(std::move(stopping)), changes_(changes) {}

std::string run_control::status() {
  const auto now = of_.snapshot();
  auto text =
      cat("{\"pipeline\":", base::json_string(now.pipeline), ",\"process\":", ::getpid(), ",\"restarts\":", restarts_,
          ",\"started_at_us\":", now.started_at_us, ",\"rss_bytes\":", now.rss_bytes, ",\"subtasks\":[");
  const char* between = "";
  for (const auto& s : now.subtasks) {
    text += cat(between, "{\"operator\":", base::json_string(s.operator_id), ",\"subtask\":", s.subtask,
                ",\"plugin\":", base::json_string(s.plugin), ",\"records_in\":", s.records_in,
                ",\"records_out\":", s.records_out, ",\"late\":", s.late, ",\"dead_letters\":", s.dead_letters);
    if (s.watermark_us) text += cat(",\"watermark_us\":", *s.watermark_us);
    if (s.state_bytes) text += cat(",\"state_bytes\":", *s.state_bytes);
    if (s.state_entries) text += cat(",\"state_entries\":", *s.state_entries);
    if (s.state_entries_on_disk.value_or(0) > 0) text += cat(",\"state_entries_on_disk\":", *s.state_entries_on_disk);
    if (s.state_entries_converting.value_or(0) > 0)
      text += cat(",\"state_entries_converting\":", *s.state_entries_converting);
    text += "}";
    between = ",";
  }
  text += "]";
  if (const auto& s = now.shadow)
    text += cat(",\"shadow\":{\"operator\":", base::json_string(s->operator_id),
                ",\"plugin\":", base::json_string(s->plugin), ",\"state\":", base::json_string(s->state),
                ",\"equal\":", s->equal, ",\"different\":", s->different, ",\"missing\":", s->missing,
                ",\"extra\":", s->extra, "}");
  if (const auto& c = now.canary) {
    const auto version = [](const canary_metrics::version& v) {
      return cat("{\"records_in\":", v.records_in, ",\"records_out\":", v.records_out, ",\"errors\":", v.errors, "}");
    };
    text += cat(",\"canary\":{\"operator\":", base::json_string(c->operator_id),
                ",\"plugin\":", base::json_string(c->plugin),
                ",\"share\":", base::json_string(config::percent_text(c->percent)), ",\"step\":", c->step,
                ",\"steps\":", c->steps, ",\"old\":", version(c->old), ",\"new\":", version(c->now), "}");
  }
  if (const auto why = of_.not_ready_because()) text += ",\"not_ready\":" + base::json_string(*why);
  return text + "}";
}

std::string run_control::why_no_output() { return json_of(of_.why_no_output()); }

base::result<void> run_control::wait_for_savepoint(job::savepoint_wish what) {
  std::promise<base::result<void>> done;
  what.done = [&](base::result<checkpoint::cut_info> made) {
    done.set_value(made ? base::result<void>() : base::result<void>(std::move(made).why()));
  };
  of_.savepoint(std::move(what));
  return done.get_future().get();
}

base::result<void> run_control::savepoint(const std::string& directory) {
  return wait_for_savepoint({.directory = directory, .done = nullptr});
}

base::result<void> run_control::view(const std::string& directory) {
  return wait_for_savepoint({.directory = directory, .done = nullptr, .patience_us = view_waits_us, .view = true});
}

base::result<std::string> run_control::change(const change_wish& what) {
  if (!changes_)
    return base::config_error(
        "a pipeline without checkpoints cannot be changed while it runs, for nothing could be taken back: "
        "give it a [checkpoint] table");
  const auto now = of_.definition_now();
  if (what.what == "rollback") {
    auto back = of_.take_back(what.by);
    if (back || back.why().how != base::retry::never) {
      if (!back) return std::move(back).why();
      return supervisor::to_json(*back);
    }
  }
  swap_request version{what.operators, what.plugin, what.config};
  if (what.what == "promote") {
    const auto running = of_.shadow_wish_now();
    if (!running) return base::external_error("no shadow is running", {}, base::retry::never);
    if (what.operators != std::vector<std::string>{running->operator_id})
      return base::config_error(cat("the shadow that runs is of ", running->operator_id));
    version = {what.operators, running->plugin, running->config};
  }
  auto made = what.what == "swap" || what.what == "promote" ? changes_->swap(version, now)
              : what.what == "rollback"                     ? changes_->undo(now)
                                                            : changes_->apply({what.file, what.text, what.sets}, now);
  if (!made) return std::move(made).why();
  auto outlook = WEIR_TRY(of_.look_ahead(*made->plan));
  if (!outlook.state.operators.empty())
    if (auto tried = changes_->try_state(*made, outlook.state, outlook.between); !tried && !outlook.why)
      outlook.why = std::move(tried).why();
  if (what.what == "plan") return json_of(outlook);
  if (outlook.why) return std::move(*outlook.why);
  if (what.what == "swap") {
    made->canary = made->plan->told->swap.canary;
    if (!what.canary.empty()) made->canary.percents = WEIR_TRY(config::parse_percents(what.canary));
    if (!what.step.empty()) {
      if (made->canary.percents.empty())
        return base::config_error("--step is how long a share of --canary is served: give that, too");
      WEIR_TRY(config::parse_step(what.step, made->canary));
    }
  }
  made->looked_at = now.number;
  if (what.what == "promote") made->what = what.what;
  made->by = what.by;
  made->rebuild = what.rebuild;
  if (what.probation == "next-checkpoint") {
    made->probation_us = 0;
  } else if (!what.probation.empty()) {
    made->probation_us = WEIR_TRY(base::parse_duration_us(what.probation));
  }
  return supervisor::to_json(WEIR_TRY(of_.change(std::move(*made), what.wait)));
}

base::result<std::string> run_control::shadow(const std::string& what, const shadow_wish& wish) {
  if (what == "shadow-report" || what == "shadow-drop") {
    const auto running = of_.shadow_wish_now();
    if (running && running->operator_id != wish.operator_id)
      return base::config_error(cat("the shadow that runs is of ", running->operator_id));
    return what == "shadow-report" ? of_.shadow_now() : of_.end_shadow("dropped", "by " + wish.by);
  }
  if (!changes_)
    return base::config_error("a shadow begins at a cut, and the pipeline takes none: give it a [checkpoint] table");
  auto made = changes_->swap({{wish.operator_id}, wish.plugin, wish.config}, of_.definition_now());
  if (!made) return std::move(made).why();
  shadow_wish asked = wish;
  // What a promotion takes is this very file, whatever becomes of the one that was named.
  if (!made->kept_plugin.empty()) asked.plugin = made->kept_plugin;
  return of_.shadow(asked, std::move(made->plan));
}

base::result<void> run_control::stop(const std::string& savepoint) {
  std::unique_lock lock(mutex_);
  if (!savepoint.empty()) {
    if (ending_) return base::external_error("the run is over already");
    if (!wanted_.empty() && wanted_ != savepoint)
      return base::config_error(cat("it is stopping already, with a savepoint in ", wanted_));
    wanted_ = savepoint;
  }
  lock.unlock();
  if (stopping_) stopping_();
  of_.drain();
  lock.lock();
  changed_.wait(lock, [&] { return over_; });
  if (!ended_) return ended_;
  return savepoint.empty() ? base::result<void>() : savepoint_at_end_;
}

bool run_control::savepoint_wanted() const {
  const std::lock_guard lock(mutex_);
  return !wanted_.empty();
}

void run_control::over(run_end how) {
  std::string wanted;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    wanted = wanted_;
  }
  const bool in_order = how == run_end::finished || how == run_end::drained;
  base::result<void> ended, at_end;
  if (!in_order) ended = base::host_error("the run ended without being drained: see its log");
  if (in_order && !wanted.empty()) at_end = of_.savepoint_of_end(wanted);
  const std::lock_guard lock(mutex_);
  ended_ = std::move(ended);
  savepoint_at_end_ = std::move(at_end);
  over_ = true;
  changed_.notify_all();
}

}  // namespace weir::control
