#include "model/watermark_merge.hpp"

#include <algorithm>

namespace weir::model {

std::uint32_t watermark_merge::add() {
  one next;
  // An input that joins while time runs must catch up first, or it would stop everybody.
  next.counts = current_ == none;
  inputs_.push_back(next);
  return static_cast<std::uint32_t>(inputs_.size() - 1);
}

void watermark_merge::advance(std::uint32_t input, std::int64_t time_us) {
  one& i = inputs_[input];
  if (i.how == state::finished || time_us <= i.time) return;
  i.time = time_us;
  if (i.time >= current_) i.counts = true;
  merge();
}

void watermark_merge::set_idle(std::uint32_t input, bool idle) {
  one& i = inputs_[input];
  if (i.how == state::finished || (i.how == state::idle) == idle) return;
  i.how = idle ? state::idle : state::active;
  if (!idle) i.counts = i.time >= current_;
  merge();
}

void watermark_merge::finish(std::uint32_t input) {
  inputs_[input].how = state::finished;
  merge();
}

void watermark_merge::merge() {
  std::int64_t low = end;
  bool any = false;
  bool open = false;
  for (const one& i : inputs_) {
    if (i.how != state::finished) open = true;
    if (i.how != state::active || !i.counts) continue;
    any = true;
    low = std::min(low, i.time);
  }
  if (!open && !inputs_.empty()) {
    current_ = end;
  } else if (any) {
    current_ = std::max(current_, low);
  }
}

bool watermark_merge::idle() const {
  bool open = false;
  for (const one& i : inputs_) {
    if (i.how == state::active) return false;
    open = open || i.how == state::idle;
  }
  return open;
}

bool watermark_merge::finished() const {
  return !inputs_.empty() &&
         std::all_of(inputs_.begin(), inputs_.end(), [](const one& i) { return i.how == state::finished; });
}

std::uint32_t watermark_merge::holder() const {
  std::uint32_t found = UINT32_MAX;
  for (std::uint32_t i = 0; i < inputs_.size(); ++i)
    if (inputs_[i].how == state::active && inputs_[i].counts &&
        (found == UINT32_MAX || inputs_[i].time < inputs_[found].time))
      found = i;
  return found;
}

}  // namespace weir::model
