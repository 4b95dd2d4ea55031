#include "plugin/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace weir::plugin {
namespace {

constexpr std::size_t most_answer = std::size_t{64} << 20;
constexpr std::size_t most_output = 4096;
constexpr int answered = 0, refused_to_answer = 70;
/// What an answer ends with: without it the child died while it was writing.
constexpr char end_mark = '\n';

class descriptor {
 public:
  explicit descriptor(int fd = -1) : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }
  int get() const { return fd_; }
  void set(int fd) { close(), fd_ = fd; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

/// The child's side; never returns.
[[noreturn]] void be_child(int answer, int output, pid_t parent, const std::function<std::string()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(refused_to_answer);
  const struct rlimit no_core { 0, 0 };
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM, SIGINT}) std::signal(signal, SIG_DFL);
  std::string text = work();
  text += end_mark;
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t n = ::write(answer, text.data() + sent, text.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) ::_exit(refused_to_answer);
    sent += static_cast<std::size_t>(n);
  }
  ::_exit(answered);
}

/// Reads what is there; false at the end.
bool take(int fd, std::string& into) {
  std::array<char, 16 * 1024> room;
  const ssize_t n = ::read(fd, room.data(), room.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  into.append(room.data(), static_cast<std::size_t>(n));
  return n > 0;
}

}  // namespace

base::result<child_result> run_in_child(base::env& env, std::int64_t timeout_us,
                                        const std::function<std::string()>& work) {
  int answer_pipe[2], output_pipe[2];
  if (::pipe2(answer_pipe, O_CLOEXEC) != 0) return base::errno_error(errno, "create", "a pipe");
  descriptor answer(answer_pipe[0]), answer_in(answer_pipe[1]);
  if (::pipe2(output_pipe, O_CLOEXEC) != 0) return base::errno_error(errno, "create", "a pipe");
  descriptor output(output_pipe[0]), output_in(output_pipe[1]);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return base::errno_error(errno, "start", "a child process");
  if (child == 0) be_child(answer_in.get(), output_in.get(), parent, work);
  answer_in.close();
  output_in.close();

  child_result result;
  const std::int64_t end = env.monotonic_ns() + timeout_us * 1000;
  bool killed = false, answer_open = true, output_open = true;
  // A grandchild may hold the output open for ever: the answer's end is what counts.
  while (answer_open) {
    const std::int64_t left_ms = (end - env.monotonic_ns() + 999'999) / 1'000'000;
    if (left_ms <= 0) {
      ::kill(child, SIGKILL);
      killed = true;
      break;
    }
    std::array<pollfd, 2> waiting{pollfd{answer.get(), POLLIN, 0}, pollfd{output_open ? output.get() : -1, POLLIN, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(std::min<std::int64_t>(left_ms, 1000)));
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) output_open = take(output.get(), result.output);
    if (waiting[0].revents != 0) answer_open = take(answer.get(), result.answer);
    if (result.output.size() > most_output) result.output.erase(0, result.output.size() - most_output);
    if (result.answer.size() > most_answer) answer_open = false;
  }
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  for (int i = 0; output_open && i < 64; ++i) {
    std::string more;
    if (!take(output.get(), more) || more.empty()) break;
    result.output += more;
    if (result.output.size() > most_output) result.output.erase(0, result.output.size() - most_output);
  }

  int status = 0;
  pid_t done;
  do done = ::waitpid(child, &status, 0);
  while (done < 0 && errno == EINTR);
  if (done < 0) return base::errno_error(errno, "wait for", "a child process");
  if (killed) {
    result.how = child_result::ending::timed_out;
  } else if (WIFSIGNALED(status)) {
    result.how = child_result::ending::signalled;
    result.number = WTERMSIG(status);
  } else if (WEXITSTATUS(status) != answered || result.answer.empty() || result.answer.back() != end_mark) {
    result.how = child_result::ending::exited;
    result.number = WEXITSTATUS(status);
  } else {
    result.answer.pop_back();
  }
  return result;
}

}  // namespace weir::plugin
