#include "control/control_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/cat.hpp"
#include "supervisor/json_member.hpp"
#include "supervisor/os_process.hpp"

namespace weir::control {
namespace {

using base::cat;
using supervisor::text_of;
using json = nlohmann::json;
using supervisor::os::descriptor;

constexpr std::size_t longest_line = 8 << 20;  ///< a pipeline file may be in it
constexpr std::size_t most_requests = 16;
constexpr std::int64_t talk_ms = 5000;  ///< that a peer may take to say or hear a line

std::string line_of(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"; }

json refusal(const base::error& why) {
  return {{"ok", false},
          {"error",
           {{"by", base::name_of(why.by)}, {"how", base::name_of(why.how)}, {"what", why.what}, {"where", why.where}}}};
}

std::vector<std::string> texts_of(const json& j, const char* key) {
  std::vector<std::string> out;
  const auto at = j.find(key);
  if (at == j.end() || !at->is_array()) return out;
  for (const auto& item : *at)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

/// Of the process at the other end: "alice (uid 1000, process 4711)".
std::string peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return "unknown";
  std::vector<char> room(16384);
  passwd of{};
  passwd* found = nullptr;
  ::getpwuid_r(peer.uid, &of, room.data(), room.size(), &found);
  return cat(found ? found->pw_name : "?", " (uid ", peer.uid, ", process ", peer.pid, ")");
}

/// A path below a directory that may be longer than a socket's address can hold.
class socket_address {
 public:
  static base::result<socket_address> in(const std::string& directory) {
    socket_address a;
    a.directory_ = descriptor(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (a.directory_.get() < 0) return base::errno_error(errno, "open", directory);
    const auto path = cat("/proc/self/fd/", a.directory_.get(), "/control.sock");
    a.address_.sun_family = AF_UNIX;
    std::memcpy(a.address_.sun_path, path.c_str(), path.size() + 1);
    return a;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t size = sizeof(sockaddr_un);
  const char* path() const { return address_.sun_path; }

 private:
  descriptor directory_;
  sockaddr_un address_{};
};

void limit_waits(int fd, std::int64_t receive_ms) {
  const timeval send{talk_ms / 1000, 0}, receive{receive_ms / 1000, receive_ms % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive);
}

bool send_line(int fd, std::string_view line) {
  while (!line.empty()) {
    const auto n = ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    line.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Without its newline; false: none came in time or whole.
bool receive_line(int fd, std::string& line, std::size_t most) {
  char room[4096];
  while (line.size() <= most) {
    const auto n = ::recv(fd, room, sizeof room, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    line.append(room, static_cast<std::size_t>(n));
    if (const auto end = line.find('\n'); end != std::string::npos) {
      line.resize(end);
      return true;
    }
  }
  return false;
}

class server final : public control_server {
 public:
  server(controlled& of, descriptor listener, socket_address address, descriptor stop)
      : of_(of), listener_(std::move(listener)), address_(std::move(address)), stop_(std::move(stop)), thread_([this] {
          serve();
        }) {}

  ~server() override {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
    ::unlink(address_.path());
    for (auto& r : requests_) r.thread.join();
  }

 private:
  struct request {
    std::atomic<bool> done{false};
    std::thread thread;
  };

  void serve() {
    for (;;) {
      pollfd polled[2] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      if (::poll(polled, 2, -1) < 0 && errno != EINTR) return;
      if (polled[0].revents != 0) return;
      if (polled[1].revents == 0) continue;
      descriptor peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) {
        ::poll(nullptr, 0, 50);  // no descriptors left: the pending connection keeps the listener readable
        continue;
      }
      requests_.remove_if([](request& r) { return r.done && (r.thread.join(), true); });
      if (!is_mine(peer.get()) || requests_.size() >= most_requests) continue;
      request& r = requests_.emplace_back();
      r.thread = std::thread([this, &r, fd = std::move(peer)] {
        talk(fd.get());
        r.done = true;
      });
    }
  }

  // The mode of the socket keeps others out already; not every file system does.
  static bool is_mine(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
  }

  void talk(int fd) {
    limit_waits(fd, talk_ms);
    std::string line;
    if (receive_line(fd, line, longest_line)) send_line(fd, line_of(answer(line, fd)));
  }

  json answer(const std::string& line, int fd) {
    const auto asked = json::parse(line, nullptr, false);
    const auto what = asked.is_object() ? text_of(asked, "do") : std::string();
    if (what == "status") return {{"ok", true}, {"status", json::parse(of_.status(), nullptr, false)}};
    if (what == "why-no-output") return {{"ok", true}, {"why", json::parse(of_.why_no_output(), nullptr, false)}};
    if (what == "view") {
      const auto directory = text_of(asked, "directory");
      if (!directory.starts_with('/'))
        return refusal(base::config_error("the view's directory must be an absolute path"));
      if (auto done = of_.view(directory); !done) return refusal(done.why());
      return {{"ok", true}, {"view", directory}};
    }
    if (what == "savepoint" || what == "stop") {
      const bool stop = what == "stop";
      const auto directory = text_of(asked, stop ? "savepoint" : "directory");
      if (directory.empty() ? !stop : directory.front() != '/')
        return refusal(base::config_error("the savepoint's directory must be an absolute path"));
      auto done = stop ? of_.stop(directory) : of_.savepoint(directory);
      if (!done) return refusal(done.why());
      return {{"ok", true}, {"savepoint", directory}};
    }
    if (what == "swap" || what == "apply" || what == "plan" || what == "rollback" || what == "promote") {
      change_wish wish{what,
                       texts_of(asked, "operators"),
                       text_of(asked, "plugin"),
                       texts_of(asked, "config"),
                       text_of(asked, "file"),
                       text_of(asked, "text"),
                       texts_of(asked, "sets"),
                       text_of(asked, "probation"),
                       asked.value("wait", true),
                       asked.value("rebuild", false),
                       text_of(asked, "canary"),
                       text_of(asked, "step"),
                       peer_of(fd)};
      auto done = of_.change(wish);
      if (!done) return refusal(done.why());
      return {{"ok", true}, {what == "plan" ? "difference" : "change", json::parse(*done, nullptr, false)}};
    }
    if (what == "shadow" || what == "shadow-report" || what == "shadow-drop") {
      auto done = of_.shadow(what, {text_of(asked, "operator"), text_of(asked, "plugin"), texts_of(asked, "config"),
                                    texts_of(asked, "ignore"), texts_of(asked, "tolerance"), peer_of(fd)});
      if (!done) return refusal(done.why());
      return {{"ok", true}, {"shadow", json::parse(*done, nullptr, false)}};
    }
    return refusal(base::config_error(
        "unknown request; there are status, why-no-output, savepoint, view, stop, swap, apply, plan, rollback, "
        "promote, shadow, shadow-report and shadow-drop"));
  }

  controlled& of_;
  descriptor listener_;
  socket_address address_;
  descriptor stop_;
  std::list<request> requests_;  // of thread_ while it runs
  std::thread thread_;           // last: it uses all of the above
};

base::result<json> ask(const std::string& state_directory, const json& what, std::int64_t timeout_ms) {
  const auto nobody = [&] {
    return base::external_error(cat("nobody answers in ", state_directory,
                                    ": the pipeline does not run, or is just being "
                                    "restarted; see weir ps"));
  };
  auto address = WEIR_TRY(socket_address::in(state_directory));
  const descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return base::errno_error(errno, "open", "a socket");
  limit_waits(fd.get(), timeout_ms);
  if (::connect(fd.get(), address.get(), socket_address::size) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == EAGAIN) return nobody();
    return base::errno_error(errno, "connect to", base::cat(state_directory, "/control.sock"));
  }
  std::string line;
  if (!send_line(fd.get(), line_of(what)) || !receive_line(fd.get(), line, std::size_t{16} << 20))
    return base::external_error(
        cat("the pipeline in ", state_directory, " ended or hangs and did not answer; see its log and weir ps"));
  const auto answer = json::parse(line, nullptr, false);
  if (!answer.is_object()) return base::host_error("the answer is no JSON object");
  if (answer.value("ok", false)) return answer;
  const auto error = answer.find("error");
  if (error == answer.end() || !error->is_object()) return base::host_error("the answer is no answer");
  base::error why{base::blame::host, base::retry::never, text_of(*error, "what"), text_of(*error, "where")};
  for (const auto by : {base::blame::config, base::blame::data, base::blame::external, base::blame::plugin})
    if (text_of(*error, "by") == base::name_of(by)) why.by = by;
  for (const auto how : {base::retry::backoff, base::retry::from_checkpoint})
    if (text_of(*error, "how") == base::name_of(how)) why.how = how;
  return why;
}

}  // namespace

base::result<std::unique_ptr<control_server>> control_server::start(const std::string& state_directory,
                                                                    controlled& of) {
  auto address = WEIR_TRY(socket_address::in(state_directory));
  const std::string where = cat(state_directory, "/control.sock");
  descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (listener.get() < 0) return base::errno_error(errno, "open", "a socket");
  ::unlink(address.path());  // of a worker that died
  // Nobody can connect before listen(), so the mode is right in time.
  if (::bind(listener.get(), address.get(), socket_address::size) != 0 || ::chmod(address.path(), 0600) != 0 ||
      ::listen(listener.get(), 16) != 0)
    return base::errno_error(errno, "listen on", where);
  descriptor stop(::eventfd(0, EFD_CLOEXEC));
  if (stop.get() < 0) return base::errno_error(errno, "open", "an eventfd");
  return std::unique_ptr<control_server>(
      std::make_unique<server>(of, std::move(listener), std::move(address), std::move(stop)));
}

base::result<std::string> ask_status(const std::string& state_directory, std::int64_t timeout_ms) {
  const auto answer = WEIR_TRY(ask(state_directory, {{"do", "status"}}, timeout_ms));
  return answer.value("status", json::object()).dump();
}
base::result<std::string> ask_why_no_output(const std::string& state_directory, std::int64_t timeout_ms) {
  const auto answer = WEIR_TRY(ask(state_directory, {{"do", "why-no-output"}}, timeout_ms));
  return answer.value("why", json::object()).dump();
}
base::result<std::string> ask_savepoint(const std::string& state_directory, const std::string& directory) {
  const auto answer = WEIR_TRY(ask(state_directory, {{"do", "savepoint"}, {"directory", directory}}, 0));
  return text_of(answer, "savepoint");
}
base::result<void> ask_view(const std::string& state_directory, const std::string& directory) {
  WEIR_TRY(ask(state_directory, {{"do", "view"}, {"directory", directory}}, 0));
  return {};
}
base::result<std::string> ask_change(const std::string& state_directory, const change_wish& what) {
  const json j{{"do", what.what},         {"operators", what.operators}, {"plugin", what.plugin},
               {"config", what.config},   {"file", what.file},           {"text", what.text},
               {"sets", what.sets},       {"probation", what.probation}, {"wait", what.wait},
               {"rebuild", what.rebuild}, {"canary", what.canary},       {"step", what.step}};
  const auto answer = WEIR_TRY(ask(state_directory, j, 0));
  return answer.value(what.what == "plan" ? "difference" : "change", json::object()).dump();
}
base::result<std::string> ask_shadow(const std::string& state_directory, const std::string& what,
                                     const shadow_wish& wish) {
  const json j{{"do", what},
               {"operator", wish.operator_id},
               {"plugin", wish.plugin},
               {"config", wish.config},
               {"ignore", wish.ignored},
               {"tolerance", wish.tolerances}};
  const auto answer = WEIR_TRY(ask(state_directory, j, 0));
  return answer.value("shadow", json::object()).dump();
}
base::result<std::string> ask_stop(const std::string& state_directory, const std::string& savepoint) {
  const auto answer = WEIR_TRY(ask(state_directory, {{"do", "stop"}, {"savepoint", savepoint}}, 0));
  return text_of(answer, "savepoint");
}

}  // namespace weir::control
