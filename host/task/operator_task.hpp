#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/gate.hpp"
#include "model/watermark_merge.hpp"
#include "task/ordered_input.hpp"
#include "task/task.hpp"

namespace weir::task {

/// A subtask whose head is an operator or a sink behind channels.
class operator_task final : public task {
 public:
  /// input_ports: for each input edge of the head, the port that it feeds. port_count: input ports of the head.
  operator_task(std::string name, std::uint32_t subtask, const weir_host& table, base::env& env, exchange::waker& own,
                std::vector<std::uint32_t> input_ports, std::uint32_t port_count)
      : task(std::move(name), subtask, table, env, own),
        gate_(own),
        input_ports_(std::move(input_ports)),
        open_of_port_(port_count, 0) {}

  /// [control] Before the first step. exactly_once: channels whose barrier has come wait for the others, and a barrier does not
  /// wait behind queued batches longer than the timeout. Otherwise nobody waits, and what follows a barrier may be in the cut too.
  void set_alignment(bool exactly_once, std::int64_t timeout_us) {
    exactly_once_ = exactly_once;
    aligned_timeout_ns_ = timeout_us * 1000;
  }
  /// [control] Before the first step, after seal: what the barrier of the restored cut had overtaken. schemas: by input edge.
  base::result<void> restore_in_flight(std::string_view bytes, const std::vector<model::schema_ref>& schemas);

  /// [control] Before the first step: rows wait for the watermark and come in an order that depends on nothing but them.
  /// keep: what waits when the pipeline stops before its end stays in the last cut, and is not handed out.
  void put_in_order(std::int64_t step_us, bool keep) {
    ordered_.emplace(step_us, input_ports_);
    keep_waiting_ = keep;
    chain_.take_turns(step_us);
  }
  /// [control] Where rows wait for their turn; null: they do not.
  ordered_input* ordered() { return ordered_ ? &*ordered_ : nullptr; }

  exchange::gate& gate() { return gate_; }
  const exchange::gate& gate() const { return gate_; }
  /// [any] The channel that holds the watermark; UINT32_MAX: none.
  std::uint32_t holder() const { return holder_.load(std::memory_order_relaxed); }
  /// [control] After the last channel was opened, before the first step.
  void seal();

 private:
  step_result work() override;
  std::int64_t work_at_ns() const override;
  bool cuts_at_once() const override { return false; }
  void drop_in_flight() override;
  std::string waiting() const override { return ordered_ ? ordered_->encode() : std::string(); }
  /// Rows whose turn it is go to the head, a step of event time at a time, then the clock follows them, then all ends.
  /// Nothing: there is nothing of that to do.
  std::optional<step_result> give_turns();
  bool hand_out_first();
  bool take(exchange::arrival& a);
  bool take_barrier(std::uint32_t channel, model::barrier b);
  bool cut_when_aligned();
  /// Whether this cut's barrier may leave what waits in front of it behind.
  bool may_overtake(std::uint64_t cut) const;
  /// The newest cut whose barrier, or the end in its place, is in a queue.
  std::uint64_t cut_in_queue() const;
  /// Whether the barrier that waits must not wait any longer.
  bool must_overtake();
  bool overtake(std::uint64_t cut);
  /// Barriers that have come meanwhile into channels that are being recorded.
  void look_for_barriers();
  void record(std::uint32_t channel, const model::message& m);
  void stop_recording(std::uint32_t channel);
  bool take_watermark(std::uint32_t channel, model::watermark w);
  bool take_end(std::uint32_t channel, std::uint32_t input);
  bool follow_merge();

  exchange::gate gate_;
  std::optional<ordered_input> ordered_;
  bool keep_waiting_ = false;
  std::vector<std::uint32_t> input_ports_;
  std::vector<std::uint32_t> open_of_port_;  // channels of each port that have not ended
  std::size_t open_ = 0;
  model::watermark_merge merge_;
  std::atomic<std::uint32_t> holder_{UINT32_MAX};
  bool idle_ = false;
  bool done_ = false;
  model::barrier aligning_;  // cut 0: no barrier has come that has not been passed on
  std::vector<bool> channel_ended_;
  std::vector<bool> delivered_;  // channels that the barrier has come through
  bool exactly_once_ = true;
  std::int64_t aligned_timeout_ns_ = 0;
  std::uint64_t waiting_cut_ = 0;  // whose barrier was seen in a queue
  std::int64_t waiting_since_ns_ = 0;
  std::vector<bool> recording_;  // channels whose messages belong to the cut that overtook them
  std::size_t recorded_left_ = 0;
  std::string in_flight_;
};

}  // namespace weir::task
