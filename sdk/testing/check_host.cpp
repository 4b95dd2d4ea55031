// The host's table as a checked plugin sees it: every call is looked at, then handed to the
// real host.
#include "check_calls.hpp"
#include "check_enter.hpp"

namespace weir::test::check {

using weir::detail::chars;

namespace {

bool port_known(subtask* s, std::uint32_t port, const char* call) {
  if (port < s->plan->outputs.size()) return true;
  s->blame("schema", call,
           "output port " + std::to_string(port) + " was not declared by bind, which declared " +
               std::to_string(s->plan->outputs.size()));
  return false;
}
weir_builder* opened(subtask* s, weir_builder* b, std::uint32_t port, bool beside, const char* call) {
  if (b)
    s->builders[b] = {port, beside};
  else
    s->host_error = WEIR_E_MEMORY, s->host_call = call;
  return b;
}
bool builder_known(subtask* s, weir_builder* b, const char* call) {
  if (s->builders.contains(b)) return true;
  s->blame("builder", call, "the builder is not open: it was emitted or discarded before, or its call has returned");
  return false;
}

// The facts beside the columns.
bool facts_right(subtask* s, const weir_builder& b, std::uint32_t flags, const char* call) {
  if (flags & ~0x3fu) return s->blame("builder", call, "unknown flags"), false;
  if (!(flags & (WEIR_EMIT_PARENTS | WEIR_EMIT_PARENTS_SAME))) return true;
  if (!s->batch_real) return s->blame("parents", call, "rows cannot have parents where no batch is processed"), false;
  if (flags & WEIR_EMIT_PARENTS_SAME) {
    if (b.length <= s->batch.length) return true;
    return s->blame("parents", call, "WEIR_EMIT_PARENTS_SAME with more rows than the batch has"), false;
  }
  for (std::int64_t i = 0; i < b.length; ++i) {
    const auto p = b.parent[i];
    if (auto bad = indexes(&p, 1, s->batch.length, s->batch.rows, s->batch.row_count))
      return s->blame("parents", call, "the parent of row " + std::to_string(i) + ": " + bad->what), false;
  }
  return true;
}
// Rows of a source: from an open split, positions never back within a port.
void source_right(subtask* s, const weir_builder& b, std::uint32_t flags, const char* call) {
  if (!s->of->source || b.length == 0) return;
  const auto split = s->open_splits.find(b.split);
  if (split == s->open_splits.end())
    return s->blame("split", call, "rows come from split " + std::to_string(b.split) + ", which is not open");
  std::int64_t& newest = split->second.try_emplace(b.port, INT64_MIN).first->second;
  for (std::int64_t i = 0; i < b.length; ++i) {
    const auto at = flags & WEIR_EMIT_OFFSETS ? b.offset[i] : b.first_offset < 0 ? newest : b.first_offset + i;
    if (at < newest)
      return s->blame("position", call,
                      "split " + std::to_string(b.split) + ": position " + std::to_string(at) + " comes after " +
                          std::to_string(newest));
    newest = at;
  }
}

weir_code checked_emit(subtask* s, weir_builder* b, std::uint32_t flags) {
  constexpr auto call = "emit";
  if (!builder_known(s, b, call)) return refused(s, call);
  const auto [port, beside] = s->builders[b];
  const auto& out = s->plan->outputs[port];
  const auto give_up = [&] {
    s->builders.erase(b);
    s->host->discard(s->real, b);
    return refused(s, call);
  };
  if (b->length < 0 || b->length > b->capacity) {
    s->blame("builder", call,
             "its length is " + std::to_string(b->length) + ", " + std::to_string(b->capacity) + " rows fit");
    return give_up();
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.columns.size(); ++i) {
    if (beside && !out.passes.empty() && out.passes[i] >= 0) continue;
    if (auto bad = written(out.columns[i], b->columns[at++], b->length, true)) return s->blame(*bad, call), give_up();
  }
  if (!facts_right(s, *b, flags, call)) return give_up();
  source_right(s, *b, flags, call);
  s->emitted = true;
  s->builders.erase(b);
  return noted(s, call, s->host->emit(s->real, b, flags));
}

weir_code checked_emit_rows(subtask* s, std::uint32_t port, const weir_batch* batch, const std::uint32_t* rows,
                            std::int64_t count, weir_builder* beside, std::uint32_t flags) {
  constexpr auto call = "emit_rows";
  if (!port_known(s, port, call) || !batch_known(s, batch, call)) return refused(s, call);
  const auto& out = s->plan->outputs[port];
  std::size_t to_write = 0;
  for (std::size_t i = 0; i < out.columns.size(); ++i) to_write += out.passes.empty() || out.passes[i] < 0;
  const auto give_up = [&] {
    if (beside && s->builders.erase(beside)) s->host->discard(s->real, beside);
    return refused(s, call);
  };
  if (to_write && !beside)
    return s->blame("schema", call,
                    "the port has " + std::to_string(to_write) +
                        " columns that are not passed through, and no builder holds them"),
           give_up();
  if (beside) {
    if (!builder_known(s, beside, call)) return refused(s, call);
    if (!s->builders[beside].second || s->builders[beside].first != port)
      return s->blame("builder", call, "the builder was not opened by build_beside for this port"), give_up();
    std::size_t at = 0;
    for (std::size_t i = 0; i < out.columns.size(); ++i)
      if (out.passes.empty() || out.passes[i] < 0)
        if (auto bad = written(out.columns[i], beside->columns[at++], s->batch.length, !rows && !s->batch.rows))
          return s->blame(*bad, call), give_up();
  }
  if (rows) {
    if (auto bad = indexes(rows, count, s->batch.length, s->batch.rows, s->batch.row_count))
      return s->blame(*bad, call), give_up();
    const auto buffer = s->row_buffers.find(rows);
    if (buffer != s->row_buffers.end() && count > buffer->second)
      return s->blame(
                 "rows", call,
                 "the row buffer holds " + std::to_string(buffer->second) + " indexes, not " + std::to_string(count)),
             give_up();
  } else if (count != s->batch.row_count) {
    return s->blame("rows", call,
                    "without row indexes the count must be the batch's " + std::to_string(s->batch.row_count)),
           give_up();
  }
  s->emitted = true;
  if (beside) s->builders.erase(beside);
  s->row_buffers.erase(rows);
  return noted(s, call, s->host->emit_rows(s->real, port, s->batch_real, rows, count, beside, flags));
}

weir_code checked_emit_array(subtask* s, std::uint32_t port, ArrowArray* a, const std::uint32_t* parents) {
  constexpr auto call = "emit_array";
  if (!a->release) return s->blame("array", call, "the array was released before it was emitted"), refused(s, call);
  const auto give_up = [&] {
    a->release(a);
    return refused(s, call);
  };
  if (!port_known(s, port, call)) return give_up();
  const auto& columns = s->plan->outputs[port].columns;
  if (a->n_children != static_cast<std::int64_t>(columns.size()))
    return s->blame("schema", call,
                    "the array has " + std::to_string(a->n_children) + " columns, the port " +
                        std::to_string(columns.size())),
           give_up();
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (auto bad = array(columns[i], a->children[i], a->length, false)) return s->blame(*bad, call), give_up();
  for (std::int64_t i = 0; parents && i < a->length; ++i)
    if (auto bad = indexes(parents + i, 1, s->batch_real ? s->batch.length : 0, s->batch.rows, s->batch.row_count))
      return s->blame("parents", call, bad->what), give_up();
  // The host gets a copy of the struct whose release is watched.
  s->arrays.push_back(std::make_unique<subtask::given>(subtask::given{s, *a}));
  auto* given = s->arrays.back().get();
  ArrowArray watched = *a;
  watched.private_data = given;
  watched.release = [](ArrowArray* w) {
    auto* g = static_cast<subtask::given*>(w->private_data);
    if (g->released)
      return g->by->blame_host("array", "emit_array", "an array that a plugin gave away is released twice");
    g->released = true;
    g->original.release(&g->original);
    if (g->original.release)
      g->by->blame("array", "emit_array", "its release callback did not mark the array as released");
    w->release = nullptr;
  };
  a->release = nullptr;  // moved
  s->emitted = true;
  return noted(s, call, s->host->emit_array(s->real, port, &watched, parents));
}

bool declared(const component& c, std::string_view path) {
  const char* table = reinterpret_cast<const char*>(c.options());
  const auto stride = c.option_size();
  if (!table) return path.empty();
  const auto name = path.substr(0, path.find('.'));
  for (;; table += stride) {
    const auto* o = reinterpret_cast<const weir_option*>(table);
    if (!o->name) return path.empty();
    if (name == o->name) return true;
  }
}

weir_host make_checked_host() {
  weir_host h{};
  h.struct_size = sizeof h;
  h.abi_major = WEIR_ABI_MAJOR;
  h.abi_minor = WEIR_ABI_MINOR;
  h.extension = &checked_extension;
  h.config_get = [](const weir_config* node, weir_view path, weir_value* out) {
    auto* b = current_binding();
    const auto* real = current_host() ? current_host() : last_host().load();
    if (b && node == b->root && !chars(path).empty() && !declared(*b->of, chars(path)))
      b->of->report(side::plugin, "option", "bind",
                    "it asks for the option '" + std::string{chars(path)} + "', which it does not declare");
    real->config_get(node, path, out);
  };
  h.config_at = [](const weir_config* node, std::uint32_t i, weir_view* key, weir_value* out) {
    (current_host() ? current_host() : last_host().load())->config_at(node, i, key, out);
  };
  h.bind_config = [](weir_bind* p) {
    auto* b = reinterpret_cast<binding*>(p);
    return b->root = b->host->bind_config(b->real);
  };
  h.bind_input_count = [](weir_bind* p) {
    auto* b = reinterpret_cast<binding*>(p);
    return b->host->bind_input_count(b->real);
  };
  h.bind_input = [](weir_bind* p, std::uint32_t port) {
    auto* b = reinterpret_cast<binding*>(p);
    return b->host->bind_input(b->real, port);
  };
  h.bind_input_name = [](weir_bind* p, std::uint32_t port) {
    auto* b = reinterpret_cast<binding*>(p);
    return b->host->bind_input_name(b->real, port);
  };
  h.bind_key = [](weir_bind* p, std::uint32_t port, std::uint32_t* columns, std::uint32_t capacity) {
    auto* b = reinterpret_cast<binding*>(p);
    return b->host->bind_key(b->real, port, columns, capacity);
  };
  h.bind_output = [](weir_bind* p, weir_view name, const ArrowSchema* raw, const std::int32_t* passes) -> weir_code {
    auto* b = reinterpret_cast<binding*>(p);
    const std::string port{chars(name)};
    const auto bad = [&](std::string what) {
      b->of->report(side::plugin, "bind", "bind_output", "output '" + port + "': " + std::move(what));
      b->failed = true;
      return WEIR_E_CONTRACT;
    };
    if (!raw || !raw->format || std::string_view{raw->format} != "+s")
      return bad("its schema must be a struct whose children are the columns");
    if (b->of->op && b->of->op->kind == WEIR_KIND_SINK) return bad("a sink has no output ports");
    output_port out{port, {}, {}};
    try {
      out.columns = read_schema(*raw);
    } catch (const std::exception& e) {
      return bad(e.what());
    }
    for (const auto& other : b->plan->outputs)
      if (other.name == port) return bad("there are two of this name");
    for (std::size_t i = 0; i < out.columns.size(); ++i) {
      if (out.columns.find(out.columns[i].name) != static_cast<int>(i))
        return bad("two columns are called '" + out.columns[i].name + "'");
      if (!passes) continue;
      out.passes.push_back(passes[i]);
      if (passes[i] < 0) continue;
      bool fits = false;
      for (const auto& in : b->plan->inputs)
        fits = fits || (static_cast<std::size_t>(passes[i]) < in.size() &&
                        in[static_cast<std::size_t>(passes[i])].same_type(out.columns[i]));
      if (!fits)
        return bad("column '" + out.columns[i].name + "' passes input column " + std::to_string(passes[i]) +
                   ", which is no column of this type");
    }
    const bool releasable = raw->release != nullptr;
    const auto code = b->host->bind_output(b->real, name, raw, passes);
    if (releasable && !raw->release)
      b->of->report(side::host, "array", "bind_output", "it released the schema that a plugin lent it");
    if (code < 0)
      b->failed = true;
    else
      b->plan->outputs.push_back(std::move(out));
    return code;
  };
  h.bind_error = [](weir_bind* p, weir_code code, weir_view option, std::int64_t at, weir_view why) {
    auto* b = reinterpret_cast<binding*>(p);
    if (chars(why).empty()) b->of->report(side::plugin, "text", "bind_error", "an error without a text");
    b->told = true;
    return b->host->bind_error(b->real, code, option, at, why);
  };
  h.info = [](weir_context* c, weir_info* out) {
    if (auto* s = enter(c, "info")) s->host->info(s->real, out);
  };
  h.log = [](weir_context* c, std::uint32_t level, weir_view what) {
    auto* s = enter(c, "log");
    if (!s) return;
    if (!is_utf8(chars(what))) s->blame("utf8", "log", "the text is no UTF-8");
    s->host->log(s->real, level, what);
  };
  h.now = [](weir_context* c) {
    auto* s = enter(c, "now");
    return s ? s->host->now(s->real) : std::int64_t{0};
  };
  h.watermark = [](weir_context* c) {
    auto* s = enter(c, "watermark");
    if (!s) return WEIR_TIME_MIN;
    const auto us = s->host->watermark(s->real);
    if (us < s->watermark_seen)
      s->blame_host("watermark", "watermark",
                    "it went back from " + std::to_string(s->watermark_seen) + " to " + std::to_string(us));
    return s->watermark_seen = us;
  };
  h.port_connected = [](weir_context* c, std::uint32_t port) -> std::int32_t {
    auto* s = enter(c, "port_connected");
    return s && port_known(s, port, "port_connected") ? s->host->port_connected(s->real, port) : 0;
  };
  h.fail = [](weir_context* c, weir_code code, weir_view why) {
    auto* s = enter(c, "fail");
    if (!s) return code;
    if (code >= 0) s->blame("code", "fail", "the code " + std::to_string(code) + " is no error");
    if (chars(why).empty()) s->blame("text", "fail", "an error without a text");
    s->told = true;
    return s->host->fail(s->real, code, why);
  };
  h.dead_letter = [](weir_context* c, const weir_batch* b, std::uint32_t row, weir_code code, weir_view why,
                     weir_view original) {
    constexpr auto call = "dead_letter";
    auto* s = enter(c, call);
    if (!s) return WEIR_E_CONTRACT;
    if (chars(why).empty()) s->blame("text", call, "a dead letter without a reason");
    if (b) {
      if (!batch_known(s, b, call)) return refused(s, call);
      if (auto bad = indexes(&row, 1, b->length, b->rows, b->row_count))
        return s->blame(call, call, bad->what), refused(s, call);
    } else if (s->of->op) {
      return s->blame(call, call, "only a source may give a record without a batch"), refused(s, call);
    }
    s->emitted = true;
    return noted(s, call, s->host->dead_letter(s->real, b ? s->batch_real : nullptr, row, code, why, original));
  };
  h.build = [](weir_context* c, std::uint32_t port, std::int64_t rows) -> weir_builder* {
    auto* s = enter(c, "build");
    if (!s || !port_known(s, port, "build")) return nullptr;
    return opened(s, s->host->build(s->real, port, rows), port, false, "build");
  };
  h.build_beside = [](weir_context* c, std::uint32_t port, const weir_batch* b) -> weir_builder* {
    auto* s = enter(c, "build_beside");
    if (!s || !port_known(s, port, "build_beside") || !batch_known(s, b, "build_beside")) return nullptr;
    return opened(s, s->host->build_beside(s->real, port, s->batch_real), port, true, "build_beside");
  };
  h.grow = [](weir_context* c, weir_builder* b, std::int64_t rows) {
    auto* s = enter(c, "grow");
    if (!s) return WEIR_E_CONTRACT;
    if (!builder_known(s, b, "grow")) return refused(s, "grow");
    if (s->builders[b].second)
      return s->blame("builder", "grow", "a builder beside a batch is as long as the batch"), refused(s, "grow");
    return noted(s, "grow", s->host->grow(s->real, b, rows));
  };
  h.grow_column = [](weir_context* c, weir_column* column, std::int64_t n) {
    auto* s = enter(c, "grow_column");
    return s ? noted(s, "grow_column", s->host->grow_column(s->real, column, n)) : WEIR_E_CONTRACT;
  };
  h.grow_data = [](weir_context* c, weir_column* column, std::int64_t n) {
    auto* s = enter(c, "grow_data");
    return s ? noted(s, "grow_data", s->host->grow_data(s->real, column, n)) : WEIR_E_CONTRACT;
  };
  h.column_validity = [](weir_context* c, weir_column* column) {
    auto* s = enter(c, "column_validity");
    return s ? noted(s, "column_validity", s->host->column_validity(s->real, column)) : WEIR_E_CONTRACT;
  };
  h.emit = [](weir_context* c, weir_builder* b, std::uint32_t flags) {
    auto* s = enter(c, "emit");
    return s ? checked_emit(s, b, flags) : WEIR_E_CONTRACT;
  };
  h.discard = [](weir_context* c, weir_builder* b) {
    auto* s = enter(c, "discard");
    if (!s || !builder_known(s, b, "discard")) return;
    s->builders.erase(b);
    s->host->discard(s->real, b);
  };
  h.row_buffer = [](weir_context* c, std::int64_t count) -> std::uint32_t* {
    auto* s = enter(c, "row_buffer");
    if (!s) return nullptr;
    auto* rows = s->host->row_buffer(s->real, count);
    if (rows) s->row_buffers[rows] = count;
    return rows;
  };
  h.emit_rows = [](weir_context* c, std::uint32_t port, const weir_batch* b, const std::uint32_t* rows,
                   std::int64_t count, weir_builder* beside, std::uint32_t flags) {
    auto* s = enter(c, "emit_rows");
    return s ? checked_emit_rows(s, port, b, rows, count, beside, flags) : WEIR_E_CONTRACT;
  };
  h.emit_array = [](weir_context* c, std::uint32_t port, ArrowArray* a, const std::uint32_t* parents) {
    auto* s = enter(c, "emit_array");
    return s ? checked_emit_array(s, port, a, parents) : WEIR_E_CONTRACT;
  };
  h.source_number = [](weir_context* c, weir_view name) {
    auto* s = enter(c, "source_number");
    return s ? s->host->source_number(s->real, name) : 0u;
  };
  h.source_name = [](weir_context* c, std::uint32_t number) {
    auto* s = enter(c, "source_name");
    return s ? s->host->source_name(s->real, number) : weir_view{};
  };
  h.add_split = [](weir_splits* p, weir_view id) {
    auto* d = reinterpret_cast<discovering*>(p);
    if (!d->ids.emplace(chars(id)).second)
      d->of->report(side::plugin, "split", "discover", "two splits are called '" + std::string{chars(id)} + "'");
    return d->host->add_split(d->real, id);
  };
  h.discover_again = [](weir_splits* p, std::int64_t us) {
    auto* d = reinterpret_cast<discovering*>(p);
    d->host->discover_again(d->real, us);
  };
  const auto open_split = [](weir_context* c, std::uint32_t split, const char* call) -> subtask* {
    auto* s = enter(c, call);
    if (!s || s->open_splits.contains(split)) return s;
    s->blame("split", call, "split " + std::to_string(split) + " is not open");
    return nullptr;
  };
  static const auto with_split = open_split;
  h.split_idle = [](weir_context* c, std::uint32_t split) {
    if (auto* s = with_split(c, split, "split_idle")) s->host->split_idle(s->real, split);
  };
  h.split_end = [](weir_context* c, std::uint32_t split) {
    if (auto* s = with_split(c, split, "split_end")) s->host->split_end(s->real, split);
  };
  h.split_pending = [](weir_context* c, std::uint32_t split, std::int64_t n) {
    if (auto* s = with_split(c, split, "split_pending")) s->host->split_pending(s->real, split, n);
  };
  h.discover_error = [](weir_splits* p, weir_code code, weir_view why) {
    auto* d = reinterpret_cast<discovering*>(p);
    d->told = true;
    return WEIR_HAS(d->host, weir_host, discover_error) ? d->host->discover_error(d->real, code, why) : code;
  };
  h.append = [](weir_bytes* p, weir_view bytes) {
    auto* to = reinterpret_cast<collecting*>(p);
    to->host->append(to->real, bytes);
  };
  return h;
}
}  // namespace

const weir_host& checked_host() {
  static const weir_host host = make_checked_host();
  return host;
}
}  // namespace weir::test::check
