#include "task/source_task.hpp"

#include <algorithm>
#include <utility>

#include "base/seeded_bug.hpp"

namespace weir::task {
namespace {

/// How long a source that cannot wait by itself is left alone after it had nothing.
constexpr std::int64_t nap_ns = 1'000'000;
/// How soon a source that is ahead of its group looks again.
constexpr std::int64_t paused_nap_ns = 5'000'000;

}  // namespace

void source_task::assign(std::vector<new_split> splits, bool final) {
  {
    std::lock_guard lock(mutex_);
    std::move(splits.begin(), splits.end(), std::back_inserter(assigned_));
    assigned_final_ = assigned_final_ || final;
  }
  has_assigned_.store(true, std::memory_order_release);
  waker_.wake();
}

void source_task::drain() {
  draining_.store(true, std::memory_order_release);
  waker_.wake();
}

bool source_task::create() {
  // Behind before in front: when the source has its first record, everybody it calls is there.
  if (!task::create()) return false;
  return source_->reader->create();
}

void source_task::prepare() {
  source_ = std::make_unique<prepared_source>(chain_.spec_at(0), subtask(), table_, env_, chain_.counters_of(0));
  chain_.serve(*source_, *this);
}

base::result<std::unique_ptr<prepared_source>> source_task::prepare_next(std::shared_ptr<const op::spec> what) {
  auto next = std::make_unique<prepared_source>(std::move(what), subtask(), table_, env_, chain_.counters_of(0));
  if (!next->reader->create()) return next->failure.why();
  return next;
}

// Behind the cut: the position of each split is in it.
bool source_task::exchange_source(std::unique_ptr<prepared_source> next, const task_cut& at) {
  chain_.serve(*next, *this);
  before_ = std::exchange(source_, std::move(next));
  pending_of_split_.clear();
  pending_.store(-1, std::memory_order_relaxed);
  for (const opened& mine : opened_)
    for (const split_cut& s : at.splits)
      if (s.id == mine.id && !source_->reader->open_split(mine.number, mine.id, s.position)) return false;
  return true;
}

void source_task::let_go() {
  before_.reset();
  task::let_go();
}

void source_task::close() {
  before_.reset();
  source_->reader.reset();
  task::close();
}

bool source_task::open_assigned() {
  if (!has_assigned_.exchange(false, std::memory_order_acquire)) return true;
  std::vector<new_split> splits;
  {
    std::lock_guard lock(mutex_);
    splits.swap(assigned_);
    final_ = assigned_final_;
  }
  named_ = true;
  // All are known before the first one says how far it is: the smallest holds the clock.
  for (const new_split& s : splits) watermarks_.open(s.number);
  for (const new_split& s : splits) {
    watermarks_.restore(s.number, s.watermark_us);
    opened_.push_back({s.number, s.id});
    if (!source_->reader->open_split(s.number, s.id, s.position)) return false;
  }
  return true;
}

bool source_task::add_splits(task_cut& to) {
  // Splits that were dealt and not opened yet belong to the cut too: a restore must not begin them elsewhere.
  if (!open_assigned()) return false;
  for (const opened& s : opened_) {
    split_cut at{s.id, {}, watermarks_.of(s.number)};
    if (!source_->reader->position(s.number, &at.position)) return false;
    if (base::seeded_bug("emit_twice")) at.position.clear();
    to.splits.push_back(std::move(at));
  }
  return true;
}

bool source_task::splits_committed(const task_cut& of) {
  for (const split_cut& s : of.splits)
    for (const opened& mine : opened_)
      if (mine.id == s.id && !source_->reader->committed(mine.number, s.position)) return false;
  return true;
}

step_result source_task::work() {
  wake_at_ns_ = INT64_MAX;
  if (draining_.load(std::memory_order_acquire)) return finish(false);
  if (!chain_.has_room()) return step_result::wait_output;
  if (!open_assigned()) return step_result::failed;
  if (source_->reader->open_splits() == 0) {
    if (final_) return finish(true);
    if (!named_) return step_result::wait_input;  // it may have splits in a moment, whose records must not be late
    return tell_time(env_.monotonic_ns(), true) ? step_result::wait_input : step_result::failed;
  }
  if (group_) {
    in_group_->tell(watermarks_.current(), idle_);
    const bool ahead = watermarks_.current() > group_->bound();
    paused_.store(ahead, std::memory_order_relaxed);
    if (ahead) {
      const std::int64_t now = env_.monotonic_ns();
      if (!tell_time(now, false)) return step_result::failed;
      wake_at_ns_ = now + paused_nap_ns;
      return step_result::wait_input;
    }
  }

  const auto polled = source_->reader->poll(poll_wait_us_);
  if (chain_.takes_turns()) watermarks_.settle();
  if (polled == source::poll_result::failed) return step_result::failed;
  if (polled == source::poll_result::end && final_ && !has_assigned_.load(std::memory_order_acquire))
    return finish(true);
  const std::int64_t now = env_.monotonic_ns();
  if (!tell_time(now, false)) return step_result::failed;
  if (polled == source::poll_result::some) return step_result::worked;
  wake_at_ns_ = now + nap_ns;
  return step_result::wait_input;
}

bool source_task::tell_time(std::int64_t now_ns, bool at_once) {
  watermarks_.tick(now_ns);
  const bool status_changed = watermarks_.idle() != idle_;
  if (!at_once && !status_changed && last_told_ns_ != INT64_MIN && now_ns - last_told_ns_ < emit_interval_ns_)
    return true;
  last_told_ns_ = now_ns;
  tell_holder();
  if (watermarks_.current() > chain_.source_context()->watermark && !chain_.advance(watermarks_.current()))
    return false;
  if (status_changed) {
    idle_ = !idle_;
    chain_.tell_status(idle_ ? model::activity::idle : model::activity::active);
  }
  return true;
}

void source_task::tell_holder() {
  held_split seen;
  seen.number = watermarks_.holder();
  if (seen.number != UINT32_MAX) {
    seen.watermark_us = watermarks_.of(seen.number);
    seen.quiet_since_ns = watermarks_.quiet_since_ns(seen.number);
    for (const auto& [number, records] : pending_of_split_)
      if (number == seen.number) seen.pending = records;
  }
  seen.newest = watermarks_.newest();
  if (seen.newest != UINT32_MAX) seen.newest_us = watermarks_.of(seen.newest);
  std::lock_guard lock(mutex_);
  held_ = seen;
}

step_result source_task::finish(bool complete) {
  if (in_group_) in_group_->tell(model::watermark_merge::end, true);
  paused_.store(false, std::memory_order_relaxed);
  {
    std::lock_guard lock(mutex_);
    held_ = {};  // it holds nobody any more
  }
  // All input was read: no window has to wait any longer. When the pipeline only stops, windows stay open.
  if (complete && !chain_.advance(model::watermark_merge::end)) return step_result::failed;
  return chain_.finish() ? step_result::finished : step_result::failed;
}

void source_task::split_idle(std::uint32_t split) { watermarks_.nothing_to_read(split, env_.monotonic_ns()); }
void source_task::split_end(std::uint32_t split) { watermarks_.finish(split); }

void source_task::split_pending(std::uint32_t split, std::int64_t records) {
  auto found =
      std::find_if(pending_of_split_.begin(), pending_of_split_.end(), [&](auto& p) { return p.first == split; });
  if (found == pending_of_split_.end()) found = pending_of_split_.insert(found, {split, 0});
  found->second = records;
  std::int64_t sum = 0;
  bool known = false;
  for (const auto& [number, count] : pending_of_split_) {
    if (count < 0) continue;
    known = true;
    sum += count;
  }
  pending_.store(known ? sum : -1, std::memory_order_relaxed);
}

}  // namespace weir::task
