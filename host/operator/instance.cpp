#include "operator/instance.hpp"

#include <cstring>
#include <numeric>
#include <utility>

#include "base/cat.hpp"
#include "base/digest.hpp"
#include "base/guarded.hpp"
#include "model/compact.hpp"
#include "model/key_hash.hpp"
#include "model/plugin_bytes.hpp"
#include "model/row_json.hpp"
#include "weir/ext/draft/report.h"

namespace weir::op {
namespace {

/// For the event-time lag: the time of the batch's last row stands for all of them.
void note_event_time(counters& counts, const model::batch& b) {
  const std::int64_t* times = b.view().event_time;
  if (!times || b.row_count() == 0) return;
  const std::int64_t last = times[b.row(b.row_count() - 1)];
  if (last > counts.newest_event_us.load(std::memory_order_relaxed))
    counts.newest_event_us.store(last, std::memory_order_relaxed);
}

}  // namespace

instance::instance(const spec& what, std::uint32_t subtask, const weir_host& table, collector& out,
                   chain_error& failure, base::env& env, counters* kept)
    : context_(what, subtask, out, failure, env, nullptr, kept),
      table_(table),
      suspected_(what.suspected.has_value()) {}

template <class Call>
weir_code instance::call(Call&& into_plugin) {
  return base::guarded(table_, &context_, into_plugin);
}

instance::~instance() { close(); }

void instance::close() {
  if (!created_) return;
  created_ = false;
  void* const self = std::exchange(self_, nullptr);
  if (!self || !context_.what.op->destroy) return;
  // It cannot fail, and nobody waits for its result; but an exception must not end the process, and a crash must name it.
  context_.begin(nullptr);
  const weir_code code = call([&] {
    context_.what.op->destroy(self);
    return weir_code{WEIR_OK};
  });
  base::set_activity(context_.outside);
  if (code < 0) context_.log.error("destroy of the plugin failed, it may have lost something", {{"why", context_.why}});
}

void instance::use(state_access* state) {
  context_.state = state;
  context_.key_of_keys.resize(context_.what.key_fields.size());
  std::iota(context_.key_of_keys.begin(), context_.key_of_keys.end(), 0u);
}

bool instance::create() {
  if (WEIR_HAS(context_.what.op, weir_operator, extension)) {
    const auto ask = context_.what.op->extension;
    context_.begin(nullptr);
    const weir_code asked = call([&]() -> weir_code {
      timers_ = static_cast<const weir_timers*>(ask(WEIR_EXT_TIMERS));
      snapshot_ = static_cast<const weir_snapshot*>(ask(WEIR_EXT_SNAPSHOT));
      two_phase_ = static_cast<const weir_two_phase*>(ask(WEIR_EXT_TWO_PHASE));
      const auto* handover = static_cast<const weir_handover*>(ask(WEIR_EXT_HANDOVER));
      if (handover && WEIR_HAS(handover, weir_handover, offers) && handover->offers(context_.what.plan) == 1)
        handover_ = handover;
      return WEIR_OK;
    });
    if (!context_.end(asked, "extension")) return false;
  }
  context_.begin(nullptr);
  const weir_code code = call([&] { return context_.what.op->create(&table_, &context_, context_.what.plan, &self_); });
  created_ = code >= 0;
  return context_.end(code, "create");
}

bool instance::process(std::uint32_t port, const model::batch_ref& given) {
  if (suspected_) [[unlikely]]
    return process_one_by_one(port, *given);
  return process_batch(port, given);
}

bool instance::process_one_by_one(std::uint32_t port, const model::batch& batch) {
  const auto& known = context_.what.suspected->records;
  const model::row_json text(batch.schema());
  std::string row;
  for (std::int64_t at = 0; at < batch.row_count(); ++at) {
    const model::batch_ref one = model::slice(batch, at, 1);
    row = base::cat(port, ":");
    text.append(row, *one, 0);
    const base::sha256_digest digest = base::sha256_of(row);
    std::uint64_t fingerprint = 0;
    std::memcpy(&fingerprint, digest.data(), sizeof fingerprint);
    if (known.contains(fingerprint)) {
      counters::add(context_.counts.records_in, 1);
      if (!dead_letter(*one, 0, "this record ended the worker process when it was processed")) return false;
      continue;
    }
    context_.doing.record = fingerprint;
    const bool works = process_batch(port, one);
    context_.doing.record = 0;
    if (!works) return false;
  }
  return true;
}

bool instance::process_batch(std::uint32_t port, const model::batch_ref& given) {
  const spec& what = context_.what;
  model::batch_ref batch = given;
  const auto& keys = what.keys[port];
  if (!keys.empty() && !batch->view().key_hash) batch = model::with_key_hash(*batch, model::hash_keys(*batch, keys));
  if (!batch->dense() && !(what.op->flags & WEIR_SELECTIONS)) batch = model::compact(batch);

  counters& counts = context_.counts;
  counters::add(counts.records_in, static_cast<std::uint64_t>(batch->row_count()));
  counters::add(counts.batches_in, 1);
  counters::add(counts.bytes_in, static_cast<std::uint64_t>(batch->bytes()));

  note_event_time(counts, *batch);

  weir_batch view = batch->view();
  view.port = port;
  context_.begin(batch.get(), keys);
  return context_.end(call([&] { return what.op->process(self_, &context_, &view); }), "process");
}

bool instance::advance(std::int64_t watermark_us) {
  if (watermark_us <= context_.watermark) return !context_.failure.failed();
  context_.watermark = watermark_us;
  context_.counts.watermark_us.store(watermark_us, std::memory_order_relaxed);
  return fire(WEIR_TIMER_EVENT_TIME, watermark_us) && tell_watermark();
}

bool instance::tell_watermark() {
  if (!WEIR_HAS(context_.what.op, weir_operator, on_watermark)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] { return context_.what.op->on_watermark(self_, &context_, context_.watermark); }),
                      "on_watermark");
}

bool instance::fire(std::uint32_t time_kind, std::int64_t until_us) {
  if (!context_.state) return !context_.failure.failed();
  // In parts: a call is never longer than a batch, and a timer that is set for a time that has passed fires in the next part.
  std::uint32_t family = 0;
  while (const model::batch_ref due = context_.state->pop_due(time_kind, until_us, timers_a_call, &family))
    if (!tell_timers(family, *due)) return false;
  return !context_.failure.failed();
}

bool instance::tell_timers(std::uint32_t family, const model::batch& due) {
  if (!timers_ || !WEIR_HAS(timers_, weir_timers, on_timers)) {
    context_.broken(base::plugin_error("it sets timers but does not offer weir.timers/1 to be told of them"));
    return false;
  }
  const weir_batch view = due.view();
  context_.begin(&due, context_.key_of_keys);
  return context_.end(call([&] { return timers_->on_timers(self_, &context_, family, &view); }), "on_timers");
}

bool instance::fire_processing_timers(std::int64_t now_us) { return fire(WEIR_TIMER_PROCESSING_TIME, now_us); }

std::int64_t instance::next_processing_timer() const {
  return context_.state ? context_.state->next_timer(WEIR_TIMER_PROCESSING_TIME) : INT64_MAX;
}

bool instance::save(std::optional<std::string>* out) {
  suspected_ = false;
  if (!snapshot_ || !WEIR_HAS(snapshot_, weir_snapshot, save)) return !context_.failure.failed();
  weir_bytes bytes;
  context_.begin(nullptr);
  if (!context_.end(call([&] { return snapshot_->save(self_, &context_, &bytes); }), "save")) return false;
  *out = std::move(bytes.text);
  return true;
}

bool instance::restores() const { return snapshot_ && WEIR_HAS(snapshot_, weir_snapshot, restore); }

bool instance::restore(std::string_view saved) {
  if (!restores()) {
    context_.broken(
        base::plugin_error("the snapshot holds what it saved, but it does not offer weir.snapshot/1 to restore it"));
    return false;
  }
  context_.begin(nullptr);
  return context_.end(call([&] {
                        return snapshot_->restore(self_, &context_, {saved.data(), saved.size()});
                      }),
                      "restore");
}

bool instance::prepare(std::uint64_t cut, std::string* out) {
  if (!two_phase_ || !WEIR_HAS(two_phase_, weir_two_phase, prepare)) return !context_.failure.failed();
  weir_bytes bytes;
  context_.begin(nullptr);
  if (!context_.end(call([&] { return two_phase_->prepare(self_, &context_, cut, &bytes); }), "prepare")) return false;
  *out = std::move(bytes.text);
  return true;
}

bool instance::commit(std::uint64_t cut, std::string_view prepared) {
  if (!two_phase_ || !WEIR_HAS(two_phase_, weir_two_phase, commit)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] {
                        return two_phase_->commit(self_, &context_, cut, {prepared.data(), prepared.size()});
                      }),
                      "commit");
}

bool instance::abort(std::uint64_t cut, std::string_view prepared) {
  if (!two_phase_ || !WEIR_HAS(two_phase_, weir_two_phase, abort)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] {
                        return two_phase_->abort(self_, &context_, cut, {prepared.data(), prepared.size()});
                      }),
                      "abort");
}

bool instance::recover(std::uint64_t cut, std::string_view prepared) {
  if (!two_phase_ || !WEIR_HAS(two_phase_, weir_two_phase, recover)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] {
                        return two_phase_->recover(self_, &context_, cut, {prepared.data(), prepared.size()});
                      }),
                      "recover");
}

bool instance::take_over(std::uint64_t cut, std::string_view prepared) {
  if (!handover_ || !WEIR_HAS(handover_, weir_handover, take_over)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] {
                        return handover_->take_over(self_, &context_, cut, {prepared.data(), prepared.size()});
                      }),
                      "take_over");
}

bool instance::end_of_port(std::uint32_t port) {
  if (!WEIR_HAS(context_.what.op, weir_operator, end_of_port)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] { return context_.what.op->end_of_port(self_, &context_, port); }), "end_of_port");
}

bool instance::flush() {
  if (!WEIR_HAS(context_.what.op, weir_operator, flush)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] { return context_.what.op->flush(self_, &context_); }), "flush");
}

void instance::report(const std::function<void(std::string_view, std::uint64_t)>& add) {
  if (!created_ || !WEIR_HAS(context_.what.op, weir_operator, extension)) return;
  using adder = std::function<void(std::string_view, std::uint64_t)>;
  context_.begin(nullptr);
  const weir_code code = call([&]() -> weir_code {
    const auto* offered = static_cast<const weir_report*>(context_.what.op->extension(WEIR_EXT_REPORT));
    if (!offered || !WEIR_HAS(offered, weir_report, report)) return WEIR_OK;
    return offered->report(self_, &context_, reinterpret_cast<weir_figures*>(const_cast<adder*>(&add)),
                           [](weir_figures* to, weir_view name, std::uint64_t value) {
                             (*reinterpret_cast<const adder*>(to))(std::string_view(name.data, name.size), value);
                           });
  });
  // Figures are for people: a run that went well is not spoilt by a report that failed, but it is said.
  if (code < 0) context_.log.warn("the plugin's report failed", {{"code", code}, {"why", context_.why}});
  context_.end(WEIR_OK, "report");
}

bool instance::dead_letter(const model::batch& from, std::uint32_t row, std::string_view why) {
  base::error refused;
  const weir_code code = context_.dead.add(&from, row, WEIR_E_DATA, why, {}, &refused);
  if (code != WEIR_OK) context_.failure.set(std::move(refused).in("operator " + context_.what.id));
  return context_.dead.flush(context_.out) && !context_.failure.failed();
}

}  // namespace weir::op
