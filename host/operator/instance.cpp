#include "operator/instance.hpp"

#include <utility>

#include "base/guarded.hpp"
#include "model/compact.hpp"
#include "model/key_hash.hpp"
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
                   chain_error& failure, base::env& env)
    : context_(what, subtask, out, failure, env), table_(table) {}

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
  base::current_activity = context_.outside;
  if (code < 0) context_.log.error("destroy of the plugin failed, it may have lost something", {{"why", context_.why}});
}

bool instance::create() {
  context_.begin(nullptr);
  const weir_code code = call([&] { return context_.what.op->create(&table_, &context_, context_.what.plan, &self_); });
  created_ = code >= 0;
  return context_.end(code, "create");
}

bool instance::process(std::uint32_t port, const model::batch_ref& given) {
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
  context_.begin(batch.get());
  return context_.end(call([&] { return what.op->process(self_, &context_, &view); }), "process");
}

bool instance::advance(std::int64_t watermark_us) {
  if (watermark_us <= context_.watermark) return !context_.failure.failed();
  context_.watermark = watermark_us;
  context_.counts.watermark_us.store(watermark_us, std::memory_order_relaxed);
  if (!WEIR_HAS(context_.what.op, weir_operator, on_watermark)) return !context_.failure.failed();
  context_.begin(nullptr);
  return context_.end(call([&] { return context_.what.op->on_watermark(self_, &context_, watermark_us); }),
                      "on_watermark");
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
