#pragma once
// A very small HTTP/1.1 server for machines that look: GET and HEAD, one response a connection, no request body,
// everything bounded. It exists so that /metrics and /healthz need no library; it is not meant to serve people or the
// control API.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "base/result.hpp"

namespace weir::control {

struct http_response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct http_options {
  std::string address = "127.0.0.1";  ///< numeric IPv4 or IPv6
  std::uint16_t port = 0;             ///< 0: any free one, see port()

  std::size_t most_connections = 32;          ///< those beyond are answered 503 at once
  std::size_t most_request_bytes = 8 * 1024;  ///< request line and headers; more is answered 431
  std::int64_t request_timeout_ms = 5'000;    ///< from the connection to the end of its headers; then 408
  std::int64_t response_timeout_ms = 10'000;  ///< for the peer to take the answer; then it is cut off
};

/// Serves on one thread of its own from start() until the object is destroyed.
class http_server {
 public:
  /// Called on the server's thread with the path, without query; must not block long.
  using handler = std::function<http_response(std::string_view path)>;

  /// Binds and listens; fails when the address is taken, not an address, or not ours. `clock` outlives the server.
  static base::result<std::unique_ptr<http_server>> start(http_options options, handler answer, base::env& clock);
  virtual ~http_server() = default;

  virtual std::uint16_t port() const = 0;
};

/// "9100", ":9100", "127.0.0.1:9100", "[::1]:9100", "0.0.0.0:9100" -> address and port of `out`; without an address,
/// loopback.
base::result<http_options> parse_listen(std::string_view text);

}  // namespace weir::control
