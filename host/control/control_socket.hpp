#pragma once
// The door of a running pipeline: a unix socket in its state directory, for its own user. A request is one line of
// JSON, the answer is one line of JSON, then the connection is closed.
//
//   {"do":"status"}                           {"ok":true, "status":{...}}
//   {"do":"why-no-output"}                    {"ok":true, "why":{...}}
//   {"do":"savepoint","directory":"/abs"}     {"ok":true, "savepoint":"/abs"}          when it is complete
//   {"do":"view","directory":"/abs"}          {"ok":true, "view":"/abs"}               the same, to read it and throw it away
//   {"do":"stop","savepoint":"/abs"}          {"ok":true, "savepoint":"/abs"}          when the run is over
//   {"do":"swap","operators":["score"],"plugin":"/abs/libx.so","config":["limit=5"],"wait":true,"canary":"5%",...}
//   {"do":"apply","file":"/abs","text":"...","sets":[...],"wait":true, ...}        {"ok":true, "change":{...}}
//   {"do":"plan","file":"/abs","text":"...","sets":[...]}                          {"ok":true, "difference":{...}}
//   {"do":"rollback","wait":true}                                                 {"ok":true, "change":{...}}
//   {"do":"promote","operators":["score"],"wait":true, ...}                       {"ok":true, "change":{...}}
//   {"do":"shadow","operator":"score","plugin":"/abs/libx.so","config":[...],"ignore":[...],"tolerance":[...]}
//   {"do":"shadow-report","operator":"score"}, {"do":"shadow-drop", ...}          {"ok":true, "shadow":{...}}
//                                             {"ok":false, "error":{"by","how","what","where"}}
// Keys may be added, never changed.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "control/shadow_record.hpp"

namespace weir::control {

/// A change that somebody asks for at the socket.
struct change_wish {
  std::string what;                    ///< "swap", "apply", "plan", "rollback", "promote" (what runs as a shadow)
  std::vector<std::string> operators;  ///< swap
  std::string plugin;                  ///< swap: an absolute path, or a name to search for; empty: only the options
  std::vector<std::string> config;     ///< swap: "key=value"
  std::string file, text;              ///< apply, plan
  std::vector<std::string> sets;       ///< apply, plan
  std::string probation;               ///< in place of [swap] probation; empty: as the file says
  bool wait = true;                    ///< answer when the probation is over, not when the new version serves
  bool rebuild = false;                ///< build the pipeline anew at the cut, though instances could be exchanged
  std::string canary;                  ///< swap: "5%,25%,100%", "none"; empty: as the file says
  std::string step;                    ///< of a canary: "10m", "3"; empty: as the file says
  std::string by;                      ///< who asks: of the socket, not of the request
};

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
  /// A savepoint of now, to look at and throw away; an error when no cut can be made soon.
  virtual base::result<void> view(const std::string& directory) = 0;
  /// One JSON object: the change's record, or for "plan" the difference.
  virtual base::result<std::string> change(const change_wish& what) = 0;
  /// what: "shadow" (begin one), "shadow-report", "shadow-drop". One JSON object: shadow_record.hpp.
  virtual base::result<std::string> shadow(const std::string& what, const shadow_wish& wish) = 0;
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
base::result<void> ask_view(const std::string& state_directory, const std::string& directory);
/// `by` is not sent. The record of the change, or the difference, as JSON.
base::result<std::string> ask_change(const std::string& state_directory, const change_wish& what);
/// The shadow as JSON.
base::result<std::string> ask_shadow(const std::string& state_directory, const std::string& what,
                                     const shadow_wish& wish);
base::result<std::string> ask_stop(const std::string& state_directory, const std::string& savepoint);

}  // namespace weir::control
