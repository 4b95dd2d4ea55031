#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/env.hpp"
#include "base/log.hpp"
#include "checkpoint/node_snapshot.hpp"
#include "operator/spec.hpp"
#include "task/source_task.hpp"
#include "weir/abi.h"

/// What discover() fills. [control]
struct weir_splits {
  std::vector<std::string> ids;
  std::int64_t again_us = -1;
  std::string why;  // of the error that discover() will return
};

namespace weir::job {

void fill_split_slots(weir_host& table);

/// Asks each source for its splits and deals them out: the n-th split of a source goes to subtask n % parallelism. One thread
/// of its own, which calls discover() of all sources in turn.
class split_finder {
 public:
  split_finder(base::env& env, const weir_host& table, std::string pipeline);
  ~split_finder();

  /// Before start. The subtasks outlive the finder.
  void add(std::shared_ptr<const op::spec> source, std::vector<task::source_task*> subtasks);
  /// [any] Another version of a source names its splits. An error: it does not know splits that are being read, or says
  /// otherwise whether more will come; or it cannot say now. Nothing has changed.
  base::result<void> knows_the_same(const op::spec& next);
  /// [any] From now on that version is asked.
  void exchange(std::shared_ptr<const op::spec> next);
  /// Before start. Where the splits of a source stood at the cut that is restored.
  void restore(const std::string& source, std::vector<checkpoint::split_position> splits);
  /// failed is called once, on the finder's thread, when a source says that it can never name its splits.
  void start(std::function<void(base::error)> failed);
  /// Asks the sources that are due; when to call it again, monotonic; INT64_MAX: never. What start()'s thread does, for
  /// simulations, which call begin() instead of start().
  std::int64_t step();
  void begin(std::function<void(base::error)> failed) { failed_ = std::move(failed); }
  /// [any] Returns when the thread has ended: a discover() that runs is waited for.
  void stop();
  /// [any] Sources that have not named any splits yet, for people: "trades: cannot reach localhost:9092".
  std::vector<std::string> waiting() const;

 private:
  struct one {
    std::shared_ptr<const op::spec> source;  // guarded by mutex_
    const std::string id;
    std::vector<task::source_task*> subtasks;
    std::unordered_set<std::string> known;                                 // guarded by mutex_
    std::unordered_map<std::string, checkpoint::split_position> restored;  // by id
    std::size_t dealt = 0;
    std::int64_t due_ns = 0;
    std::int64_t pause_ns = 0;  // of the last failure; 0: the last call worked
    bool done = false;          // guarded by mutex_
    std::string trouble;        // guarded by mutex_
    bool named = false;         // guarded by mutex_
  };
  void run();
  bool ask(one& s);
  void deal(one& s, const weir_splits& found);

  base::env& env_;
  const weir_host& table_;
  base::logger log_;
  std::vector<std::unique_ptr<one>> sources_;
  std::function<void(base::error)> failed_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
};

}  // namespace weir::job
