#include "task/source_task.hpp"

#include <algorithm>
#include <utility>

namespace weir::task {
namespace {

/// How long a source that cannot wait by itself is left alone after it had nothing.
constexpr std::int64_t nap_ns = 1'000'000;

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
  const op::spec& what = chain_.what(0);
  reader_ = std::make_unique<source::reader>(*what.source, what.plan, table_, chain_.source_context(),
                                             static_cast<source::reader::bracket&>(*this));
  return reader_->create();
}

void source_task::close() {
  reader_.reset();
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
  for (const new_split& s : splits) {
    watermarks_.open(s.number);
    if (!reader_->open_split(s.number, s.id, s.position)) return false;
  }
  return true;
}

step_result source_task::step() {
  if (chain_.failure().failed()) return step_result::failed;
  if (done_) return step_result::finished;
  wake_at_ns_ = INT64_MAX;
  if (draining_.load(std::memory_order_acquire)) return finish(false);
  if (!chain_.has_room()) return step_result::wait_output;
  if (!open_assigned()) return step_result::failed;
  if (reader_->open_splits() == 0) {
    if (final_) return finish(true);
    if (!named_) return step_result::wait_input;  // it may have splits in a moment, whose records must not be late
    return tell_time(env_.monotonic_ns(), true) ? step_result::wait_input : step_result::failed;
  }

  const auto polled = reader_->poll(poll_wait_us_);
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
  if (watermarks_.current() > chain_.source_context()->watermark && !chain_.advance(watermarks_.current()))
    return false;
  if (status_changed) {
    idle_ = !idle_;
    chain_.tell_status(idle_ ? model::activity::idle : model::activity::active);
  }
  return true;
}

step_result source_task::finish(bool complete) {
  done_ = true;
  // All input was read: no window has to wait any longer. When the pipeline only stops, windows stay open.
  if (complete && !chain_.advance(model::watermark_merge::end)) return step_result::failed;
  return chain_.finish() ? step_result::finished : step_result::failed;
}

void source_task::begin() { chain_.source_context()->begin(nullptr); }
bool source_task::end(weir_code code, const char* slot) { return chain_.source_context()->end(code, slot); }

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
