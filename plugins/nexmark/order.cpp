#include "nexmark/order.hpp"

#include <charconv>

namespace nexmark {
namespace {

constexpr std::uint64_t small_block = 4096;  // events of one split in a block, at least

std::uint64_t round_up(std::uint64_t v, std::uint64_t to) { return (v + to - 1) / to * to; }

}  // namespace

std::string write_point(const resume_point& p, const stream_settings& s) {
  std::string text = "floor=" + std::to_string(p.floor);
  if (p.next) text += " next=" + std::to_string(*p.next);
  if (s.disorder_us > 0) text += " come=" + std::to_string(p.come);
  return text + " seed=" + std::to_string(s.seed) + " out_of_order_us=" + std::to_string(s.disorder_us);
}

read_point_result read_point(std::string_view text, const stream_settings& s) {
  read_point_result out;
  const std::string whole(text);
  std::uint64_t seed = 0, disorder = 0;
  bool has_floor = false;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto equals = word.find('=');
    std::uint64_t value = 0;
    const char* const from = word.data() + (equals == word.npos ? word.size() : equals + 1);
    const auto read = std::from_chars(from, word.data() + word.size(), value);
    const std::string_view name = word.substr(0, equals);
    bool known = read.ec == std::errc{} && read.ptr == word.data() + word.size();
    if (name == "floor")
      out.at.floor = value, has_floor = true;
    else if (name == "next")
      out.at.next = value;
    else if (name == "come")
      out.at.come = value;
    else if (name == "seed")
      seed = value;
    else if (name == "out_of_order_us")
      disorder = value;
    else
      known = false;
    if (!known) {
      out.error = "'" + whole + "' is not a position of this source";
      return out;
    }
  }
  if (!has_floor)
    out.error = "'" + whole + "' is not a position of this source";
  else if (seed != s.seed || disorder != s.disorder_us)
    out.error = "the saved position belongs to seed " + std::to_string(seed) + " and out_of_order_us " +
                std::to_string(disorder) + ", but the pipeline says " + std::to_string(s.seed) + " and " +
                std::to_string(s.disorder_us) + ": set them back, or start without the saved state";
  return out;
}

split_order::split_order(const stream_settings& settings, std::uint64_t split, const resume_point& from)
    : settings_(settings), dice_(settings.seed), split_(split), floor_(from.floor), come_(from.come) {
  if (!shuffled()) {
    next_ = first_at_or_after(from.next.value_or(floor_));
    return;
  }
  const std::uint64_t reach = settings.disorder_us / us_per_event + 1;  // an event comes at most this many places late
  block_ = round_up(std::max(reach, small_block * settings.splits), events_per_epoch);
  if (!from.next) {
    upcoming_ = floor_ / block_;
    return;
  }
  const keyed first = key_of(*from.next);
  upcoming_ = first.key / us_per_event / block_;
  if (upcoming_ > 0) {
    add_block(upcoming_ - 1, (upcoming_ - 1) * block_ * us_per_event);
    due_.clear();  // came before
  }
  fill();
  while (taken_ < ready_.size() && key_of(ready_[taken_]) < first) ++taken_;
}

std::uint64_t split_order::first_at_or_after(std::uint64_t number) const {
  const std::uint64_t e = number / events_per_epoch,
                      ahead = (split_ + settings_.splits - e % settings_.splits) % settings_.splits;
  const std::uint64_t first = ahead == 0 ? number : (e + ahead) * events_per_epoch;
  return first < settings_.events ? first : UINT64_MAX;
}

std::uint64_t split_order::count_below(std::uint64_t number) const {
  const std::uint64_t whole = number / events_per_epoch;  // epochs
  const std::uint64_t mine = whole / settings_.splits + (whole % settings_.splits > split_ ? 1 : 0);
  return mine * events_per_epoch + (whole % settings_.splits == split_ ? number % events_per_epoch : 0);
}

std::uint64_t split_order::peek() {
  if (!shuffled()) return next_;
  const list next = peek_list(1);
  return next.count == 0 ? UINT64_MAX : next.numbers[0];
}

resume_point split_order::position() const {
  if (!shuffled()) return {next_ == UINT64_MAX ? settings_.events : next_, {}, 0};
  if (taken_ < ready_.size()) return {floor_, ready_[taken_], come_};
  // Between two blocks: the next event is known only when the next block is made, so make it, aside.
  split_order ahead(*this);
  const std::uint64_t next = ahead.peek();
  if (next == UINT64_MAX) return {settings_.events, {}, come_};
  return {floor_, next, come_};
}

std::uint64_t split_order::left() const {
  if (settings_.events == UINT64_MAX) return UINT64_MAX;
  if (!shuffled()) return next_ == UINT64_MAX ? 0 : count_below(settings_.events) - count_below(next_);
  const std::uint64_t made = std::min(settings_.events, std::max(floor_, upcoming_ * block_));
  return ready_.size() - taken_ + held_.size() + count_below(settings_.events) - count_below(made);
}

split_order::run split_order::peek_run(std::uint64_t most) const {
  if (next_ == UINT64_MAX || most == 0) return {};
  const std::uint64_t epoch_end = (next_ / events_per_epoch + 1) * events_per_epoch;
  return {next_, std::min({epoch_end, settings_.events, next_ + most})};
}

void split_order::take_run(const run& r) { next_ = first_at_or_after(r.to); }

split_order::list split_order::peek_list(std::int64_t most) {
  while (taken_ == ready_.size() && (!held_.empty() || upcoming_ * block_ < settings_.events)) fill();
  return {ready_.data() + taken_, std::min(most, static_cast<std::int64_t>(ready_.size() - taken_))};
}

// Makes the upcoming block ready.
void split_order::fill() {
  const std::uint64_t first_key = upcoming_ * block_ * us_per_event;
  due_.swap(held_);
  held_.clear();
  add_block(upcoming_, first_key);
  sort_due(first_key);
  ready_.clear();
  for (const keyed& k : sorted_) ready_.push_back(k.number);
  due_.clear();
  taken_ = 0;
  ++upcoming_;
}

// The events of a block: to due_ when their key is in the block's own range, else to held_.
void split_order::add_block(std::uint64_t block, std::uint64_t first_key) {
  const std::uint64_t end_key = first_key + block_ * us_per_event;
  const std::uint64_t end = std::min((block + 1) * block_, settings_.events);
  for (std::uint64_t n = first_at_or_after(std::max(block * block_, floor_)); n < end;) {
    const std::uint64_t stop = std::min(end, (n / events_per_epoch + 1) * events_per_epoch);
    for (; n < stop; ++n) {
      const keyed k = key_of(n);
      (k.key < end_key ? due_ : held_).push_back(k);
    }
    n = first_at_or_after(n);
  }
}

// due_ to sorted_. Keys are spread evenly, about one each us_per_event: a counting sort does nearly all, insertion the rest.
void split_order::sort_due(std::uint64_t first_key) {
  counts_.assign(block_ + 1, 0);
  for (const keyed& k : due_) ++counts_[(k.key - first_key) / us_per_event + 1];
  for (std::size_t i = 1; i < counts_.size(); ++i) counts_[i] += counts_[i - 1];
  sorted_.resize(due_.size());
  for (const keyed& k : due_) sorted_[counts_[(k.key - first_key) / us_per_event]++] = k;
  for (std::size_t i = 1; i < sorted_.size(); ++i) {
    const keyed k = sorted_[i];
    std::size_t at = i;
    for (; at > 0 && k < sorted_[at - 1]; --at) sorted_[at] = sorted_[at - 1];
    sorted_[at] = k;
  }
}

}  // namespace nexmark
