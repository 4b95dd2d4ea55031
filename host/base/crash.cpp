#include "base/crash.hpp"

#include <unistd.h>

#include <csignal>
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
    std::memcpy(text_ + size_, text.data(), n);
    size_ += n;
    return *this;
  }
  line& operator<<(std::uint32_t number) {
    char digits[10];
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
  char text_[1024];
  std::size_t size_ = 0;
};

void crashed(int signal) {
  // The second crash is the last one, also one in here.
  std::signal(signal, SIG_DFL);
  const activity* in = this_thread_activity.current.load(std::memory_order_relaxed);
  const std::string_view what = hang_reported() ? "a call that does not return" : name_of(signal);
  if (const int to = record_descriptor.load(); to >= 0) {
    line record;
    // Another thread may be in the middle of a line.
    record << "\n{\"crash\":";
    record.quoted(what);
    if (in) {
      record << ",\"plugin\":";
      record.quoted(in->plugin) << ",\"version\":";
      record.quoted(in->version) << ",\"operator\":";
      record.quoted(in->operator_id) << ",\"subtask\":" << in->subtask;
    }
    record << "}\n";
    record.write(to);
  }
  line out;
  out << "weir: crashed (" << what << ") ";
  if (in)
    out << "in plugin " << in->plugin << " " << in->version << ", operator " << in->operator_id << "/" << in->subtask
        << " of pipeline " << in->pipeline
        << ": its code is the likeliest cause; use another version of it, and send this line to its author\n";
  else
    out << "while no operator was running: a plugin that was being loaded or bound (weir plugin verify finds it), or "
           "weir itself\n";
  out.write(STDERR_FILENO);
  std::raise(signal);
}

}  // namespace

void install_crash_report() {
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
