#include "control/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::control {
namespace {

using base::cat;

class owned_fd {
 public:
  owned_fd() = default;
  explicit owned_fd(int fd) : fd_(fd) {}
  owned_fd(owned_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  owned_fd& operator=(owned_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~owned_fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct bound_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

base::result<bound_address> address_of(const http_options& options) {
  bound_address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, options.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(options.port);
    out.size = sizeof *v4;
  } else if (::inet_pton(AF_INET6, options.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(options.port);
    out.size = sizeof *v6;
  } else {
    return base::config_error(
        cat(base::quoted(options.address), " is not a numeric address; use one like 127.0.0.1 or [::1]"));
  }
  return out;
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

std::string bytes_of(const http_response& r, bool with_body) {
  auto out = cat("HTTP/1.1 ", r.status, " ", reason_of(r.status), "\r\nContent-Type: ", r.content_type,
                 "\r\nContent-Length: ", r.body.size(), "\r\nConnection: close\r\nCache-Control: no-store\r\n",
                 r.status == 405 ? "Allow: GET, HEAD\r\n" : "", "X-Content-Type-Options: nosniff\r\n\r\n");
  if (with_body) out += r.body;
  return out;
}

struct connection {
  owned_fd fd;
  std::string in, out;
  std::size_t sent = 0;
  std::int64_t deadline_ns = 0;
  // The answer is sent and our side is closed: what the peer still says is read and dropped until it closes too,
  // because closing with unread bytes resets the connection and may destroy the answer on its way.
  bool draining = false;
};

class listening_server final : public http_server {
 public:
  listening_server(http_options options, handler answer, base::env& clock, owned_fd listener, owned_fd stop,
                   std::uint16_t port)
      : options_(std::move(options)),
        answer_(std::move(answer)),
        clock_(clock),
        listener_(std::move(listener)),
        stop_(std::move(stop)),
        port_(port),
        thread_([this] { serve(); }) {}

  ~listening_server() override {
    const std::uint64_t one = 1;
    // An eventfd takes a write of 8 bytes whole.
    [[maybe_unused]] const auto n = ::eventfd_write(stop_.get(), one);
    thread_.join();
  }

  std::uint16_t port() const override { return port_; }

 private:
  void serve() {
    std::vector<pollfd> polled;
    for (;;) {
      polled.clear();
      polled.push_back({stop_.get(), POLLIN, 0});
      // When all places are taken one more is accepted, to be told so; further ones wait in the kernel's queue.
      const bool accepting = connections_.size() <= options_.most_connections;
      polled.push_back({listener_.get(), static_cast<short>(accepting ? POLLIN : 0), 0});
      for (const auto& c : connections_)
        polled.push_back({c.fd.get(), static_cast<short>(c.out.empty() || c.draining ? POLLIN : POLLOUT), 0});
      if (::poll(polled.data(), polled.size(), connections_.empty() ? -1 : 200) < 0 && errno != EINTR) return;
      if (polled[0].revents != 0) return;
      const auto now = clock_.monotonic_ns();
      for (std::size_t i = 0; i < connections_.size(); ++i) {
        if (!step(connections_[i], polled[i + 2].revents, now)) connections_[i].fd = owned_fd();
      }
      std::erase_if(connections_, [](const connection& c) { return c.fd.get() < 0; });
      if (polled[1].revents != 0) accept_one(now);
    }
  }

  void accept_one(std::int64_t now) {
    owned_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.get() < 0) {
      // No descriptors left: the pending connection keeps the listener readable, so do not spin on it.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) ::poll(nullptr, 0, 50);
      return;
    }
    connection c;
    c.fd = std::move(fd);
    c.deadline_ns = now + options_.request_timeout_ms * 1'000'000;
    if (connections_.size() >= options_.most_connections)
      respond(c, {503, "text/plain; charset=utf-8", "too many connections\n"}, true, now);
    connections_.push_back(std::move(c));
  }

  void respond(connection& c, const http_response& r, bool with_body, std::int64_t now) {
    c.out = bytes_of(r, with_body);
    c.deadline_ns = now + options_.response_timeout_ms * 1'000'000;
  }

  // False: done with this connection.
  bool step(connection& c, short events, std::int64_t now) {
    if ((events & (POLLERR | POLLNVAL)) != 0) return false;
    if (c.draining) return drain(c) && now < c.deadline_ns;
    if (c.out.empty()) {
      if ((events & (POLLIN | POLLHUP)) != 0 && !receive(c, now)) return false;
      if (c.out.empty() && now >= c.deadline_ns)
        respond(c, {408, "text/plain; charset=utf-8", "no complete request in time\n"}, true, now);
      if (c.out.empty()) return true;
    }
    return send_some(c) && now < c.deadline_ns;
  }

  static bool drain(connection& c) {
    char buffer[4096];
    const auto n = ::recv(c.fd.get(), buffer, sizeof buffer, 0);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
  }

  bool receive(connection& c, std::int64_t now) {
    char buffer[4096];
    const auto n = ::recv(c.fd.get(), buffer, sizeof buffer, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    c.in.append(buffer, static_cast<std::size_t>(n));
    const auto end = c.in.find("\r\n\r\n");
    if (end == std::string::npos ? c.in.size() > options_.most_request_bytes : end > options_.most_request_bytes) {
      respond(c, {431, "text/plain; charset=utf-8", "request too long\n"}, true, now);
    } else if (end != std::string::npos) {
      answer(c, std::string_view(c.in).substr(0, c.in.find("\r\n")), now);
    }
    return true;
  }

  void answer(connection& c, std::string_view line, std::int64_t now) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || last <= first + 1 || !line.substr(last + 1).starts_with("HTTP/1.") ||
        line[first + 1] != '/') {
      return respond(c, {400, "text/plain; charset=utf-8", "not an HTTP/1 request\n"}, true, now);
    }
    const auto method = line.substr(0, first);
    auto path = line.substr(first + 1, last - first - 1);
    path = path.substr(0, path.find('?'));
    if (method != "GET" && method != "HEAD") {
      return respond(c, {405, "text/plain; charset=utf-8", "GET and HEAD only\n"}, true, now);
    }
    respond(c, answer_(path), method == "GET", now);
  }

  static bool send_some(connection& c) {
    while (c.sent < c.out.size()) {
      const auto n = ::send(c.fd.get(), c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN || errno == EINTR;
      c.sent += static_cast<std::size_t>(n);
    }
    ::shutdown(c.fd.get(), SHUT_WR);
    c.draining = true;
    return true;
  }

  const http_options options_;
  const handler answer_;
  base::env& clock_;
  owned_fd listener_, stop_;
  std::uint16_t port_;
  std::vector<connection> connections_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

base::result<std::unique_ptr<http_server>> http_server::start(http_options options, handler answer, base::env& clock) {
  auto address = WEIR_TRY(address_of(options));
  const auto name = address.storage.ss_family == AF_INET6 ? cat("[", options.address, "]:", options.port)
                                                          : cat(options.address, ":", options.port);
  owned_fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return base::errno_error(errno, "open", "a socket");
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), address.size) != 0) {
    if (errno == EADDRINUSE)
      return base::external_error(
          cat("cannot listen on ", name, ": another program does; give another port, or 0 for any free one"));
    return base::errno_error(errno, "listen on", name);
  }
  if (::listen(fd.get(), 64) != 0) return base::errno_error(errno, "listen on", name);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0)
    return base::errno_error(errno, "listen on", name);
  const auto port =
      ntohs(address.storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port
                                                  : reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
  owned_fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stop.get() < 0) return base::errno_error(errno, "open", "an eventfd");
  return std::unique_ptr<http_server>(std::make_unique<listening_server>(std::move(options), std::move(answer), clock,
                                                                         std::move(fd), std::move(stop), port));
}

base::result<http_options> parse_listen(std::string_view text) {
  http_options out;
  std::string_view address, port = text;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    address = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (address.starts_with('[') && address.ends_with(']')) {
      address = address.substr(1, address.size() - 2);
    } else if (address.find(':') != std::string_view::npos) {
      return base::config_error(cat(base::quoted(text), ": put an IPv6 address in brackets, as in [::1]:9100"));
    }
  }
  auto number = base::parse_uint64(port);
  if (!number || *number > 65535) {
    return base::config_error(
        cat(base::quoted(text),
            " is not an address to listen on; write a port (0 to 65535), or ADDRESS:PORT as in 127.0.0.1:9100"));
  }
  if (!address.empty()) out.address = address;
  out.port = static_cast<std::uint16_t>(*number);
  (void)WEIR_TRY(address_of(out));
  return out;
}

}  // namespace weir::control
