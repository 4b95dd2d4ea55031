#include "task/operator_task.hpp"

namespace weir::task {

void operator_task::seal() {
  for (std::size_t i = 0; i < gate_.channel_count(); ++i) {
    merge_.add();
    ++open_of_port_[input_ports_[gate_.at(i).input()]];
    ++open_;
  }
}

step_result operator_task::step() {
  if (chain_.failure().failed()) return step_result::failed;
  if (done_) return step_result::finished;
  if (!chain_.has_room()) return step_result::wait_output;
  auto next = gate_.poll();
  if (!next) return step_result::wait_input;
  if (!take(*next)) return step_result::failed;
  return done_ ? step_result::finished : step_result::worked;
}

bool operator_task::take(exchange::arrival& a) {
  switch (a.what.kind()) {
    case model::message_kind::batch: {
      const model::batch_ref batch = a.what.take_batch();
      return chain_.push(0, input_ports_[a.input], batch);
    }
    case model::message_kind::watermark:
      return take_watermark(a.channel, a.what.watermark());
    case model::message_kind::end:
      return take_end(a.channel, a.input);
    case model::message_kind::barrier:
    case model::message_kind::none:
      break;
  }
  return true;
}

bool operator_task::take_watermark(std::uint32_t channel, model::watermark w) {
  // Time before status: an input that goes idle has told how far it is.
  merge_.advance(channel, w.time);
  merge_.set_idle(channel, w.status == model::activity::idle);
  return follow_merge();
}

bool operator_task::follow_merge() {
  const std::int64_t before = chain_.operator_at(0)->watermark();
  if (merge_.current() > before && !chain_.advance(merge_.current())) return false;
  if (merge_.idle() != idle_) {
    idle_ = !idle_;
    chain_.tell_status(idle_ ? model::activity::idle : model::activity::active);
  }
  return true;
}

bool operator_task::take_end(std::uint32_t channel, std::uint32_t input) {
  // An end behind the last watermark is the end of the data. An end without it is a pipeline that stops: that channel must not
  // hold the others back, and must not make windows fire.
  if (merge_.of(channel) == model::watermark_merge::end)
    merge_.finish(channel);
  else
    merge_.set_idle(channel, true);
  if (!follow_merge()) return false;
  const std::uint32_t port = input_ports_[input];
  if (--open_of_port_[port] == 0 && !chain_.end_of_head_port(port)) return false;
  if (--open_ > 0) return true;
  done_ = true;
  return chain_.finish();
}

}  // namespace weir::task
