#include "control/run_control.hpp"

#include <unistd.h>

#include <future>

#include "base/cat.hpp"
#include "base/log_line.hpp"

namespace weir::control {
namespace {

using base::cat;

std::string quoted(const std::string& text) {
  std::string out;
  base::append_json_string(out, text);
  return out;
}

}  // namespace

run_control::run_control(engine& of, std::uint64_t restarts, std::function<void()> stopping)
    : of_(of), restarts_(restarts), stopping_(std::move(stopping)) {}

std::string run_control::status() {
  const auto now = of_.snapshot();
  auto text = cat("{\"pipeline\":", quoted(now.pipeline), ",\"process\":", ::getpid(), ",\"restarts\":", restarts_,
                  ",\"started_at_us\":", now.started_at_us, ",\"rss_bytes\":", now.rss_bytes, ",\"subtasks\":[");
  const char* between = "";
  for (const auto& s : now.subtasks) {
    text += cat(between, "{\"operator\":", quoted(s.operator_id), ",\"subtask\":", s.subtask,
                ",\"plugin\":", quoted(s.plugin), ",\"records_in\":", s.records_in, ",\"records_out\":", s.records_out,
                ",\"late\":", s.late, ",\"dead_letters\":", s.dead_letters);
    if (s.watermark_us) text += cat(",\"watermark_us\":", *s.watermark_us);
    if (s.state_bytes) text += cat(",\"state_bytes\":", *s.state_bytes);
    if (s.state_entries) text += cat(",\"state_entries\":", *s.state_entries);
    if (s.state_entries_on_disk.value_or(0) > 0) text += cat(",\"state_entries_on_disk\":", *s.state_entries_on_disk);
    text += "}";
    between = ",";
  }
  text += "]";
  if (const auto why = of_.not_ready_because()) text += ",\"not_ready\":" + quoted(*why);
  return text + "}";
}

std::string run_control::why_no_output() { return json_of(of_.why_no_output()); }

base::result<void> run_control::savepoint(const std::string& directory) {
  std::promise<base::result<void>> done;
  of_.savepoint(directory, [&](base::result<checkpoint::cut_info> made) {
    done.set_value(made ? base::result<void>() : base::result<void>(std::move(made).why()));
  });
  return done.get_future().get();
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
