// The [task] slots of weir_host. A plugin is not believed: ports and rows are checked before they are used.
#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/cat.hpp"
#include "model/import.hpp"
#include "model/name_registry.hpp"
#include "operator/context.hpp"

namespace weir::op {
namespace {

std::string_view text_of(weir_view v) { return v.data ? std::string_view(v.data, v.size) : std::string_view(); }
weir_view view_of(std::string_view t) { return {t.data(), t.size()}; }

void info(weir_context* c, weir_info* out) {
  weir_info full{};
  full.struct_size = out->struct_size;
  full.subtask = c->subtask;
  full.parallelism = c->what.parallelism;
  full.key_groups = c->what.key_groups;
  full.pipeline = view_of(c->what.pipeline);
  full.operator_id = view_of(c->what.id);
  full.batch_rows = c->what.batch_rows;
  std::memcpy(out, &full, std::min<std::size_t>(out->struct_size, sizeof full));
}

void log(weir_context* c, std::uint32_t level, weir_view text) {
  static constexpr base::log_level levels[] = {base::log_level::debug, base::log_level::info, base::log_level::warn,
                                               base::log_level::error};
  c->log.log(levels[std::min(level, WEIR_LOG_ERROR)], text_of(text));
}

std::int64_t now(weir_context* c) { return c->env.now_us(); }
std::int64_t watermark(weir_context* c) { return c->watermark; }

std::int32_t port_connected(weir_context* c, std::uint32_t port) {
  return port < c->what.outputs.size() && c->what.outputs[port].connected;
}

weir_code fail(weir_context* c, weir_code code, weir_view why) {
  c->why.assign(text_of(why).substr(0, 4096));
  c->why_code = code;
  return code;
}

weir_code dead_letter(weir_context* c, const weir_batch* batch, std::uint32_t row, weir_code code, weir_view why,
                      weir_view original) {
  const model::batch* from = nullptr;
  if (batch) {
    from = model::batch::of(batch);
    if (from != c->input)
      return c->broken(base::plugin_error("dead_letter was given a batch that is not the one being processed"));
    if (row >= from->length())
      return c->broken(
          base::plugin_error(base::cat("dead_letter was given row ", row, " of a batch of ", from->length())));
  }
  base::error refused;
  const weir_code done =
      c->dead.add(from, row, code, text_of(why).substr(0, 4096),
                  original.data ? std::string_view(original.data, original.size) : std::string_view(), &refused);
  if (done != WEIR_OK) c->failure.set(std::move(refused).in(base::cat("operator ", c->what.id, "/", c->subtask)));
  return done;
}

bool known_port(weir_context* c, std::uint32_t port, const char* slot) {
  if (port < c->what.outputs.size()) return true;
  c->broken(base::plugin_error(
      base::cat(slot, " was given output port ", port, ", but bind declared ", c->what.outputs.size(), " ports")));
  return false;
}

weir_builder* build(weir_context* c, std::uint32_t port, std::int64_t rows) {
  if (!known_port(c, port, "build") || rows < 0) return nullptr;
  weir_builder* b = c->stock(port, false).take().open(rows);
  if (b) b->port = port;
  return b;
}

weir_builder* build_beside(weir_context* c, std::uint32_t port, const weir_batch* batch) {
  if (!known_port(c, port, "build_beside")) return nullptr;
  if (!batch || model::batch::of(batch) != c->input) {
    c->broken(base::plugin_error("build_beside was given a batch that is not the one being processed"));
    return nullptr;
  }
  weir_builder* b = c->stock(port, true).take().open_beside(*c->input);
  if (b) b->port = port;
  return b;
}

weir_code grow(weir_context*, weir_builder* b, std::int64_t rows) { return model::batch_builder::of(b)->grow(rows); }
weir_code grow_column(weir_context*, weir_column* column, std::int64_t elements) {
  return model::batch_builder::grow_column(column, elements);
}
weir_code grow_data(weir_context*, weir_column* column, std::int64_t bytes) {
  return model::batch_builder::grow_data(column, bytes);
}
weir_code column_validity(weir_context*, weir_column* column) { return model::batch_builder::column_validity(column); }

/// The time of rows without parent and own time: of a watermark or timer call, its time.
std::int64_t fallback_time(const weir_context* c) { return c->input ? WEIR_TIME_MIN : c->watermark; }

/// The stock that an open builder is from, null when it is not open or another node's. Its port is in memory that the plugin
/// writes to, so that is not believed either.
model::builder_stock* stock_of(weir_context* c, const weir_builder* b) {
  if (!b || b->port >= c->ports.size()) return nullptr;
  const model::batch_builder& builder = *model::batch_builder::of(const_cast<weir_builder*>(b));
  const auto& port = c->ports[b->port];
  for (model::builder_stock* stock : {port.builders.get(), port.beside.get()})
    if (stock && stock->holds(builder)) return builder.is_open() ? stock : nullptr;
  return nullptr;
}

weir_code emit(weir_context* c, weir_builder* b, std::uint32_t flags) {
  model::builder_stock* stock = stock_of(c, b);
  if (!stock)
    return c->broken(base::plugin_error(
        "emit was given a builder that is not open: it was emitted or discarded before, or is not of this operator"));
  model::batch_builder& builder = *model::batch_builder::of(b);
  const std::uint32_t port = b->port;
  auto made = builder.finish(flags, c->input, c->what.source ? WEIR_TIME_MIN : fallback_time(c));
  stock->give_back(builder);
  if (!made) return c->broken(std::move(made).why());
  return c->send(port, *made);
}

void discard(weir_context* c, weir_builder* b) {
  model::builder_stock* stock = stock_of(c, b);
  if (!stock) return;
  model::batch_builder& builder = *model::batch_builder::of(b);
  builder.discard();
  stock->give_back(builder);
}

std::uint32_t* row_buffer(weir_context* c, std::int64_t count) {
  if (count < 0) return nullptr;
  auto buffer =
      model::buffer_pool::allocate(static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) * sizeof(std::uint32_t));
  if (!buffer) return nullptr;
  c->row_buffers.push_back(std::move(buffer));
  return c->row_buffers.back()->as<std::uint32_t>();
}

/// The rows as a selection of the batch: the buffer of row_buffer itself, or a copy of what the plugin holds.
model::selection selection_of(weir_context* c, const std::uint32_t* rows, std::int64_t count) {
  for (auto& held : c->row_buffers) {
    if (held->as<std::uint32_t>() != rows) continue;
    model::selection taken{std::move(held), count};
    held = std::move(c->row_buffers.back());
    c->row_buffers.pop_back();
    return taken;
  }
  auto copy = model::buffer_pool::must_allocate(static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) *
                                                sizeof(std::uint32_t));
  std::memcpy(copy->data(), rows, static_cast<std::size_t>(count) * sizeof(std::uint32_t));
  return {std::move(copy), count};
}

weir_code emit_rows(weir_context* c, std::uint32_t port, const weir_batch* batch, const std::uint32_t* rows,
                    std::int64_t row_count, weir_builder* beside, std::uint32_t flags) {
  if (!known_port(c, port, "emit_rows")) return WEIR_E_CONTRACT;
  if (!batch || model::batch::of(batch) != c->input)
    return c->broken(base::plugin_error("emit_rows was given a batch that is not the one being processed"));
  if (rows && (row_count < 0 || row_count > c->input->row_count()))
    return c->broken(base::plugin_error(
        base::cat("emit_rows was given ", row_count, " rows of a batch of ", c->input->row_count())));
  if (rows && row_count == 0) {
    if (beside) discard(c, beside);
    return WEIR_OK;
  }
  if (rows && rows[row_count - 1] >= static_cast<std::uint64_t>(c->input->length()))
    return c->broken(base::plugin_error(
        base::cat("emit_rows was given row ", rows[row_count - 1], " of a batch of ", c->input->length())));
  model::selection which;
  if (rows) which = selection_of(c, rows, row_count);
  if (!beside) {
    const output_port& declared = c->what.outputs[port];
    auto made = model::emit_passed(*c->input, declared.schema, declared.passes, std::move(which));
    if (!made) return c->broken(std::move(made).why());
    return c->send(port, *made);
  }
  model::builder_stock* stock = stock_of(c, beside);
  if (!stock || beside->port != port || stock != c->ports[port].beside.get())
    return c->broken(base::plugin_error(
        "emit_rows was given a builder that is not open, is of another port, or was not made by build_beside"));
  model::batch_builder& builder = *model::batch_builder::of(beside);
  auto made = builder.finish_beside(flags, *c->input, std::move(which));
  stock->give_back(builder);
  if (!made) return c->broken(std::move(made).why());
  return c->send(port, *made);
}

weir_code emit_array(weir_context* c, std::uint32_t port, ArrowArray* array, const std::uint32_t* parents) {
  if (!known_port(c, port, "emit_array")) {
    if (array && array->release) array->release(array);
    return WEIR_E_CONTRACT;
  }
  auto made =
      model::import_batch(array, c->what.outputs[port].schema, std::const_pointer_cast<void>(c->what.keep), c->input,
                          parents, c->what.source ? WEIR_TIME_MIN : fallback_time(c), {.check_utf8 = true});
  if (!made) return c->broken(std::move(made).why());
  return c->send(port, *made);
}

std::uint32_t source_number(weir_context*, weir_view name) { return model::source_names().number(text_of(name)); }
weir_view source_name(weir_context*, std::uint32_t number) { return view_of(model::source_names().name(number)); }

void split_idle(weir_context* c, std::uint32_t split) {
  if (c->splits) c->splits->split_idle(split);
}
void split_end(weir_context* c, std::uint32_t split) {
  if (c->splits) c->splits->split_end(split);
}
void split_pending(weir_context* c, std::uint32_t split, std::int64_t records) {
  if (c->splits) c->splits->split_pending(split, records);
}

}  // namespace

void fill_context_slots(weir_host& t) {
  t.info = info;
  t.log = log;
  t.now = now;
  t.watermark = watermark;
  t.port_connected = port_connected;
  t.fail = fail;
  t.dead_letter = dead_letter;
  t.build = build;
  t.build_beside = build_beside;
  t.grow = grow;
  t.grow_column = grow_column;
  t.grow_data = grow_data;
  t.column_validity = column_validity;
  t.emit = emit;
  t.discard = discard;
  t.row_buffer = row_buffer;
  t.emit_rows = emit_rows;
  t.emit_array = emit_array;
  t.source_number = source_number;
  t.source_name = source_name;
  t.split_idle = split_idle;
  t.split_end = split_end;
  t.split_pending = split_pending;
}

}  // namespace weir::op
