#include "base/crash.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/hang_watch.hpp"

namespace weir::base {
namespace {

constexpr std::size_t stack_bytes = 64 << 10;
constexpr int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

std::string_view name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "segmentation fault";
    case SIGBUS:
      return "bus error";
    case SIGILL:
      return "illegal instruction";
    case SIGFPE:
      return "arithmetic error";
    default:
      return "abort";
  }
}

std::atomic<int> record_descriptor{-1};

/// A line in a buffer of its own: nothing here may allocate or lock.
class line {
 public:
  line& operator<<(std::string_view text) {
    const std::size_t n = text.size() < sizeof text_ - size_ ? text.size() : sizeof text_ - size_;
    if (n > 0) std::memcpy(text_ + size_, text.data(), n);
    size_ += n;
    return *this;
  }
  line& operator<<(std::uint64_t number) {
    char digits[20];
    std::size_t at = sizeof digits;
    do digits[--at] = static_cast<char>('0' + number % 10);
    while (number /= 10);
    return *this << std::string_view{digits + at, sizeof digits - at};
  }
  /// As a JSON string; what would need an escape becomes a question mark.
  line& quoted(std::string_view text) {
    *this << "\"";
    for (const char c : text) {
      const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
      *this << std::string_view(plain ? &c : "?", 1);
    }
    return *this << "\"";
  }
  void write(int to) const {
    for (std::size_t done = 0; done < size_;) {
      const ssize_t n = ::write(to, text_ + done, size_ - done);
      if (n <= 0) return;
      done += static_cast<std::size_t>(n);
    }
  }

 private:
  char text_[2048];  // a path and some words
  std::size_t size_ = 0;
};

/// Empty: a subtask was at work.
std::string_view name_of(activity::kind what) {
  switch (what) {
    case activity::kind::working:
      break;
    case activity::kind::loading:
      return "was being loaded";
    case activity::kind::binding:
      return "was in bind()";
    case activity::kind::unloading:
      return "was being unloaded";
  }
  return {};
}

/// Where the thread is: "in plugin risk 1.2.0, ...", with what to do.
void tell_place(line& out, const activity& in) {
  if (in.what == activity::kind::working) {
    out << "in plugin " << in.plugin << " " << in.version << ", operator " << in.operator_id << "/"
        << std::uint64_t{in.subtask} << " of pipeline " << in.pipeline << ": its code is the likeliest cause";
  } else {
    out << "while plugin " << in.plugin << (in.version.empty() ? "" : " ") << in.version << " " << name_of(in.what);
    if (!in.operator_id.empty()) out << " of " << in.operator_id;
    out << (in.what == activity::kind::binding ? ": its code is the likeliest cause"
                                               : ": its static objects or weir_plugin_v1() are the likeliest cause");
  }
  out << "; use another version of it, and send this line to its author\n";
}

void write_record(const activity* in, std::string_view what) {
  const int to = record_descriptor.load();
  if (to < 0) return;
  line record;
  // Another thread may be in the middle of a line.
  record << "\n{\"crash\":";
  record.quoted(what);
  if (in) {
    record << ",\"plugin\":";
    record.quoted(in->plugin);
    if (const std::string_view doing = name_of(in->what); !doing.empty()) {
      record << ",\"while\":";
      record.quoted(doing);
    }
    record << ",\"version\":";
    record.quoted(in->version) << ",\"operator\":";
    record.quoted(in->operator_id) << ",\"subtask\":" << std::uint64_t{in->subtask};
    if (in->record != 0) record << ",\"record\":" << in->record;
  }
  record << "}\n";
  record.write(to);
}

void crashed(int signal) {
  // The second crash is the last one, also one in here.
  std::signal(signal, SIG_DFL);
  const activity* in = this_thread_activity.current.load(std::memory_order_relaxed);
  const std::string_view what = hang_reported() ? "a call that does not return" : name_of(signal);
  write_record(in, what);
  line out;
  out << "weir: crashed (" << what << ") ";
  if (in)
    tell_place(out, *in);
  else
    out << "while no plugin was running: weir itself is the likeliest cause, or a plugin that damaged its memory or "
           "started a thread\n";
  out.write(STDERR_FILENO);
  std::raise(signal);
}

/// Runs when the process ends by exit(). Nobody in the host calls that from inside a plugin.
void exited() {
  const activity* in = this_thread_activity.current.load(std::memory_order_relaxed);
  if (!in) return;
  write_record(in, "a call of exit()");
  line out;
  out << "weir: a plugin ended the process by exit() ";
  tell_place(out, *in);
  out.write(STDERR_FILENO);
  ::_exit(70);
}

}  // namespace

void install_crash_report() {
  std::atexit(exited);
  for (const int signal : crashes) {
    struct sigaction old {};
    if (::sigaction(signal, nullptr, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    struct sigaction ours {};
    ours.sa_handler = &crashed;
    ours.sa_flags = SA_ONSTACK;
    ::sigaction(signal, &ours, nullptr);
  }
}

void set_crash_record(int descriptor) { record_descriptor.store(descriptor); }

crash_stack::crash_stack() {
  watch_this_thread();
  stack_t old{};
  if (::sigaltstack(nullptr, &old) != 0 || !(old.ss_flags & SS_DISABLE)) return;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(stack_bytes);
  stack_t ours{};
  ours.ss_sp = memory_.get();
  ours.ss_size = stack_bytes;
  ::sigaltstack(&ours, nullptr);
}

crash_stack::~crash_stack() {
  forget_this_thread();
  if (!memory_) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
}

}  // namespace weir::base
