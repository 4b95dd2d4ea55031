#pragma once
// history.jsonl in the state directory: every change of the running pipeline that somebody asked for, who, what, and what
// became of it. Appended to and never rewritten: an audit record. One line an event of a change; a later line of the same
// change says what the earlier ones did not know yet.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.hpp"

namespace weir::supervisor {

enum class change_state : std::uint8_t {
  refused,      ///< nothing was touched
  began,        ///< checked and prepared; the cut is on its way
  serving,      ///< the new version works; its output is not visible before a cut of its own is complete
  committed,    ///< a cut of the new version is complete
  rolled_back,  ///< the old version serves again, from the cut before the change
  given_up,     ///< it came to nothing before the new version had a record
};
std::string_view name_of(change_state state);

/// One node that a change touches.
struct changed_node {
  std::string id;
  std::string from, to;  ///< "risk 1.0.0 (9f2c41d0)", "added", "removed", "parallelism 4"
};

struct change_record {
  std::uint64_t number = 0;  ///< from 1
  change_state state = change_state::began;
  std::string what;                         ///< "swap", "apply", "rollback"
  std::string by;                           ///< user and process that asked for it
  std::int64_t began_at_us = 0, at_us = 0;  ///< wall clock; of its first and of its newest event
  std::uint64_t from = 0, to = 0;           ///< definitions
  std::uint64_t cut = 0;                    ///< that it was made at; 0: none yet
  std::int64_t pause_us = -1;               ///< that a subtask stood still for, at most; -1: not known
  std::int64_t back_us = -1;  ///< from the failure until the old version served again; -1: not known, or not taken back
  bool hot = false;           ///< the flow went on; false: the pipeline was built anew at the cut
  std::string why;            ///< of what went wrong
  std::uint64_t back_cut = 0;  ///< that the old version went on from; 0: it was not taken back
  /// Of a version that takes over bit by bit: the shares of the key groups ("5%", "25%", "100%"), and which of them it serves,
  /// served last, or is to begin with; from 1. Empty: all at once.
  std::vector<std::string> shares;
  std::uint64_t step = 0;
  std::vector<changed_node> nodes;
  /// It is decided what became of it.
  bool over() const { return state != change_state::began && state != change_state::serving; }
};

/// One line of JSON, without its end.
std::string to_json(const change_record& of);

/// Oldest first, each as its newest event says. A torn last line (a crash while it was written) is left out.
base::result<std::vector<change_record>> read_history(base::env& env, const std::string& state_directory);
/// The one that nobody has said the end of: at most the newest.
base::result<std::optional<change_record>> pending_change(base::env& env, const std::string& state_directory);
/// Appends an event; durable when it returns. number 0: it gets the next one.
base::result<void> note_change(base::env& env, const std::string& state_directory, change_record& what);

}  // namespace weir::supervisor
