#include "operator/context.hpp"

#include <string_view>
#include <utility>

#include "base/cat.hpp"

weir_context::weir_context(const weir::op::spec& node, std::uint32_t number, weir::op::collector& to,
                           weir::op::chain_error& chain, weir::base::env& world, weir::op::split_listener* listener,
                           weir::op::counters* kept)
    : what(node),
      subtask(number),
      out(to),
      failure(chain),
      env(world),
      splits(listener),
      log({.room = node.source ? "source" : "operator",
           .pipeline = node.pipeline,
           .operator_id = node.id,
           .subtask = static_cast<int>(number),
           .plugin = node.plugin,
           .version = node.version}),
      counts(kept ? *kept : own_counts),
      dead(node, number, world, log, counts),
      ports(node.outputs.size()),
      doing{node.plugin, node.version, node.id, node.pipeline, number} {
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::string_view name = node.outputs[i].name;
    ports[i].late = name == "late" || name.starts_with("late.");
  }
}

void weir_context::begin(const weir::model::batch* batch, std::span<const std::uint32_t> key) {
  input = batch;
  input_key = key;
  if (state) state->set_time(env.now_us(), watermark);
  outside = weir::base::set_activity(&doing);
  why.clear();
  why_code = WEIR_OK;
}

bool weir_context::end(weir_code code, const char* slot) {
  weir::base::set_activity(outside);
  for (port_state& port : ports) {
    if (port.builders) port.builders->discard_open();
    if (port.beside) port.beside->discard_open();
  }
  row_buffers.clear();
  input = nullptr;
  scanned = {};
  if (!dead.flush(out) && !failure.failed()) {
    failure.set(weir::base::host_error("dead letters could not be handed on"));
  }
  if (failure.failed()) return false;
  if (code >= 0) return true;

  using weir::base::cat;
  const std::string said = why.empty() ? cat("returned code ", code, " without saying why") : why;
  const std::string who = cat("plugin ", what.plugin, " ", what.version);
  weir::base::error e;
  switch (code) {
    case WEIR_E_DATA:
      e = weir::base::data_error(said);
      break;
    case WEIR_E_EXTERNAL:
      e = weir::base::external_error(said);
      break;
    case WEIR_E_CONFIG:
      e = weir::base::config_error(said);
      break;
    default:
      e = weir::base::plugin_error(cat(who, " failed in ", slot, ": ", said), {}, weir::base::retry::from_checkpoint);
  }
  failure.set(std::move(e).in(cat("operator ", what.id, "/", subtask)));
  return false;
}

weir::model::builder_stock& weir_context::stock(std::uint32_t port, bool beside) {
  port_state& held = ports[port];
  auto& slot = beside ? held.beside : held.builders;
  if (!slot) {
    const weir::op::output_port& declared = what.outputs[port];
    // A port that passes nothing through is written whole, also beside an input (a decoder: a row for each record).
    const std::vector<std::int32_t> none(declared.schema->size(), -1);
    auto layout = beside ? weir::model::builder_layout::make_beside(declared.schema,
                                                                    declared.passes.empty() ? none : declared.passes)
                         : weir::model::builder_layout::make(declared.schema);
    slot = std::make_unique<weir::model::builder_stock>(
        std::move(layout), weir::model::builder_options{.tracing = what.trace, .source = what.source != nullptr});
  }
  return *slot;
}

weir_code weir_context::send(std::uint32_t port, const weir::model::batch_ref& batch) {
  const std::int64_t rows = batch->row_count();
  if (rows == 0) return WEIR_OK;
  using weir::op::counters;
  counters::add(counts.records_out, static_cast<std::uint64_t>(rows));
  counters::add(counts.batches_out, 1);
  counters::add(counts.bytes_out, static_cast<std::uint64_t>(batch->bytes()));
  if (ports[port].late) counters::add(counts.late, static_cast<std::uint64_t>(rows));
  return out.collect(port, batch) ? WEIR_OK : WEIR_E_STOPPED;
}

weir_code weir_context::broken(weir::base::error e) {
  failure.set(std::move(e).in(
      weir::base::cat("operator ", what.id, "/", subtask, ": plugin ", what.plugin, " ", what.version)));
  return WEIR_E_CONTRACT;
}
