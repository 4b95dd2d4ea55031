#include "job/job.hpp"

#include <algorithm>
#include <utility>

#include "job/running_job.hpp"
#include "model/name_registry.hpp"
#include "task/thread_runner.hpp"

namespace weir::job {

std::vector<subtask_figures> running_job::figures() const {
  std::vector<subtask_figures> all;
  for (std::uint32_t c = 0; c < built_.tasks.size(); ++c) {
    for (std::uint32_t subtask = 0; subtask < built_.tasks[c].size(); ++subtask) {
      const task::task& t = *built_.tasks[c][subtask];
      for (std::uint32_t at = 0; at < t.nodes().size(); ++at) {
        const op::counters& counts = t.nodes().counts(at);
        subtask_figures f;
        f.node = plan_->chains[c].nodes[at];
        f.subtask = subtask;
        f.records_in = counts.records_in.load(std::memory_order_relaxed);
        f.batches_in = counts.batches_in.load(std::memory_order_relaxed);
        f.bytes_in = counts.bytes_in.load(std::memory_order_relaxed);
        f.records_out = counts.records_out.load(std::memory_order_relaxed);
        f.batches_out = counts.batches_out.load(std::memory_order_relaxed);
        f.bytes_out = counts.bytes_out.load(std::memory_order_relaxed);
        f.late = counts.late.load(std::memory_order_relaxed);
        f.dead_letters = counts.dead_letters.load(std::memory_order_relaxed);
        f.skipped = counts.skipped.load(std::memory_order_relaxed);
        f.watermark_us = counts.watermark_us.load(std::memory_order_relaxed);
        f.newest_event_us = counts.newest_event_us.load(std::memory_order_relaxed);
        if (const task::keyed_state* state = t.nodes().state_at(at)) {
          f.state_bytes = state->memory_bytes();
          f.state_entries = state->entries();
          f.state_entries_on_disk = state->entries_on_disk();
          f.state_entries_converting = state->evolves();
        }
        if (at == 0) {
          f.busy_ns = t.times().busy.load(std::memory_order_relaxed);
          f.working_ns = t.times().working.load(std::memory_order_relaxed);
          f.idle_ns = t.times().idle.load(std::memory_order_relaxed);
          f.backpressured_ns = t.times().backpressured.load(std::memory_order_relaxed);
          if (!built_.sources[c].empty()) {
            const task::source_task& source = *built_.sources[c][subtask];
            f.pending_records = source.pending();
            f.paused = source.paused();
            const task::held_split held = source.held();
            if (held.number != UINT32_MAX) {
              f.held_by = model::split_names().name(held.number);
              f.held_watermark_us = held.watermark_us;
              f.held_pending = held.pending;
              if (held.quiet_since_ns >= 0)
                f.held_quiet_us = std::max<std::int64_t>(0, env_.monotonic_ns() - held.quiet_since_ns) / 1000;
            }
            if (held.newest != UINT32_MAX) {
              f.newest_split = model::split_names().name(held.newest);
              f.newest_split_us = held.newest_us;
            }
          } else {
            const exchange::gate& gate = built_.operators[c][subtask]->gate();
            const std::uint32_t holder = built_.operators[c][subtask]->holder();
            if (holder < built_.writers[c][subtask].size()) f.held_by = built_.writers[c][subtask][holder];
            for (std::size_t i = 0; i < gate.channel_count(); ++i) {
              const auto counted = gate.at(i).counters();
              f.pushed_batches += counted.pushed_batches;
              f.popped_batches += counted.popped_batches;
              f.pushed_bytes += counted.pushed_bytes;
              f.popped_bytes += counted.popped_bytes;
              f.full = f.full || gate.at(i).full();
            }
          }
        }
        all.push_back(f);
      }
    }
  }
  return all;
}

bool running_job::takes_only_dead_letters(const plan::node& sink) const {
  return std::all_of(sink.inputs.begin(), sink.inputs.end(), [&](const plan::input& in) {
    const plan::node& from = plan_->nodes[in.from_node];
    if (in.from_output == from.dead_letter_output()) return true;
    return from.hidden() && from.visible == sink.visible && takes_only_dead_letters(from);  // its own encoder
  });
}

totals running_job::sum() const {
  totals t;
  for (const subtask_figures& f : figures()) {
    const plan::node& n = plan_->nodes[f.node];
    const std::uint64_t dead = f.dead_letters + f.skipped;
    t.dead_letters += dead;
    t.late += f.late;
    if (n.kind == plan::node_kind::source) t.records_in += f.records_out + dead;
    if (n.kind != plan::node_kind::sink) continue;
    if (!takes_only_dead_letters(n)) t.records_out += f.records_in - dead;
    t.sinks[n.id]["rows"] += f.records_in - dead;
  }
  std::lock_guard lock(mutex_);
  for (const auto& [id, figures] : reported_) {
    auto sink = t.sinks.find(id);
    if (sink == t.sinks.end()) continue;
    for (const auto& [name, value] : figures) sink->second[name] = value;
  }
  return t;
}

base::result<std::unique_ptr<job>> job::make(plan::plan_ptr what, options how, base::env& env) {
  auto made = std::make_unique<running_job>(std::move(what), how, env, std::make_unique<task::thread_runner>(env));
  WEIR_TRY(made->prepare(how));
  return std::unique_ptr<job>(std::move(made));
}

}  // namespace weir::job
