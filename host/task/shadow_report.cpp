#include "task/shadow_report.hpp"

#include <algorithm>
#include <utility>

namespace weir::task {

void shadow_report::add(std::uint32_t subtask, const shadow_counts& more) {
  of_subtask& to = of_[subtask];
  const auto plus = [](std::atomic<std::uint64_t>& count, std::uint64_t n) {
    if (n > 0) count.store(count.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);  // one writer
  };
  plus(to.equal, more.equal);
  plus(to.different, more.different);
  plus(to.missing, more.missing);
  plus(to.extra, more.extra);
}

void shadow_report::add(shadow_example one) {
  if (examples_left_.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
  const std::lock_guard lock(mutex_);
  examples_.push_back(std::move(one));
}

void shadow_report::end(std::string_view what, std::string why) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = ending{std::string(what), std::move(why)};
  over_.store(true, std::memory_order_relaxed);
}

std::optional<shadow_report::ending> shadow_report::how_it_ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

bool shadow_report::follows_everywhere() const {
  return std::all_of(of_.begin(), of_.end(),
                     [](const of_subtask& s) { return s.follows.load(std::memory_order_relaxed); });
}

std::uint64_t shadow_report::behind() const {
  std::uint64_t sum = 0;
  for (const of_subtask& s : of_) sum += s.behind.load(std::memory_order_relaxed);
  return sum;
}

shadow_counts shadow_report::counts(std::uint32_t subtask) const {
  const of_subtask& s = of_[subtask];
  return {s.equal.load(std::memory_order_relaxed), s.different.load(std::memory_order_relaxed),
          s.missing.load(std::memory_order_relaxed), s.extra.load(std::memory_order_relaxed)};
}

shadow_counts shadow_report::counts() const {
  shadow_counts sum;
  for (std::uint32_t i = 0; i < of_.size(); ++i) {
    const shadow_counts one = counts(i);
    sum.equal += one.equal, sum.different += one.different, sum.missing += one.missing, sum.extra += one.extra;
  }
  return sum;
}

std::vector<shadow_example> shadow_report::examples() const {
  const std::lock_guard lock(mutex_);
  return examples_;
}

}  // namespace weir::task
