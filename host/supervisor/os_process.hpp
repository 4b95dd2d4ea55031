#pragma once
// Processes as the supervisor sees them: starting a worker, its two pipes, signals as events.
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace weir::supervisor::os {

/// Closed when destroyed. -1: none.
class descriptor {
 public:
  explicit descriptor(int fd = -1) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor() { close(); }
  int get() const { return fd_; }
  void close();

 private:
  int fd_;
};

/// A file in memory that holds `text`; readers open /proc/self/fd/<n>.
base::result<descriptor> memory_file(const std::string& name, const std::string& text);

/// What a process that changed its state became.
struct process_change {
  enum class kind : std::uint8_t { exited, killed, stopped, continued } what = kind::exited;
  int number = 0;  ///< exit code, or signal
};

/// Signals of this process as events instead of interruptions: SIGINT, SIGTERM, SIGCHLD and SIGPIPE are blocked while
/// it lives. Made before other threads start.
class signal_watch {
 public:
  signal_watch();
  ~signal_watch();
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  struct woken {
    std::vector<int> stops;  ///< SIGINT and SIGTERM that came, in order
    bool child = false;      ///< some child changed its state
    bool readable = false;   ///< the other descriptor has something, or its end
  };
  /// Waits for a signal, for `also` (-1: nothing) to be readable, or this long (-1: for ever).
  woken wait(int also, std::int64_t timeout_ms);

  const sigset_t& before() const { return before_; }  ///< the mask that new processes get

 private:
  sigset_t before_{};
  int fd_ = -1;
};

struct process_start {
  std::vector<std::string> arguments;  ///< argv; the program is this one
  std::vector<int> inherited;          ///< descriptors that it keeps under their numbers
  const sigset_t* mask = nullptr;      ///< its signal mask, with SIGTERM blocked in addition
};

/// Starts this program again. It is killed when the calling thread ends, ignores SIGINT (the terminal sends Ctrl-C to
/// both; the supervisor decides) and has SIGTERM blocked until it listens. Its id.
base::result<std::int64_t> start_this_program(const process_start& how);
/// Starts `/bin/sh -c command` with its stdout on stderr and the signals as `before`. Its id.
base::result<std::int64_t> start_shell(const std::string& command, const sigset_t& before);
/// How a run of this program that somebody waited for has ended.
struct program_end {
  std::optional<process_change> how;  ///< nullopt: it was killed after the timeout
  std::string output;                 ///< stdout and stderr, at most 1 MiB
};
/// [any] Runs this program with `input` as its stdin, and waits for it. Does not copy the memory of this process.
base::result<program_end> run_this_program(const std::vector<std::string>& arguments, const std::string& input,
                                           std::int64_t timeout_ms);
/// Ends this process by SIGALRM after so many seconds, whatever it does.
void end_after(unsigned seconds);
/// What became of it since the last call; nullopt: nothing new. After exited or killed it is gone.
std::optional<process_change> poll_process(std::int64_t id);
void send_signal(std::int64_t id, int signal);
/// Ends this process as the signal would without any handler.
[[noreturn]] void end_by_signal(int signal);
/// Ends this process at once, with nothing cleaned up.
[[noreturn]] void end_now(int code);

struct pipe_ends {
  descriptor read, write;
};
base::result<pipe_ends> make_pipe();
/// Appends what is there now, without waiting. False: the other end is gone.
bool read_available(int fd, std::string& into);
/// All of it, or false: the other end is gone. Does not raise SIGPIPE when that is ignored.
bool write_all(int fd, std::string_view bytes);
void close_on_exec(int fd);
bool is_open(int fd);

/// For the worker: SIGTERM (blocked already) and a pipe.
class command_watch {
 public:
  explicit command_watch(int commands);
  ~command_watch();
  command_watch(const command_watch&) = delete;
  command_watch& operator=(const command_watch&) = delete;
  struct woken {
    bool terminate = false;  ///< SIGTERM came
    std::string commands;    ///< bytes of the pipe
    bool end = false;        ///< of the pipe: the supervisor is gone
    bool quit = false;       ///< quit() was called
  };
  woken wait(std::int64_t timeout_ms);
  void quit();  ///< [any]

 private:
  int commands_, signals_, quit_;
};

}  // namespace weir::supervisor::os
