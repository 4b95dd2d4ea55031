#include "supervisor/worker_link.hpp"

#include <algorithm>
#include <vector>

#include "base/cat.hpp"
#include "base/crash.hpp"
#include "base/hang_watch.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace weir::supervisor {
namespace {

constexpr std::int64_t beat_ms = 1000;
constexpr std::int64_t last_words_ms = 10'000;  ///< that a thread has to report its hang
constexpr int killed_itself = 70;

}  // namespace

std::string to_text(const worker_orders& of) {
  return base::cat(of.commands, ":", of.reports, ":", of.pipeline, ":", of.lock, ":", of.attempt, ":", of.generation,
                   ":", of.state_directory);
}

base::result<worker_orders> parse_worker_orders(const std::string& text) {
  const auto wrong = [] { return base::config_error("--worker is for `weir run` itself: leave it out"); };
  std::vector<std::int64_t> numbers;
  std::size_t at = 0;
  while (numbers.size() < 6) {
    const std::size_t end = text.find(':', at);
    if (end == std::string::npos) return wrong();
    auto n = base::parse_int64(std::string_view(text).substr(at, end - at));
    if (!n) return wrong();
    numbers.push_back(*n);
    at = end + 1;
  }
  worker_orders o{static_cast<int>(numbers[0]),
                  static_cast<int>(numbers[1]),
                  static_cast<int>(numbers[2]),
                  static_cast<int>(numbers[3]),
                  static_cast<std::uint64_t>(numbers[4]),
                  static_cast<std::uint64_t>(numbers[5]),
                  text.substr(at)};
  if (!os::is_open(o.commands) || !os::is_open(o.reports) || !os::is_open(o.pipeline)) return wrong();
  return o;
}

worker_link::worker_link(base::env& env, const worker_orders& orders, std::int64_t hang_timeout_us)
    : env_(env),
      commands_(orders.commands),
      reports_(orders.reports),
      hang_timeout_us_(hang_timeout_us),
      watch_(orders.commands) {
  for (const int fd : {orders.commands, orders.reports, orders.pipeline, orders.lock})
    if (fd >= 0) os::close_on_exec(fd);
  base::set_crash_record(reports_.get());
}

worker_link::~worker_link() {
  watch_.quit();
  if (thread_.joinable()) thread_.join();
  base::set_crash_record(-1);
}

void worker_link::listen(stop_handler what) {
  on_stop_ = std::move(what);
  thread_ = std::thread([this] { serve(); });
}

void worker_link::running() { say(running_line); }
void worker_link::stopping() { say(stopping_line); }
void worker_link::ended(const ended_report& how) { say(to_line(how)); }

void worker_link::say(std::string_view line) {
  const std::lock_guard lock(saying_);
  os::write_all(reports_.get(), line);  // a supervisor that is gone is seen at the other pipe
}

void worker_link::stop(int signal, int times) {
  if (times <= times_) return;
  times_ = times;
  on_stop_(signal, times);
}

void worker_link::serve() {
  std::optional<base::hang_watch> hangs;
  std::int64_t pause_ms = beat_ms;
  if (hang_timeout_us_ > 0) {
    hangs.emplace(hang_timeout_us_ * 1000);
    pause_ms = std::clamp<std::int64_t>(hang_timeout_us_ / 4000, 1, beat_ms);
  }
  for (;;) {
    const auto woken = watch_.wait(pause_ms);
    if (woken.quit) return;
    // A service manager may tell all processes of a service at once: the supervisor counts, here it is never more than
    // the first.
    if (woken.terminate) stop(SIGTERM, 1);
    for (std::size_t i = 0; i + 1 < woken.commands.size(); i += 2)
      stop(static_cast<unsigned char>(woken.commands[i + 1]), woken.commands[i]);
    if (woken.end) os::end_now(killed_itself);  // the kernel should have ended this process already
    say(beat_line);
    if (!hangs || !hangs->look(env_.monotonic_ns())) continue;
    base::logger({.room = "supervisor"})
        .error("a call into a plugin does not return: the worker ends",
               {{"hang_timeout", base::print_duration_us(hang_timeout_us_)}});
    // The thread that hangs ends the process; unless its plugin took even that from it.
    const std::int64_t end = env_.monotonic_ns() + last_words_ms * 1'000'000;
    while (env_.monotonic_ns() < end)
      if (watch_.wait(100).quit) break;
    os::end_now(killed_itself);
  }
}

}  // namespace weir::supervisor
