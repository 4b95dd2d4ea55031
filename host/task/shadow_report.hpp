#pragma once
// What a shadow run is told and what it finds: shared by the subtasks of the operator, and by whoever watches.
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::task {

/// What does not count as a difference.
struct shadow_rules {
  struct tolerance {
    double by = 0;
    bool relative = false;  ///< of the larger of both values
    friend bool operator==(const tolerance&, const tolerance&) = default;
  };
  std::set<std::string> ignored;                ///< columns; event_time is the rows' event time, too
  std::map<std::string, tolerance> tolerances;  ///< of columns of numbers
};

/// Rows, or pairs of rows. Those that wait for their partner are in none of them.
struct shadow_counts {
  std::uint64_t equal = 0, different = 0;
  std::uint64_t missing = 0;  ///< the old version gave them out, the new one did not
  std::uint64_t extra = 0;    ///< the new one alone
  std::uint64_t compared() const { return equal + different; }
};

/// A row that is not what the old version made of it.
struct shadow_example {
  std::string what;  ///< "different", "missing", "extra"
  std::string port;
  std::uint32_t subtask = 0;
  std::string key;                  ///< JSON object; empty: the output does not have the columns of the key
  std::string before, now;          ///< JSON objects: of the old and the new version; empty: it gave none
  std::vector<std::string> fields;  ///< that differ
  std::string split;                ///< that the row comes from; empty: not known
  std::int64_t first_offset = -1, last_offset = -1;  ///< of the input: one row, or the batch that it was made in
  std::optional<std::int64_t> event_time_us;
};

/// Counters: of any thread. The run is over when one of its subtasks, or somebody outside, says so.
class shadow_report {
 public:
  static constexpr std::size_t most_examples = 100;
  explicit shadow_report(std::uint32_t subtasks) : of_(subtasks) {}

  // ---- [task]
  /// The subtask has its copy of the state, and follows.
  void follows(std::uint32_t subtask) { of_[subtask].follows.store(true, std::memory_order_relaxed); }
  void add(std::uint32_t subtask, const shadow_counts& more);
  void behind(std::uint32_t subtask, std::uint64_t batches) {
    of_[subtask].behind.store(batches, std::memory_order_relaxed);
  }
  bool wants_examples() const { return examples_left_.load(std::memory_order_relaxed) > 0; }
  void add(shadow_example one);

  // ---- [any]
  /// The first one counts. what: "failed", "dropped", ...
  void end(std::string_view what, std::string why);
  bool over() const { return over_.load(std::memory_order_relaxed); }
  struct ending {
    std::string what, why;
  };
  std::optional<ending> how_it_ended() const;
  std::size_t subtasks() const { return of_.size(); }
  bool follows_everywhere() const;
  std::uint64_t behind() const;  ///< events that wait for a subtask that still gets its state
  shadow_counts counts(std::uint32_t subtask) const;
  shadow_counts counts() const;
  std::vector<shadow_example> examples() const;

 private:
  struct of_subtask {
    std::atomic<std::uint64_t> equal{0}, different{0}, missing{0}, extra{0}, behind{0};
    std::atomic<bool> follows{false};
  };
  std::vector<of_subtask> of_;
  std::atomic<std::int64_t> examples_left_{most_examples};
  std::atomic<bool> over_{false};
  mutable std::mutex mutex_;
  std::vector<shadow_example> examples_;  // guarded by mutex_
  std::optional<ending> ended_;           // guarded by mutex_
};

}  // namespace weir::task
