#include "supervisor/supervise.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "supervisor/crash_log.hpp"
#include "supervisor/history.hpp"
#include "supervisor/os_process.hpp"
#include "supervisor/report.hpp"
#include "supervisor/restart_strategy.hpp"
#include "supervisor/verdict.hpp"
#include "supervisor/worker_link.hpp"

namespace weir::supervisor {
namespace {

using base::cat;

constexpr std::int64_t look_ms = 1000;
/// On top of twice the hang_timeout: the worker finds a hang itself and says what hangs; only a worker that cannot is
/// killed.
constexpr std::int64_t silence_grace_us = 10'000'000;

class supervisor {
 public:
  supervisor(const supervised_run& what, base::env& env)
      : what_(what), env_(env), log_({.room = "supervisor", .pipeline = what.pipeline}), policy_(what.restart) {}

  supervised_end run() {
    auto text = os::memory_file("pipeline", what_.text);
    if (!text) return failed(text.why());
    text_ = std::move(text).take();
    for (;;) {
      verdict v;
      if (auto started = start(); started) {
        v = watch();
      } else if (attempt_ == 1 || started.why().how != base::retry::backoff) {
        return failed(started.why());
      } else {
        v = not_started(started.why());
      }
      if (v.over) return over(v);
      if (stops_ > 0 || told_.stopping || !what_.state) return over(v);
      if (takes_a_change_back()) {
        log_.warn("a version on probation has ended the worker: the one before it serves again", {{"why", v.why}});
        continue;
      }
      const auto next = policy_.failed(env_.monotonic_ns() / 1000, env_.random_u64());
      if (!next.restart) {
        log_.error("the pipeline has failed and is not restarted", {{"why", v.why}, {"strategy", next.why}});
        return over(v);
      }
      log_.warn("the pipeline has failed and is restarted from its newest checkpoint",
                {{"why", v.why},
                 {"delay", base::print_duration_us(next.delay_us / 1000 * 1000)},
                 {"attempt", attempt_ + 1},
                 {"strategy", next.why}});
      if (!wait(next.delay_us)) return stopped_while_waiting(v);
    }
  }

 private:
  base::result<void> start() {
    auto commands = WEIR_TRY(os::make_pipe());
    auto reports = WEIR_TRY(os::make_pipe());
    worker_orders orders;
    orders.commands = commands.read.get();
    orders.reports = reports.write.get();
    orders.pipeline = text_.get();
    orders.attempt = ++attempt_;
    os::process_start how;
    how.inherited = {orders.commands, orders.reports, orders.pipeline};
    if (what_.state) {
      const auto place = WEIR_TRY(what_.state->next_worker());
      orders.generation = place.right.generation();
      orders.state_directory = what_.state->path();
      orders.lock = what_.state->lock_descriptor();
      how.inherited.push_back(orders.lock);
    }
    how.arguments = what_.command;
    WEIR_CHECK(how.arguments.size() >= 2, "a run without its command line");
    how.arguments.insert(how.arguments.begin() + 2, "--worker=" + to_text(orders));
    how.mask = &signals_.before();
    worker_ = WEIR_TRY(os::start_this_program(how));
    commands_ = std::move(commands.write);
    reports_ = std::move(reports.read);
    told_ = {};
    log_.info("worker started", {{"process", worker_}, {"attempt", attempt_}});
    return {};
  }

  /// The worker died of a change: that is no failure of the pipeline, and no reason to wait. Once for each change.
  bool takes_a_change_back() {
    const auto pending = pending_change(env_, what_.state->path());
    if (!pending || !*pending || (*pending)->number <= taken_back_) return false;
    taken_back_ = (*pending)->number;
    return true;
  }

  /// What may pass, such as a disk that is full: as when the worker had failed.
  verdict not_started(const base::error& why) {
    verdict v;
    v.over = false;
    v.status = run_status::failed;
    v.code = 75;
    v.why = cat("no worker can be started: ", why.text());
    log_.warn("no worker can be started", {{"attempt", attempt_}, {"why", why.text()}});
    return v;
  }

  /// Until the worker is gone.
  verdict watch() {
    std::string killed_because, bytes;
    bool open = true, stopped = false;
    std::int64_t alive_us = now_us();
    for (std::uint64_t beats = 0;;) {
      const std::int64_t asked_us = now_us();
      const auto woken = signals_.wait(open ? reports_.get() : -1, look_ms);
      if (woken.readable) {
        bytes.clear();
        open = os::read_available(reports_.get(), bytes);
        told_.add(bytes);
      }
      for (const int signal : woken.stops) hand_on(signal);
      while (const auto change = os::poll_process(worker_)) {
        using kind = os::process_change::kind;
        if (change->what == kind::stopped) {
          stopped = true;
          log_.warn("the worker was stopped by a signal", {{"process", worker_}, {"signal", change->number}});
        } else if (change->what == kind::continued) {
          stopped = false;
          log_.info("the worker goes on", {{"process", worker_}});
        } else {
          return gone(*change, killed_because);
        }
      }
      const std::int64_t now = now_us();
      // When this process itself did not run (a suspended machine, Ctrl-Z), the worker could not either.
      if (told_.beats != beats || !told_.running || now - asked_us > 10 * look_ms * 1000) alive_us = now;
      beats = told_.beats;
      if (what_.state && what_.hang_timeout_us > 0 && killed_because.empty() &&
          now - alive_us > 2 * what_.hang_timeout_us + silence_grace_us) {
        killed_because = cat("the worker gave no sign of life for ", base::print_duration_us(now - alive_us),
                             stopped ? ", stopped by a signal," : "", " and was killed");
        os::send_signal(worker_, SIGKILL);
      }
    }
  }

  verdict gone(const os::process_change& change, const std::string& killed_because) {
    std::string rest;
    os::read_available(reports_.get(), rest);
    told_.add(rest);
    const bool killed = change.what == os::process_change::kind::killed;
    verdict v = judge(told_, change, killed_because);
    if (v.over && v.why.empty()) {
      log_.info("worker ended", {{"process", worker_}, {"attempt", attempt_}});
    } else {
      log_.warn("worker ended", {{"process", worker_},
                                 {"attempt", attempt_},
                                 {killed ? "signal" : "exit_code", change.number},
                                 {"why", v.why}});
    }
    commands_.close();
    reports_.close();
    if (what_.state && told_.crash && told_.crash->doing.empty() && !told_.ended) {
      auto noted = note_crash(env_, what_.state->path(), what_.state->run(), *told_.crash);
      if (!noted) log_.warn("the crash cannot be noted", {{"why", noted.why().text()}});
    }
    return v;
  }

  void hand_on(int signal) {
    last_signal_ = signal;
    if (++stops_ > 2) {
      // A plugin that hangs must not keep the process alive against a person's will.
      log_.error("ended by a third signal: the worker did not stop", {{"signal", signal}});
      os::send_signal(worker_, SIGKILL);
      os::end_by_signal(signal);
    }
    const char order[2] = {static_cast<char>(stops_), static_cast<char>(signal)};
    os::write_all(commands_.get(), {order, sizeof order});
  }

  /// False: told to stop meanwhile.
  bool wait(std::int64_t delay_us) {
    for (const std::int64_t end = now_us() + delay_us; now_us() < end;) {
      const auto woken = signals_.wait(-1, (end - now_us() + 999) / 1000);
      if (woken.stops.empty()) continue;
      last_signal_ = woken.stops.front();
      return false;
    }
    return true;
  }

  supervised_end over(const verdict& v) {
    keep(v.status);
    supervised_end end{v.code, v.output, v.why};
    // The worker knows how it ended but not which signal a person sent.
    if (v.status == run_status::stopped && v.code != 0 && last_signal_ != 0) end.code = 128 + last_signal_;
    return end;
  }

  supervised_end stopped_while_waiting(const verdict& v) {
    keep(run_status::failed);
    return {128 + last_signal_, v.output, cat("stopped while it waited to restart after: ", v.why)};
  }

  supervised_end failed(const base::error& why) {
    keep(run_status::failed);
    return {70, "", why.text()};
  }

  void keep(run_status how) {
    if (!what_.state) return;
    if (auto kept = what_.state->end(how); !kept) log_.error(kept.why());
  }

  std::int64_t now_us() { return env_.monotonic_ns() / 1000; }

  const supervised_run& what_;
  base::env& env_;
  const base::logger log_;
  os::signal_watch signals_;
  restart_policy policy_;
  os::descriptor text_;
  std::int64_t worker_ = 0;
  std::uint64_t attempt_ = 0;
  os::descriptor commands_, reports_;
  report_reader told_;
  int stops_ = 0, last_signal_ = 0;
  std::uint64_t taken_back_ = 0;  // the newest change whose version ended a worker
};

}  // namespace

supervised_end supervise(const supervised_run& what, base::env& env) { return supervisor(what, env).run(); }

}  // namespace weir::supervisor
