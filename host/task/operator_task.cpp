#include "task/operator_task.hpp"

#include <algorithm>
#include <utility>

#include "base/cat.hpp"
#include "base/seeded_bug.hpp"
#include "model/batch_codec.hpp"
#include "task/bytes.hpp"

namespace weir::task {
namespace {

/// A barrier never waits longer than this behind queued batches once aligned_timeout is over, however short the queue.
constexpr std::int64_t patience_ns = 100'000'000;

/// Messages that were overtaken: u32 channel, u8 kind, then the batch (model/batch_codec.hpp) or the watermark.
void encode(std::uint32_t channel, const model::message& m, std::string& out) {
  if (m.kind() != model::message_kind::batch && m.kind() != model::message_kind::watermark) return;
  put(out, channel);
  put(out, m.kind());
  if (m.kind() == model::message_kind::batch) return model::encode_batch(m.batch(), out);
  put(out, m.watermark().time);
  put(out, m.watermark().status);
}

}  // namespace

void operator_task::seal() {
  for (std::size_t i = 0; i < gate_.channel_count(); ++i) {
    merge_.add();
    ++open_of_port_[input_ports_[gate_.at(i).input()]];
    ++open_;
  }
  channel_ended_.assign(gate_.channel_count(), false);
  delivered_.assign(gate_.channel_count(), false);
  recording_.assign(gate_.channel_count(), false);
}

step_result operator_task::work() {
  // Before back pressure: a cut must come through when nothing else does.
  if (must_overtake() && !overtake(cut_in_queue())) return step_result::failed;
  if (recorded_left_ > 0) look_for_barriers();
  if (ordered_) {
    const std::uint64_t settled = std::max(last_cut(), given_up());
    // Nothing goes out by it: what comes in front of the barrier, or of the end that stands for it, only waits, and is part of the cut.
    if (gate_.barrier_seen() > settled || (announced().cut > settled && gate_.end_waits()))
      if (auto next = gate_.poll()) return take(*next) ? step_result::worked : step_result::failed;
    // All inputs have ended while rows still wait: no barrier can bring this cut.
    if (open_ == 0 && announced().cut > std::max(last_cut(), given_up()) &&
        !cut_here(announced().cut, announced().kind))
      return step_result::failed;
  }
  if (!chain_.has_room()) return step_result::wait_output;
  if (ordered_)
    if (const auto done = give_turns()) return *done;
  auto next = gate_.poll();
  if (!next) return step_result::wait_input;
  if (!take(*next)) return step_result::failed;
  return done_ ? step_result::finished : step_result::worked;
}

bool operator_task::take(exchange::arrival& a) {
  if (recorded_left_ > 0 && recording_[a.channel]) record(a.channel, a.what);
  switch (a.what.kind()) {
    case model::message_kind::batch: {
      const model::batch_ref batch = a.what.take_batch();
      if (ordered_ && ordered_->add(a.input, batch)) return true;
      return chain_.push(0, input_ports_[a.input], batch);
    }
    case model::message_kind::watermark:
      return take_watermark(a.channel, a.what.watermark());
    case model::message_kind::end:
      return take_end(a.channel, a.input);
    case model::message_kind::barrier:
      return take_barrier(a.channel, a.what.barrier());
    case model::message_kind::none:
      break;
  }
  return true;
}

bool operator_task::take_barrier(std::uint32_t channel, model::barrier b) {
  if (b.cut < aligning_.cut || b.cut <= last_cut()) return true;  // of a cut that was given up
  if (b.cut > aligning_.cut) {
    // A newer one: the older will not be completed any more.
    gate_.unblock_all();
    std::fill(delivered_.begin(), delivered_.end(), false);
    aligning_ = b;
  }
  delivered_[channel] = true;
  if (exactly_once_) gate_.block(channel);
  return cut_when_aligned();
}

bool operator_task::cut_when_aligned() {
  if (aligning_.cut == 0) return true;
  for (std::size_t i = 0; i < delivered_.size(); ++i)
    if (!delivered_[i] && !channel_ended_[i]) return true;
  const model::barrier b = aligning_;
  aligning_ = {};
  std::fill(delivered_.begin(), delivered_.end(), false);
  gate_.unblock_all();
  return cut_here(b.cut, b.kind);
}

bool operator_task::may_overtake(std::uint64_t cut) const {
  // A savepoint waits: it must be restorable at any parallelism. The order that says what it is comes by another way, soon.
  return exactly_once_ && !ordered_ && cut > last_cut() && cut > given_up() && announced().cut == cut &&
         announced().kind != model::cut_kind::savepoint;
}

std::uint64_t operator_task::cut_in_queue() const {
  // All inputs have ended behind what waits: no barrier will come, and what waits may take long.
  const bool ended = open_ > 0 && gate_.ends_waiting() == open_;
  return ended ? std::max(gate_.barrier_seen(), announced().cut) : gate_.barrier_seen();
}

bool operator_task::must_overtake() {
  const std::uint64_t cut = cut_in_queue();
  if (!may_overtake(cut)) return false;
  const std::int64_t now = env_.monotonic_ns();
  if (cut != waiting_cut_) {
    waiting_cut_ = cut;
    waiting_since_ns_ = now;
  }
  if (announced().kind == model::cut_kind::swap) return true;  // somebody waits for it
  const std::int64_t waited = now - waiting_since_ns_ - aligned_timeout_ns_;
  return waited >= patience_ns || (waited >= 0 && gate_.crowded());
}

std::int64_t operator_task::work_at_ns() const {
  if (waiting_cut_ == 0 || !may_overtake(waiting_cut_)) return INT64_MAX;
  return waiting_since_ns_ + aligned_timeout_ns_ + patience_ns;
}

bool operator_task::overtake(std::uint64_t cut) {
  // What is left of an older cut goes first: it must not take this one's recording with it.
  if (!settle_older(cut)) return false;
  if (cut <= given_up()) return true;
  in_flight_.clear();
  put(in_flight_, static_cast<std::uint32_t>(gate_.channel_count()));
  recorded_left_ = 0;
  for (std::uint32_t i = 0; i < gate_.channel_count(); ++i) {
    recording_[i] = false;
    if (channel_ended_[i] || (aligning_.cut == cut && delivered_[i])) continue;
    std::vector<model::message> ahead;
    const bool complete = gate_.overtake(i, cut, ahead);
    bool over = complete;
    for (const model::message& m : ahead) over = over || m.kind() == model::message_kind::end;
    if (over) {
      for (const model::message& m : ahead) encode(i, m, in_flight_);
      continue;
    }
    // Its barrier has not come yet: what waits and what comes is written down as it is taken, or when the barrier has come.
    recording_[i] = true;
    ++recorded_left_;
  }
  const model::cut_kind kind = announced().kind;
  aligning_ = {};
  std::fill(delivered_.begin(), delivered_.end(), false);
  gate_.unblock_all();
  hold_cut();
  if (!cut_here(cut, kind)) return false;
  if (recorded_left_ == 0) release_cut(std::move(in_flight_));
  return true;
}

void operator_task::look_for_barriers() {
  for (std::uint32_t i = 0; i < recording_.size() && recorded_left_ > 0; ++i) {
    if (!recording_[i]) continue;
    std::vector<model::message> ahead;
    if (!gate_.overtake(i, last_cut(), ahead)) continue;
    for (const model::message& m : ahead) encode(i, m, in_flight_);
    stop_recording(i);
  }
}

void operator_task::record(std::uint32_t channel, const model::message& m) {
  if (m.kind() == model::message_kind::end) return stop_recording(channel);
  if (m.kind() == model::message_kind::barrier) {
    if (m.barrier().cut == last_cut()) stop_recording(channel);
    return;
  }
  encode(channel, m, in_flight_);
}

void operator_task::stop_recording(std::uint32_t channel) {
  recording_[channel] = false;
  if (--recorded_left_ == 0) release_cut(std::move(in_flight_));
}

void operator_task::drop_in_flight() {
  std::fill(recording_.begin(), recording_.end(), false);
  recorded_left_ = 0;
  in_flight_.clear();
}

base::result<void> operator_task::restore_in_flight(std::string_view bytes,
                                                    const std::vector<model::schema_ref>& schemas) {
  auto damaged = [&] {
    return base::host_error(base::cat("what waited in front of ", name(), " at the cut is damaged"));
  };
  std::uint32_t count = 0;
  if (!get(bytes, &count)) return damaged();
  if (count != gate_.channel_count())
    return base::config_error(
        base::cat("this cut was taken while queues were full, and holds batches that waited in front of ", name(),
                  "; it can only be restored at the parallelism that it was taken at. Take a savepoint (weir "
                  "savepoint) to change parallelism"));
  std::vector<std::vector<model::message>> waiting(count);
  while (!bytes.empty()) {
    std::uint32_t channel = 0;
    model::message_kind kind{};
    if (!get(bytes, &channel) || !get(bytes, &kind) || channel >= count) return damaged();
    if (kind == model::message_kind::batch) {
      waiting[channel].emplace_back(WEIR_TRY(model::decode_batch(bytes, schemas[gate_.at(channel).input()])));
    } else if (kind == model::message_kind::watermark) {
      model::watermark w;
      if (!get(bytes, &w.time) || !get(bytes, &w.status)) return damaged();
      waiting[channel].emplace_back(w);
    } else {
      return damaged();
    }
  }
  if (base::seeded_bug("lose_overtaken")) return {};
  for (std::uint32_t i = 0; i < count; ++i) gate_.put_first(i, std::move(waiting[i]));
  return {};
}

bool operator_task::take_watermark(std::uint32_t channel, model::watermark w) {
  // Time before status: an input that goes idle has told how far it is.
  merge_.advance(channel, w.time);
  merge_.set_idle(channel, w.status == model::activity::idle);
  return follow_merge();
}

bool operator_task::follow_merge() {
  const std::int64_t before = chain_.operator_at(0)->watermark();
  holder_.store(merge_.holder(), std::memory_order_relaxed);
  if (!ordered_ && merge_.current() > before && !chain_.advance(merge_.current())) return false;
  if (merge_.idle() != idle_) {
    idle_ = !idle_;
    chain_.tell_status(idle_ ? model::activity::idle : model::activity::active);
  }
  return true;
}

std::optional<step_result> operator_task::give_turns() {
  const auto told = [](bool well) { return well ? step_result::worked : step_result::failed; };
  // Only whole steps: how far the watermark happens to be at this moment must not decide anything.
  const std::int64_t time = merge_.current();
  const bool end = time == model::watermark_merge::end;
  const std::int64_t open = end ? INT64_MAX : step_of(time + 1, ordered_->step_us());  // may still get rows
  if (ordered_->first() < open)
    return told((ordered_->first() == INT64_MIN || chain_.advance_in_steps(ordered_->first() - 1)) && hand_out_first());
  const std::int64_t clock = end ? INT64_MAX : open > INT64_MIN ? open - 1 : INT64_MIN;
  if (chain_.operator_at(0)->watermark() < clock) return told(chain_.advance_in_steps(clock));
  if (open_ > 0) return std::nullopt;
  // The pipeline stops before its end, and no cut keeps what waits: it goes on its way, and no window fires for it.
  if (!keep_waiting_ && ordered_->first() != INT64_MAX) return told(hand_out_first());
  // The ports end together: rows of one that had ended may have waited.
  for (std::uint32_t port = 0; port < open_of_port_.size(); ++port)
    if (!chain_.end_of_head_port(port)) return step_result::failed;
  return chain_.finish() ? step_result::finished : step_result::failed;
}

bool operator_task::hand_out_first() {
  chain_.set_turn(ordered_->first());
  auto rows = ordered_->take_first();
  if (!rows) {
    chain_.failure().set(std::move(rows).why().in("rows that wait for their turn in front of " + name()));
    return false;
  }
  return std::all_of(rows->begin(), rows->end(),
                     [&](const ordered_input::part& p) { return chain_.push(0, p.port, p.rows); });
}

bool operator_task::take_end(std::uint32_t channel, std::uint32_t input) {
  // An end behind the last watermark is the end of the data. An end without it is a pipeline that stops: the clock
  // stays where this channel was, for in the next run its records go on from there, and none of them may be late then.
  if (merge_.of(channel) == model::watermark_merge::end) {
    merge_.finish(channel);
    if (!follow_merge()) return false;
  }
  const std::uint32_t port = input_ports_[input];
  channel_ended_[channel] = true;
  if (--open_of_port_[port] == 0 && !ordered_ && !chain_.end_of_head_port(port)) return false;
  if (!cut_when_aligned()) return false;
  if (--open_ > 0 || ordered_) return true;
  done_ = true;
  return chain_.finish();
}

}  // namespace weir::task
