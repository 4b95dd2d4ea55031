#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "exchange/waker.hpp"
#include "model/message.hpp"

namespace weir::exchange {

class gate;

/// What a channel has moved since it was made. Queue depth is the difference of two counters.
struct channel_counters {
  std::uint64_t pushed_batches = 0, popped_batches = 0;
  std::uint64_t pushed_bytes = 0, popped_bytes = 0;
};

/// A queue from one producer subtask to one consumer subtask, bounded in bytes. Owned by the consumer's gate; lives as long.
class channel {
 public:
  /// capacity_bytes: above this `has_room` says no. `producer` is woken when there is room again; null: nobody waits.
  channel(gate& owner, std::uint32_t index, std::uint32_t input, std::uint64_t capacity_bytes, waker* producer);

  /// [producer] Whether the producer may go on. When it says no, the producer's waker is called once there is room.
  bool has_room();
  /// [producer] Appends; never blocks and never refuses. Messages keep their order.
  void push(model::message m);

  /// The consumer's input edge that this channel belongs to.
  std::uint32_t input() const { return input_; }
  channel_counters counters() const;                                                 ///< [any]
  bool full() const { return bytes_.load(std::memory_order_relaxed) >= capacity_; }  ///< [any]

 private:
  friend class gate;
  gate& gate_;
  const std::uint32_t index_;
  const std::uint32_t input_;
  const std::uint64_t capacity_;
  waker* const producer_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> producer_waits_{false};
  std::deque<model::message> queue_;  // guarded by gate_.mutex_
  bool blocked_ = false;              // [consumer]
  std::atomic<std::uint64_t> pushed_batches_{0}, popped_batches_{0}, pushed_bytes_{0}, popped_bytes_{0};
};

/// What the gate hands out: a message and the channel that it came through.
struct arrival {
  std::uint32_t channel = 0;
  std::uint32_t input = 0;
  model::message what;
};

/// All channels into one subtask. [consumer] but for what says otherwise.
class gate {
 public:
  explicit gate(waker& consumer) : consumer_(consumer) {}
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  /// [control] Before the tasks run. The channel's address stays.
  channel& open(std::uint32_t input, std::uint64_t capacity_bytes, waker* producer);

  /// The next message, channels in turn so that none starves; nothing when all are empty.
  std::optional<arrival> poll();
  /// The newest cut whose barrier waits in a queue or was taken out; 0: none yet. For a consumer that must not wait behind data.
  std::uint64_t barrier_seen() const { return barrier_seen_.load(std::memory_order_acquire); }
  /// The end of a channel is in its queue. No barrier comes behind it: a cut waits for it instead.
  bool end_waits() const { return ends_waiting() > 0; }
  /// How many channels have their end in their queue.
  std::size_t ends_waiting() const { return ends_.load(std::memory_order_acquire); }
  /// A channel is at least half full.
  bool crowded() const;
  /// What waits in front of the barrier of this cut in a channel: copies, in order; the barrier itself is taken out. Without the
  /// barrier in the queue: all that waits; false.
  bool overtake(std::uint32_t channel, std::uint64_t cut, std::vector<model::message>& ahead);
  /// [control] Before the tasks run: a message that comes before all others.
  void put_first(std::uint32_t channel, std::vector<model::message> messages);
  /// Leaves what comes through a channel where it is until unblock_all: its barrier has come, that of others has not.
  void block(std::uint32_t channel);
  void unblock_all();
  std::size_t channel_count() const { return channels_.size(); }
  const channel& at(std::size_t i) const { return *channels_[i]; }
  /// [any] Messages that wait in all channels together.
  std::size_t depth() const;

 private:
  friend class channel;
  waker& consumer_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<channel>> channels_;
  std::size_t turn_ = 0;
  std::atomic<std::size_t> waiting_{0};  // messages in all queues
  std::atomic<std::uint64_t> barrier_seen_{0};
  std::atomic<std::size_t> ends_{0};  // in all queues
};

}  // namespace weir::exchange
