#include "source/split_watermarks.hpp"

namespace weir::source {

void split_watermarks::open(std::uint32_t number) {
  if (number >= splits_.size()) splits_.resize(number + 1);
  if (splits_[number].input != UINT32_MAX) return;
  splits_[number].input = merge_.add();
  ++known_;
}

void split_watermarks::restore(std::uint32_t number, std::int64_t watermark_us) {
  // The end of all input is said again by the split itself.
  if (split* s = find(number);
      s && watermark_us != model::watermark_merge::none && watermark_us != model::watermark_merge::end)
    merge_.advance(s->input, s->settled = watermark_us);
}

std::int64_t split_watermarks::settled(std::uint32_t number) {
  const split* s = find(number);
  return s ? s->settled : model::watermark_merge::none;
}

void split_watermarks::settle() {
  for (split& s : splits_)
    if (s.input != UINT32_MAX) s.settled = merge_.of(s.input);
}

std::int64_t split_watermarks::of(std::uint32_t number) {
  const split* s = find(number);
  return s ? merge_.of(s->input) : model::watermark_merge::none;
}

void split_watermarks::observe(std::uint32_t number, std::int64_t newest_us) {
  split* s = find(number);
  if (!s) return;
  active(number);
  if (newest_us == model::watermark_merge::none) return;
  // Saturating: a bound larger than the time itself must not wrap around to the far future.
  std::int64_t mark = 0;
  if (__builtin_sub_overflow(newest_us, rule_.out_of_orderness_us, &mark) || __builtin_sub_overflow(mark, 1, &mark))
    return;
  merge_.advance(s->input, mark);
}

void split_watermarks::active(std::uint32_t number) {
  split* s = find(number);
  if (!s || s->quiet_since_ns < 0) return;
  s->quiet_since_ns = -1;
  --quiet_;
  merge_.set_idle(s->input, false);
}

void split_watermarks::nothing_to_read(std::uint32_t number, std::int64_t now_ns) {
  split* s = find(number);
  if (!s || s->done || s->quiet_since_ns >= 0) return;
  s->quiet_since_ns = now_ns;
  ++quiet_;
}

void split_watermarks::finish(std::uint32_t number) {
  split* s = find(number);
  if (!s || s->done) return;
  active(number);
  s->done = true;
  ++finished_;
  merge_.finish(s->input);
}

void split_watermarks::tick(std::int64_t now_ns) {
  if (quiet_ == 0 || rule_.idle_after_us < 0) return;
  for (split& s : splits_)
    if (s.quiet_since_ns >= 0 && now_ns - s.quiet_since_ns >= rule_.idle_after_us * 1000)
      merge_.set_idle(s.input, true);
}

std::uint32_t split_watermarks::newest() const {
  std::uint32_t found = UINT32_MAX;
  std::int64_t most = model::watermark_merge::none;
  for (std::uint32_t n = 0; n < splits_.size(); ++n) {
    if (splits_[n].input == UINT32_MAX || splits_[n].done || merge_.of(splits_[n].input) <= most) continue;
    most = merge_.of(splits_[n].input);
    found = n;
  }
  return found;
}

std::uint32_t split_watermarks::holder() const {
  const std::uint32_t input = merge_.holder();
  for (std::uint32_t n = 0; n < splits_.size(); ++n)
    if (input != UINT32_MAX && splits_[n].input == input) return n;
  return UINT32_MAX;
}

}  // namespace weir::source
