#include "supervisor/os_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.hpp"

namespace weir::supervisor::os {

using base::errno_error;

namespace {

constexpr int cannot_exec = 127;

/// The child's side between fork and exec: only what is safe after a fork.
[[noreturn]] void become(char* const* arguments, const std::vector<int>& inherited, const sigset_t& mask,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(cannot_exec);
  for (const int fd : inherited) ::fcntl(fd, F_SETFD, 0);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGINT, &ignore, nullptr);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execv("/proc/self/exe", arguments);
  ::_exit(cannot_exec);
}

bool wait_ready(pollfd* what, nfds_t count, std::int64_t timeout_ms) {
  const int limit = static_cast<int>(std::clamp<std::int64_t>(timeout_ms, -1, 3'600'000));
  return ::poll(what, count, limit) > 0;
}

}  // namespace

descriptor::descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
void descriptor::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

base::result<descriptor> memory_file(const std::string& name, const std::string& text) {
  descriptor made(::memfd_create(name.c_str(), MFD_CLOEXEC));
  if (made.get() < 0) return errno_error(errno, "create", "a file in memory");
  if (!write_all(made.get(), text)) return errno_error(errno, "write", "a file in memory");
  return made;
}

signal_watch::signal_watch() {
  sigset_t mine;
  sigemptyset(&mine);
  for (const int s : {SIGINT, SIGTERM, SIGCHLD, SIGPIPE}) sigaddset(&mine, s);
  ::pthread_sigmask(SIG_BLOCK, &mine, &before_);
  sigdelset(&mine, SIGPIPE);  // a worker that is gone is seen otherwise
  fd_ = ::signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
  WEIR_CHECK(fd_ >= 0, "no descriptor for signals");
}

signal_watch::~signal_watch() {
  ::close(fd_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

signal_watch::woken signal_watch::wait(int also, std::int64_t timeout_ms) {
  woken w;
  pollfd polled[2] = {{fd_, POLLIN, 0}, {also, POLLIN, 0}};
  if (!wait_ready(polled, 2, timeout_ms)) return w;
  w.readable = polled[1].revents != 0;
  signalfd_siginfo info;
  while (::read(fd_, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) {
      w.child = true;
    } else {
      w.stops.push_back(static_cast<int>(info.ssi_signo));
    }
  }
  return w;
}

base::result<std::int64_t> start_this_program(const process_start& how) {
  std::vector<char*> arguments;
  for (const auto& a : how.arguments) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  sigset_t mask = *how.mask;
  sigaddset(&mask, SIGTERM);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return errno_error(errno, "start", "a worker process");
  if (child == 0) become(arguments.data(), how.inherited, mask, parent);
  return child;
}

base::result<std::int64_t> start_shell(const std::string& command, const sigset_t& before) {
  std::string shell = "/bin/sh", flag = "-c", what = command;
  char* argv[] = {shell.data(), flag.data(), what.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, 2, 1);
  ::posix_spawnattr_setsigmask(&attributes, &before);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, shell.c_str(), &files, &attributes, argv, environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return errno_error(failed, "start", shell);
  return std::int64_t{child};
}

base::result<program_end> run_this_program(const std::vector<std::string>& arguments, const std::string& input,
                                           std::int64_t timeout_ms) {
  const descriptor in = WEIR_TRY(memory_file("input", input));
  const descriptor out = WEIR_TRY(memory_file("output", ""));
  if (::lseek(in.get(), 0, SEEK_SET) != 0) return errno_error(errno, "read", "a file in memory");
  std::vector<char*> argv;
  for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, in.get(), 0);
  ::posix_spawn_file_actions_adddup2(&files, out.get(), 1);
  ::posix_spawn_file_actions_adddup2(&files, out.get(), 2);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &files, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return errno_error(failed, "start", "a process");
  program_end end;
  for (std::int64_t waited_ms = 0; !end.how; waited_ms += 2) {
    if (waited_ms >= timeout_ms) {
      ::kill(child, SIGKILL);
      while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
      }
      break;
    }
    ::poll(nullptr, 0, 2);
    end.how = poll_process(child);
    if (end.how && (end.how->what == process_change::kind::stopped || end.how->what == process_change::kind::continued))
      end.how.reset();
  }
  end.output.resize(1 << 20);
  const ssize_t size = ::pread(out.get(), end.output.data(), end.output.size(), 0);
  end.output.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return end;
}

void end_after(unsigned seconds) { ::alarm(seconds); }

std::optional<process_change> poll_process(std::int64_t id) {
  int status = 0;
  pid_t done;
  do done = ::waitpid(static_cast<pid_t>(id), &status, WNOHANG | WUNTRACED | WCONTINUED);
  while (done < 0 && errno == EINTR);
  if (done <= 0) return std::nullopt;
  using kind = process_change::kind;
  if (WIFEXITED(status)) return process_change{kind::exited, WEXITSTATUS(status)};
  if (WIFSIGNALED(status)) return process_change{kind::killed, WTERMSIG(status)};
  if (WIFSTOPPED(status)) return process_change{kind::stopped, WSTOPSIG(status)};
  return process_change{kind::continued, 0};
}

void send_signal(std::int64_t id, int signal) { ::kill(static_cast<pid_t>(id), signal); }

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  std::raise(signal);
  ::_exit(128 + signal);
}

void end_now(int code) { ::_exit(code); }

base::result<pipe_ends> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error(errno, "create", "a pipe");
  return pipe_ends{descriptor(ends[0]), descriptor(ends[1])};
}

bool read_available(int fd, std::string& into) {
  char room[16 * 1024];
  for (;;) {
    pollfd polled{fd, POLLIN, 0};
    if (!wait_ready(&polled, 1, 0)) return true;
    const ssize_t n = ::read(fd, room, sizeof room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return false;
    into.append(room, static_cast<std::size_t>(n));
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void close_on_exec(int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); }
bool is_open(int fd) { return fd >= 0 && ::fcntl(fd, F_GETFD) >= 0; }

command_watch::command_watch(int commands) : commands_(commands) {
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &terminate, nullptr);
  signals_ = ::signalfd(-1, &terminate, SFD_CLOEXEC | SFD_NONBLOCK);
  quit_ = ::eventfd(0, EFD_CLOEXEC);
  WEIR_CHECK(signals_ >= 0 && quit_ >= 0, "no descriptors for signals");
}

command_watch::~command_watch() {
  ::close(signals_);
  ::close(quit_);
}

command_watch::woken command_watch::wait(std::int64_t timeout_ms) {
  woken w;
  pollfd polled[3] = {{commands_, POLLIN, 0}, {signals_, POLLIN, 0}, {quit_, POLLIN, 0}};
  if (!wait_ready(polled, 3, timeout_ms)) return w;
  w.quit = polled[2].revents != 0;
  signalfd_siginfo info;
  while (::read(signals_, &info, sizeof info) == sizeof info) w.terminate = true;
  if (polled[0].revents != 0) w.end = !read_available(commands_, w.commands);
  return w;
}

void command_watch::quit() { ::eventfd_write(quit_, 1); }

}  // namespace weir::supervisor::os
