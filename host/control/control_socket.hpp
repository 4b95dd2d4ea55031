#pragma once
// The door of a running pipeline: a unix socket in its state directory, for its own user. A request is one line of
// JSON, the answer is one line of JSON, then the connection is closed.
//
//   {"do":"status"}                           {"ok":true, "status":{...}}
//   {"do":"why-no-output"}                    {"ok":true, "why":{...}}
//   {"do":"savepoint","directory":"/abs"}     {"ok":true, "savepoint":"/abs"}          when it is complete
//   {"do":"stop","savepoint":"/abs"}          {"ok":true, "savepoint":"/abs"}          when the run is over
//                                             {"ok":false, "error":{"by","how","what","where"}}
// Keys may be added, never changed.
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace weir::control {

/// What the socket controls. Calls come on threads of the server, concurrently.
class controlled {
 public:
  virtual ~controlled() = default;
  /// One JSON object, at once.
  virtual std::string status() = 0;
  /// One JSON object: what holds output back. Takes a second.
  virtual std::string why_no_output() = 0;
  /// Returns when the savepoint is complete, or the run is over without it.
  virtual base::result<void> savepoint(const std::string& directory) = 0;
  /// Drains; returns when the run is over. `savepoint`: a directory that then holds where it ended; empty: none.
  virtual base::result<void> stop(const std::string& savepoint) = 0;
};

class control_server {
 public:
  /// Puts control.sock (mode 0600) into the directory, which the caller has for itself. `of` outlives the server.
  static base::result<std::unique_ptr<control_server>> start(const std::string& state_directory, controlled& of);
  /// Requests in work are answered first.
  virtual ~control_server() = default;
};

/// Asks the pipeline whose state is there; its answer without what is around it: the status object, or the savepoint's
/// directory. `timeout_ms` 0: as long as it takes. An error with retry::backoff: nobody listens there (now).
base::result<std::string> ask_status(const std::string& state_directory, std::int64_t timeout_ms);
base::result<std::string> ask_why_no_output(const std::string& state_directory, std::int64_t timeout_ms);
base::result<std::string> ask_savepoint(const std::string& state_directory, const std::string& directory);
base::result<std::string> ask_stop(const std::string& state_directory, const std::string& savepoint);

}  // namespace weir::control
