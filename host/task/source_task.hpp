#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "source/alignment.hpp"
#include "source/reader.hpp"
#include "source/split_watermarks.hpp"
#include "task/task.hpp"

namespace weir::task {

struct new_split {
  std::uint32_t number = 0;                   ///< of model::split_names
  std::string id;                             ///< the source's own name for it
  std::string position;                       ///< empty: where the configuration says
  std::int64_t watermark_us = WEIR_TIME_MIN;  ///< where it stood at the cut that is restored
};

/// The split that holds a source's watermark, as its thread saw it last.
struct held_split {
  std::uint32_t number = UINT32_MAX;          ///< of model::split_names; UINT32_MAX: none holds it
  std::int64_t watermark_us = WEIR_TIME_MIN;  ///< its own
  std::int64_t pending = -1;                  ///< records that it still has; -1: not known
  std::int64_t quiet_since_ns = -1;        ///< since when it has had nothing to read, monotonic; -1: it has something
  std::uint32_t newest = UINT32_MAX;       ///< the split of the same subtask that is furthest
  std::int64_t newest_us = WEIR_TIME_MIN;  ///< the watermark of that one
};

/// A subtask whose head is a source.
class source_task final : public task, private op::split_listener {
 public:
  source_task(std::string name, std::uint32_t subtask, const weir_host& table, base::env& env, exchange::waker& own,
              source::watermark_rule rule, std::int64_t emit_interval_us)
      : task(std::move(name), subtask, table, env, own),
        table_(table),
        watermarks_(rule),
        emit_interval_ns_(emit_interval_us * 1000) {}

  source::split_watermarks& watermarks() { return watermarks_; }
  /// [control] After the head was added to nodes(), before anybody watches.
  void prepare();
  /// [control] While it runs: another version of the source, created. An error: why it could not be.
  base::result<std::unique_ptr<prepared_source>> prepare_next(std::shared_ptr<const op::spec> what);
  /// [any] Splits that this subtask reads from now on. final: no more will come.
  void assign(std::vector<new_split> splits, bool final);
  void drain() override;
  /// [control] Before the first step: it reads no further ahead than the group allows. The group outlives it.
  void align(source::alignment_group& group) {
    group_ = &group;
    in_group_ = &group.join();
  }
  /// The longest wait of one poll; 0 in a simulation.
  void set_poll_wait(std::int64_t wait_us) { poll_wait_us_ = wait_us; }

  bool create() override;
  void close() override;
  /// [any] Records that the splits still hold, as far as the source knows; -1: not known.
  std::int64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  /// [any] The split that holds the watermark.
  held_split held() const {
    std::lock_guard lock(mutex_);
    return held_;
  }
  /// [any] It waits for slower sources of its align_group.
  bool paused() const { return paused_.load(std::memory_order_relaxed); }

 private:
  step_result work() override;
  std::int64_t work_at_ns() const override { return wake_at_ns_; }
  bool cuts_at_once() const override { return true; }
  bool add_splits(task_cut& to) override;
  bool splits_committed(const task_cut& of) override;
  bool exchange_source(std::unique_ptr<prepared_source> next, const task_cut& at) override;
  void let_go() override;

  void split_idle(std::uint32_t split) override;
  void split_end(std::uint32_t split) override;
  void split_pending(std::uint32_t split, std::int64_t records) override;

  bool open_assigned();
  bool tell_time(std::int64_t now_ns, bool at_once);
  void tell_holder();
  step_result finish(bool complete);

  const weir_host& table_;
  source::split_watermarks watermarks_;
  const std::int64_t emit_interval_ns_;
  std::unique_ptr<prepared_source> source_;  // that serves
  std::unique_ptr<prepared_source> before_;  // that it has followed, until let_go()
  std::int64_t poll_wait_us_ = 10'000;
  std::int64_t last_told_ns_ = INT64_MIN;
  std::int64_t wake_at_ns_ = INT64_MAX;
  bool idle_ = false;
  bool final_ = false;
  bool named_ = false;  // it was told which splits it has, maybe none: only then having none means idle
  struct opened {
    std::uint32_t number = 0;
    std::string id;
  };
  std::vector<opened> opened_;
  std::vector<std::pair<std::uint32_t, std::int64_t>> pending_of_split_;
  std::atomic<std::int64_t> pending_{-1};
  source::alignment_group* group_ = nullptr;
  source::alignment_group::member* in_group_ = nullptr;
  std::atomic<bool> paused_{false};

  std::atomic<bool> draining_{false};
  std::atomic<bool> has_assigned_{false};
  mutable std::mutex mutex_;
  held_split held_;                  // guarded by mutex_
  std::vector<new_split> assigned_;  // guarded by mutex_
  bool assigned_final_ = false;      // guarded by mutex_
};

}  // namespace weir::task
