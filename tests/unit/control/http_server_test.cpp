#include "control/http_server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace weir::control {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

http_response echo(std::string_view path) { return {200, "text/plain", std::string(path) + "\n"}; }

std::unique_ptr<http_server> serve(http_options options = {}, http_server::handler answer = echo) {
  return http_server::start(std::move(options), std::move(answer), base::real_env()).take();
}

// A connection that fails a read after a minute instead of hanging the test for ever.
class client {
 public:
  explicit client(const http_server& to) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(to.port());
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval minute{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  ~client() { ::close(fd_); }
  bool connected() const { return connected_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  std::string read_all() {
    std::string out;
    char buffer[4096];
    for (;;) {
      const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
      if (n <= 0) return n == 0 ? out : out + "<read failed>";
      out.append(buffer, static_cast<std::size_t>(n));
    }
  }

 private:
  int fd_;
  bool connected_ = false;
};

std::string ask(const http_server& of, std::string_view request) {
  client c(of);
  EXPECT_TRUE(c.connected());
  EXPECT_TRUE(c.send(request));
  return c.read_all();
}

TEST(HttpServer, AnswersAGetWithThePathAndALength) {
  auto s = serve();
  const auto answer = ask(*s, "GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 9\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n/metrics\n"));
}

TEST(HttpServer, SendsNoBodyForHead) {
  auto s = serve();
  const auto answer = ask(*s, "HEAD /metrics HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST(HttpServer, RefusesOtherMethodsAndGarbage) {
  auto s = serve();
  EXPECT_THAT(ask(*s, "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(ask(*s, "hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(*s, "GET /x SPDY/3\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(*s, "GET  HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(*s, std::string("\0\0\0\0\r\n\r\n", 8)), StartsWith("HTTP/1.1 400 "));
}

TEST(HttpServer, BoundsARequestsLength) {
  auto s = serve({.most_request_bytes = 1000});
  EXPECT_THAT(ask(*s, "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, GivesUpOnAPeerThatNeverFinishesItsRequest) {
  auto s = serve({.request_timeout_ms = 50});
  EXPECT_THAT(ask(*s, "GET /metrics HTT"), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpServer, TellsConnectionsBeyondTheBoundToComeBack) {
  auto s = serve({.most_connections = 2, .request_timeout_ms = 120'000});
  client a(*s), b(*s);
  ASSERT_TRUE(a.send("GET /a HTTP/1.1\r\n") && b.send("GET /b HTTP/1.1\r\n"));
  EXPECT_THAT(ask(*s, ""), StartsWith("HTTP/1.1 503 "));
  ASSERT_TRUE(a.send("\r\n"));
  EXPECT_THAT(a.read_all(), HasSubstr("/a\n"));
}

TEST(HttpServer, SendsABodyLargerThanTheSocketsBuffer) {
  const std::string body(8'000'000, 'x');
  auto s = serve({.response_timeout_ms = 120'000}, [&](std::string_view) {
    return http_response{200, "text/plain", body};
  });
  const auto answer = ask(*s, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_GT(answer.size(), body.size());
  EXPECT_TRUE(answer.ends_with(body));
}

TEST(HttpServer, CutsOffAPeerThatDoesNotTakeItsAnswer) {
  const std::string body(64'000'000, 'x');
  http_options one_place{.most_connections = 1, .response_timeout_ms = 50};
  auto s = serve(one_place, [&](std::string_view) { return http_response{200, "text/plain", body}; });
  client slow(*s);
  ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\n\r\n"));
  // The one place is free again when the slow one is gone; until then others are sent away.
  for (std::string answer; !answer.starts_with("HTTP/1.1 405 ");) {
    client other(*s);
    if (other.send("BREW / HTTP/1.1\r\n\r\n")) answer = other.read_all();
  }
  EXPECT_LT(slow.read_all().size(), body.size());
}

TEST(HttpServer, StopsWhileConnectionsAreOpen) {
  auto s = serve();
  client a(*s);
  ASSERT_TRUE(a.send("GET /a HTTP"));
  s.reset();
  a.read_all();  // ends: the server closed it
}

TEST(HttpServer, SaysThatAPortIsTaken) {
  auto s = serve();
  auto second = http_server::start({.port = s->port()}, echo, base::real_env());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.why().text(), HasSubstr("another program does"));
  EXPECT_EQ(second.why().by, base::blame::external);
}

TEST(ParseListen, TakesPortsAndAddresses) {
  struct row {
    const char* text;
    const char* address;
    int port;
  };
  for (const auto& [text, address, port] : std::vector<row>{{"9100", "127.0.0.1", 9100},
                                                            {":0", "127.0.0.1", 0},
                                                            {"0.0.0.0:1", "0.0.0.0", 1},
                                                            {"[::1]:65535", "::1", 65535}}) {
    auto got = parse_listen(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(got->address, address);
    EXPECT_EQ(got->port, port);
  }
  for (const char* bad : {"", "x", "65536", "-1", "localhost:1", "::1:9100", "1.2.3.4:", "1.2.3:80"})
    EXPECT_FALSE(parse_listen(bad)) << bad;
}

}  // namespace
}  // namespace weir::control
