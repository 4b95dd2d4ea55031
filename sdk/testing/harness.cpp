// What a harness does to its operator.
#include "weir/test/harness.hpp"

#include <algorithm>
#include <stdexcept>

#include "weir/ext/draft/handover.h"
#include "weir/ext/draft/snapshot.h"
#include "weir/ext/draft/timers.h"
#include "weir/ext/draft/two_phase.h"

namespace weir::test {

void harness_base::fire(std::uint32_t time_kind, time until) {
  auto& t = bench_.task();
  if (!t.state) return;
  const auto* on = bench_.offered<weir_timers>(WEIR_EXT_TIMERS);
  std::uint32_t family = 0;
  // One call after the other: a timer that is set for a time that has passed fires in the next.
  while (auto due = t.state->pop_due(time_kind, weir::detail::micros(until), &family)) {
    if (!on) throw std::logic_error{"the operator sets timers, but has no on_timers to hear of them"};
    const auto raw = due->raw();
    t.batch = &*due;
    bench_.call("on_timers", [&] { return on->on_timers(bench_.self(), t.raw(), family, &raw); });
  }
}
keyed_store& harness_base::keyed() {
  if (!bench_.task().state) throw std::logic_error{"the operator declared no state and no timers"};
  return *bench_.task().state;
}
void harness_base::clock(time to) {
  bench_.task().now = to;
  fire(WEIR_TIMER_PROCESSING_TIME, to);
}

void harness_base::watermark(time to) {
  bench_.task().watermark = to;
  fire(WEIR_TIMER_EVENT_TIME, to);
  const auto& ops = bench_.ops();
  if (ops.on_watermark)
    bench_.call("on_watermark",
                [&] { return ops.on_watermark(bench_.self(), bench_.task().raw(), weir::detail::micros(to)); });
}
void harness_base::flush() {
  const auto& ops = bench_.ops();
  if (ops.flush) bench_.call("flush", [&] { return ops.flush(bench_.self(), bench_.task().raw()); });
}
void harness_base::end() {
  const auto& ops = bench_.ops();
  for (std::uint32_t i = 0; ops.end_of_port && i < bench_.bound().inputs.size(); ++i)
    bench_.call("end_of_port", [&] { return ops.end_of_port(bench_.self(), bench_.task().raw(), i); });
  watermark(end_of_time);
  flush();
}
cut_image harness_base::cut() {
  cut_image out{.number = ++newest_cut_, .watermark = bench_.task().watermark};
  flush();
  std::string bytes;
  auto* to = reinterpret_cast<weir_bytes*>(&bytes);
  if (const auto* s = bench_.offered<weir_snapshot>(WEIR_EXT_SNAPSHOT)) {
    bench_.call("save", [&] { return s->save(bench_.self(), bench_.task().raw(), to); });
    out.saved = std::exchange(bytes, {});
  }
  if (const auto* p = bench_.offered<weir_two_phase>(WEIR_EXT_TWO_PHASE)) {
    bench_.call("prepare", [&] { return p->prepare(bench_.self(), bench_.task().raw(), out.number, to); });
    out.prepared = std::exchange(bytes, {});
  }
  if (bench_.task().state) out.state = bench_.task().state->cut();
  return out;
}
void harness_base::commit(const cut_image& c) {
  const auto* p = bench_.offered<weir_two_phase>(WEIR_EXT_TWO_PHASE);
  if (p)
    bench_.call("commit", [&] {
      return p->commit(bench_.self(), bench_.task().raw(), c.number, weir::detail::view(c.prepared.value_or("")));
    });
}
void harness_base::abort(const cut_image& c) {
  const auto* p = bench_.offered<weir_two_phase>(WEIR_EXT_TWO_PHASE);
  if (p)
    bench_.call("abort", [&] {
      return p->abort(bench_.self(), bench_.task().raw(), c.number, weir::detail::view(c.prepared.value_or("")));
    });
}
void harness_base::recover(std::uint64_t cut, std::string_view prepared) {
  const auto* p = bench_.offered<weir_two_phase>(WEIR_EXT_TWO_PHASE);
  if (p)
    bench_.call("recover",
                [&] { return p->recover(bench_.self(), bench_.task().raw(), cut, weir::detail::view(prepared)); });
}
void harness_base::restore(const cut_image& from) {
  bench_.task().watermark = from.watermark;
  bench_.recreate();
  restore_more(from);
  if (bench_.task().state) bench_.task().state->restore(from.state);
}
void harness_base::take_over(const cut_image& from) {
  const auto* h = bench_.offered<weir_handover>(WEIR_EXT_HANDOVER);
  if (!h) throw std::logic_error{"it has no hands_over() and take_over()"};
  cut_image kept = from;
  kept.prepared.reset();
  restore(kept);
  bench_.call("take_over", [&] {
    return h->take_over(bench_.self(), bench_.task().raw(), from.number,
                        weir::detail::view(from.prepared.value_or("")));
  });
}
void harness_base::restore_more(const cut_image& from) {
  newest_cut_ = std::max(newest_cut_, from.number);
  if (from.saved) {
    const auto* s = bench_.offered<weir_snapshot>(WEIR_EXT_SNAPSHOT);
    if (!s) throw std::logic_error{"the cut holds what the operator saved, but it has no restore"};
    bench_.call("restore",
                [&] { return s->restore(bench_.self(), bench_.task().raw(), weir::detail::view(*from.saved)); });
  }
  if (from.prepared) recover(from.number, *from.prepared);
}
void harness_base::trace(bool on) {
  bench_.task().tracing = on;
  bench_.task().source_names = {"test"};
}

void harness_base::send(std::uint32_t port, schema columns_of, std::vector<std::shared_ptr<owned_column>> columns,
                        std::vector<std::int64_t> times, const std::vector<change_kind>& changes) {
  owned_batch b;
  b.port = port;
  b.columns_of = std::move(columns_of);
  b.columns = std::move(columns);
  b.split = 0;
  b.all = !spread();
  const std::size_t each = spread() ? 2 : 1;
  const bool inserts = std::all_of(changes.begin(), changes.end(), [](auto c) { return c == change_kind::insert; });
  for (std::size_t i = 0; i < times.size() * each; ++i) {
    b.event_time.push_back(times[i / each]);
    if (i % each) b.rows.push_back(static_cast<std::uint32_t>(i));
    if (!inserts) b.change.push_back(static_cast<std::uint8_t>(changes[changes.size() == 1 ? 0 : i / each]));
    const auto number = next_offset_ + static_cast<std::int64_t>(i / each);
    b.offset.push_back(number);
    if (!bench_.task().tracing) continue;
    for (std::size_t k = 0; k < 16; ++k)
      b.trace_id.push_back(k < 8 ? static_cast<std::uint8_t>(number >> (8 * k)) : std::uint8_t{0});
    b.source_id.push_back(0);
  }
  b.length = static_cast<std::int64_t>(times.size() * each);
  b.key = bench_.bound().inputs.at(port).key;
  for (std::int64_t i = 0; !b.key.empty() && i < b.length; ++i)
    b.key_hash.push_back(hash_of_key(keyed_store::key_of(b, static_cast<std::uint32_t>(i))));
  next_offset_ += b.row_count();
  const auto raw = b.raw();
  bench_.task().batch = &b;
  bench_.call("process", [&] { return bench_.ops().process(bench_.self(), bench_.task().raw(), &raw); });
}
}  // namespace weir::test
