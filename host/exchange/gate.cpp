#include "exchange/gate.hpp"

#include <utility>

namespace weir::exchange {

channel::channel(gate& owner, std::uint32_t index, std::uint32_t input, std::uint64_t capacity_bytes, waker* producer)
    : gate_(owner), index_(index), input_(input), capacity_(capacity_bytes), producer_(producer) {}

bool channel::has_room() {
  if (bytes_.load(std::memory_order_acquire) < capacity_) return true;
  // Say that we wait, then look again: the consumer looks at the flag after it has taken bytes out.
  producer_waits_.store(true, std::memory_order_seq_cst);
  if (bytes_.load(std::memory_order_seq_cst) < capacity_) {
    producer_waits_.store(false, std::memory_order_relaxed);
    return true;
  }
  return false;
}

void channel::push(model::message m) {
  const auto bytes = static_cast<std::uint64_t>(m.bytes());
  // Counted before anybody can take it: what was popped is never more than what was pushed, whoever looks when.
  if (m.kind() == model::message_kind::batch) {
    pushed_batches_.fetch_add(1, std::memory_order_relaxed);
    pushed_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  {
    std::lock_guard lock(gate_.mutex_);
    if (m.kind() == model::message_kind::barrier &&
        m.barrier().cut > gate_.barrier_seen_.load(std::memory_order_relaxed))
      gate_.barrier_seen_.store(m.barrier().cut, std::memory_order_release);
    if (m.kind() == model::message_kind::end) gate_.ends_.fetch_add(1, std::memory_order_release);
    queue_.push_back(std::move(m));
    bytes_.fetch_add(bytes, std::memory_order_release);
    gate_.waiting_.fetch_add(1, std::memory_order_release);
  }
  gate_.consumer_.wake();
}

channel_counters channel::counters() const {
  // Popped first: a reader never sees more popped than pushed.
  channel_counters c;
  c.popped_batches = popped_batches_.load(std::memory_order_acquire);
  c.popped_bytes = popped_bytes_.load(std::memory_order_acquire);
  c.pushed_batches = pushed_batches_.load(std::memory_order_acquire);
  c.pushed_bytes = pushed_bytes_.load(std::memory_order_acquire);
  return c;
}

channel& gate::open(std::uint32_t input, std::uint64_t capacity_bytes, waker* producer) {
  const auto index = static_cast<std::uint32_t>(channels_.size());
  channels_.push_back(std::make_unique<channel>(*this, index, input, capacity_bytes, producer));
  return *channels_.back();
}

std::size_t gate::depth() const { return waiting_.load(std::memory_order_acquire); }

void gate::block(std::uint32_t channel) { channels_[channel]->blocked_ = true; }

void gate::unblock_all() {
  for (auto& c : channels_) c->blocked_ = false;
}

bool gate::crowded() const {
  for (const auto& c : channels_)
    if (c->bytes_.load(std::memory_order_relaxed) >= c->capacity_ / 2) return true;
  return false;
}

bool gate::overtake(std::uint32_t number, std::uint64_t cut, std::vector<model::message>& ahead) {
  channel& c = *channels_[number];
  std::lock_guard lock(mutex_);
  for (auto at = c.queue_.begin(); at != c.queue_.end(); ++at) {
    if (at->kind() == model::message_kind::barrier) {
      if (at->barrier().cut != cut) continue;  // of a cut that was given up
      c.bytes_.fetch_sub(static_cast<std::uint64_t>(at->bytes()), std::memory_order_seq_cst);
      waiting_.fetch_sub(1, std::memory_order_release);
      c.queue_.erase(at);
      return true;
    }
    ahead.push_back(*at);
  }
  return false;
}

void gate::put_first(std::uint32_t number, std::vector<model::message> messages) {
  channel& c = *channels_[number];
  std::lock_guard lock(mutex_);
  for (auto m = messages.rbegin(); m != messages.rend(); ++m) {
    const auto bytes = static_cast<std::uint64_t>(m->bytes());
    if (m->kind() == model::message_kind::batch) {
      c.pushed_batches_.fetch_add(1, std::memory_order_relaxed);
      c.pushed_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    c.bytes_.fetch_add(bytes, std::memory_order_release);
    waiting_.fetch_add(1, std::memory_order_release);
    c.queue_.push_front(std::move(*m));
  }
}

std::optional<arrival> gate::poll() {
  if (waiting_.load(std::memory_order_acquire) == 0) return std::nullopt;
  std::optional<arrival> found;
  channel* from = nullptr;
  std::uint64_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    for (std::size_t tried = 0; tried < channels_.size(); ++tried) {
      channel& c = *channels_[turn_];
      turn_ = turn_ + 1 == channels_.size() ? 0 : turn_ + 1;
      if (c.blocked_ || c.queue_.empty()) continue;
      found.emplace(arrival{c.index_, c.input_, std::move(c.queue_.front())});
      c.queue_.pop_front();
      bytes = static_cast<std::uint64_t>(found->what.bytes());
      waiting_.fetch_sub(1, std::memory_order_release);
      if (found->what.kind() == model::message_kind::end) ends_.fetch_sub(1, std::memory_order_release);
      from = &c;
      break;
    }
  }
  if (!from) return std::nullopt;
  if (found->what.kind() == model::message_kind::batch) {
    from->popped_batches_.fetch_add(1, std::memory_order_release);
    from->popped_bytes_.fetch_add(bytes, std::memory_order_release);
  }
  const std::uint64_t left = from->bytes_.fetch_sub(bytes, std::memory_order_seq_cst) - bytes;
  // Half empty, not just below the bound: a producer that is woken for one batch would sleep again at once.
  if (left <= from->capacity_ / 2 && from->producer_waits_.load(std::memory_order_seq_cst) &&
      from->producer_waits_.exchange(false, std::memory_order_seq_cst) && from->producer_)
    from->producer_->wake();
  return found;
}

}  // namespace weir::exchange
