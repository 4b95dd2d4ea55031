// The table of a whole host in the test's own process.
#include "weir/test/fake_host.hpp"

#include <algorithm>
#include <cstring>

#include "weir/component.hpp"

namespace weir::test {
namespace {
using namespace weir::detail;

// The facts of output rows that come from rows of the batch in work; parent no_row: from none.
void follow(const fake_task& t, const std::vector<std::uint32_t>& parents, owned_batch& out) {
  const auto* in = t.batch;
  std::int64_t newest = WEIR_TIME_MIN;
  if (in)
    for (const auto us : in->event_time) newest = std::max(newest, us);
  for (const auto p : parents) {
    const bool has = in && p != no_row;
    out.event_time.push_back(has && !in->event_time.empty() ? in->event_time[p] : newest);
    out.change.push_back(has && !in->change.empty() ? in->change[p] : static_cast<std::uint8_t>(WEIR_INSERT));
    out.offset.push_back(has && !in->offset.empty() ? in->offset[p] : -1);
    if (!t.tracing) continue;
    const bool traced = has && !in->trace_id.empty();
    for (std::size_t i = 0; i < 16; ++i) out.trace_id.push_back(traced ? in->trace_id[p * 16 + i] : std::uint8_t{0});
    out.source_id.push_back(traced ? in->source_id[p] : 0);
  }
  if (in) out.split = in->split;
}

weir_code emit_built(fake_task& t, owned_builder& b, std::uint32_t flags) {
  auto& raw = b.raw();
  const auto& port = t.ports.at(raw.port);
  owned_batch out;
  out.columns_of = port.columns;
  out.length = raw.length;
  for (std::size_t i = 0; i < b.fields().size(); ++i)
    out.columns.push_back(owned_column::freeze(b.fields()[i], raw.columns[i], raw.length));
  std::vector<std::uint32_t> parents;
  for (std::int64_t i = 0; i < raw.length; ++i)
    parents.push_back(flags & WEIR_EMIT_PARENTS_SAME ? static_cast<std::uint32_t>(i)
                      : flags & WEIR_EMIT_PARENTS    ? raw.parent[i]
                                                     : no_row);
  follow(t, parents, out);
  const auto n = static_cast<std::size_t>(raw.length);
  if (flags & WEIR_EMIT_TIMES) out.event_time.assign(raw.event_time, raw.event_time + n);
  if (flags & WEIR_EMIT_CHANGES) out.change.assign(raw.change, raw.change + n);
  if (flags & WEIR_EMIT_TRACES && t.tracing) {
    out.trace_id.assign(raw.trace_id, raw.trace_id + n * 16);
    out.source_id.assign(raw.source_id, raw.source_id + n);
  }
  if (flags & WEIR_EMIT_OFFSETS)
    out.offset.assign(raw.offset, raw.offset + n);
  else if (raw.first_offset >= 0)
    for (std::size_t i = 0; i < n; ++i) out.offset[i] = raw.first_offset + static_cast<std::int64_t>(i);
  if (!t.batch) out.split = raw.split;
  t.emitted.at(raw.port).push_back(std::move(out));
  return t.emit_answer;
}

weir_code emit_passed(fake_task& t, std::uint32_t number, const std::uint32_t* rows, std::int64_t count,
                      owned_builder* beside, std::uint32_t flags) {
  const auto& port = t.ports.at(number);
  auto& in = *t.batch;
  std::vector<std::uint32_t> taken;
  for (std::int64_t k = 0; k < count; ++k)
    taken.push_back(rows ? rows[k] : in.all ? static_cast<std::uint32_t>(k) : in.rows[static_cast<std::size_t>(k)]);
  owned_batch out;
  out.columns_of = port.columns;
  out.length = count;
  std::size_t written = 0;
  for (std::size_t i = 0; i < port.columns.size(); ++i) {
    const bool passed = !port.passes.empty() && port.passes[i] >= 0;
    if (passed) {
      out.columns.push_back(
          owned_column::gather(port.columns[i], in.columns[static_cast<std::size_t>(port.passes[i])]->array(), taken));
    } else {
      const auto whole = owned_column::freeze(port.columns[i], beside->raw().columns[written++], in.length);
      out.columns.push_back(owned_column::gather(port.columns[i], whole->array(), taken));
    }
  }
  follow(t, taken, out);
  for (std::size_t k = 0; k < taken.size(); ++k) {
    if (flags & WEIR_EMIT_TIMES) out.event_time[k] = beside->raw().event_time[taken[k]];
    if (flags & WEIR_EMIT_CHANGES) out.change[k] = beside->raw().change[taken[k]];
  }
  t.emitted.at(number).push_back(std::move(out));
  return t.emit_answer;
}

// C callbacks may not throw: whatever goes wrong in the fake itself is the host's error.
template <class F>
weir_code as_code(F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    return WEIR_E_HOST;
  }
}

weir_host make_fake_host() {
  weir_host h{};
  h.struct_size = sizeof h;
  h.abi_major = WEIR_ABI_MAJOR;
  h.abi_minor = WEIR_ABI_MINOR;
  h.extension = &fake_extension;
  h.config_get = [](const weir_config* node, weir_view path, weir_value* out) {
    const auto* v = reinterpret_cast<const value*>(node);
    for (auto rest = chars(path); v && !rest.empty();) {
      const auto dot = rest.find('.');
      v = v->child(rest.substr(0, dot));
      rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    }
    *out = v ? v->raw() : weir_value{};
  };
  h.config_at = [](const weir_config* node, std::uint32_t i, weir_view* key, weir_value* out) {
    const auto* v = reinterpret_cast<const value*>(node);
    const auto* child = v ? v->child(std::size_t{i}) : nullptr;
    *out = child ? child->raw() : weir_value{};
    if (key) *key = child ? view(v->key(i)) : weir_view{};
  };
  h.bind_config = [](weir_bind* b) { return reinterpret_cast<const weir_config*>(&fake_bind::of(b).config); };
  h.bind_input_count = [](weir_bind* b) { return static_cast<std::uint32_t>(fake_bind::of(b).inputs.size()); };
  h.bind_input = [](weir_bind* b, std::uint32_t port) { return fake_bind::of(b).inputs.at(port).raw->get(); };
  h.bind_input_name = [](weir_bind* b, std::uint32_t port) { return view(fake_bind::of(b).inputs.at(port).name); };
  h.bind_key = [](weir_bind* b, std::uint32_t port, std::uint32_t* columns, std::uint32_t capacity) {
    const auto& key = fake_bind::of(b).inputs.at(port).key;
    for (std::size_t i = 0; i < key.size() && i < capacity; ++i) columns[i] = key[i];
    return static_cast<std::uint32_t>(key.size());
  };
  h.bind_output = [](weir_bind* b, weir_view name, const ArrowSchema* s, const std::int32_t* passes) {
    return as_code([&] {
      weir::detail::bound_output out{std::string{chars(name)}, read_schema(*s), {}};
      if (passes) out.passes.assign(passes, passes + out.columns.size());
      fake_bind::of(b).outputs.push_back(std::move(out));
      return WEIR_OK;
    });
  };
  h.bind_error = [](weir_bind* b, weir_code code, weir_view option, std::int64_t at, weir_view why) {
    fake_bind::of(b).errors.push_back({code, std::string{chars(option)}, std::string{chars(why)}, at});
    return code;
  };
  h.info = [](weir_context* c, weir_info* out) {
    const auto& t = fake_task::of(c);
    const weir_info all{out->struct_size, t.subtask,           t.parallelism, t.key_groups,
                        view(t.pipeline), view(t.operator_id), t.batch_rows,  0};
    std::memcpy(out, &all, std::min<std::size_t>(out->struct_size, sizeof all));
  };
  h.log = [](weir_context* c, std::uint32_t level, weir_view what) {
    fake_task::of(c).log.push_back({static_cast<log_level>(level), std::string{chars(what)}});
  };
  h.now = [](weir_context* c) { return micros(fake_task::of(c).now); };
  h.watermark = [](weir_context* c) { return micros(fake_task::of(c).watermark); };
  h.port_connected = [](weir_context* c, std::uint32_t port) {
    return static_cast<std::int32_t>(!fake_task::of(c).unconnected.contains(port));
  };
  h.fail = [](weir_context* c, weir_code code, weir_view why) {
    fake_task::of(c).failed = code;
    fake_task::of(c).failure = chars(why);
    return code;
  };
  h.dead_letter = [](weir_context* c, const weir_batch* b, std::uint32_t row, weir_code code, weir_view why,
                     weir_view original) {
    auto& t = fake_task::of(c);
    t.dead_letters.push_back({code, std::string{chars(why)}, std::string{chars(original)}, b ? std::int64_t{row} : -1,
                              b && b->event_time ? at(b->event_time[row]) : no_time});
    return t.dead_letter_answer;
  };
  auto open = [](fake_task& t, std::uint32_t port, std::vector<field> fields, std::int64_t rows) {
    auto b = std::make_unique<owned_builder>(std::move(fields), rows, t.tracing);
    auto* raw = &b->raw();
    raw->port = port;
    raw->owner = b.get();
    t.builders.emplace(raw, std::move(b));
    return raw;
  };
  static const auto open_builder = open;
  h.build = [](weir_context* c, std::uint32_t port, std::int64_t rows) -> weir_builder* {
    auto& t = fake_task::of(c);
    if (port >= t.ports.size()) return nullptr;
    return open_builder(t, port, t.ports[port].columns.fields, rows);
  };
  h.build_beside = [](weir_context* c, std::uint32_t port, const weir_batch* b) -> weir_builder* {
    auto& t = fake_task::of(c);
    if (port >= t.ports.size() || !t.batch) return nullptr;
    std::vector<field> written;
    const auto& p = t.ports[port];
    for (std::size_t i = 0; i < p.columns.size(); ++i)
      if (p.passes.empty() || p.passes[i] < 0) written.push_back(p.columns[i]);
    auto* raw = open_builder(t, port, std::move(written), b->length);
    raw->length = b->length;
    return raw;
  };
  h.grow = [](weir_context*, weir_builder* b, std::int64_t rows) {
    return as_code([&] { return static_cast<owned_builder*>(b->owner)->grow(rows), WEIR_OK; });
  };
  h.grow_column = [](weir_context*, weir_column* col, std::int64_t n) {
    return as_code([&] { return owned_builder::grow_column(*col, n), WEIR_OK; });
  };
  h.grow_data = [](weir_context*, weir_column* col, std::int64_t n) {
    return as_code([&] { return owned_builder::grow_data(*col, n), WEIR_OK; });
  };
  h.column_validity = [](weir_context*, weir_column* col) {
    return as_code([&] { return owned_builder::validity(*col), WEIR_OK; });
  };
  h.emit = [](weir_context* c, weir_builder* b, std::uint32_t flags) {
    auto& t = fake_task::of(c);
    const auto found = t.builders.find(b);
    if (found == t.builders.end()) return WEIR_E_CONTRACT;
    const auto mine = std::move(found->second);
    t.builders.erase(found);
    return as_code([&] { return emit_built(t, *mine, flags); });
  };
  h.discard = [](weir_context* c, weir_builder* b) { fake_task::of(c).builders.erase(b); };
  h.row_buffer = [](weir_context* c, std::int64_t count) {
    block b{static_cast<std::size_t>(count) * sizeof(std::uint32_t)};
    auto* at = reinterpret_cast<std::uint32_t*>(b.data());
    fake_task::of(c).row_buffers.emplace(at, std::move(b));
    return at;
  };
  h.emit_rows = [](weir_context* c, std::uint32_t port, const weir_batch*, const std::uint32_t* rows,
                   std::int64_t count, weir_builder* beside, std::uint32_t flags) {
    auto& t = fake_task::of(c);
    std::unique_ptr<owned_builder> mine;
    if (beside) {
      const auto found = t.builders.find(beside);
      if (found == t.builders.end()) return WEIR_E_CONTRACT;
      mine = std::move(found->second);
      t.builders.erase(found);
    }
    if (!t.batch || port >= t.ports.size()) return WEIR_E_CONTRACT;
    const auto code = as_code([&] { return emit_passed(t, port, rows, count, mine.get(), flags); });
    t.row_buffers.erase(const_cast<std::uint32_t*>(rows));
    return code;
  };
  h.emit_array = [](weir_context* c, std::uint32_t port, ArrowArray* a, const std::uint32_t* parents) {
    auto& t = fake_task::of(c);
    if (port >= t.ports.size() || !a->release) return WEIR_E_CONTRACT;
    const auto code = as_code([&] {
      owned_batch out;
      out.columns_of = t.ports[port].columns;
      out.length = a->length;
      for (std::size_t i = 0; i < out.columns_of.size(); ++i)
        out.columns.push_back(owned_column::copy(out.columns_of[i], *a->children[i], a->length, 64));
      std::vector<std::uint32_t> from;
      for (std::int64_t i = 0; i < a->length; ++i) from.push_back(parents ? parents[i] : no_row);
      follow(t, from, out);
      t.emitted[port].push_back(std::move(out));
      return t.emit_answer;
    });
    a->release(a);
    return code;
  };
  h.source_number = [](weir_context* c, weir_view name) {
    auto& names = fake_task::of(c).source_names;
    const auto found = std::find(names.begin(), names.end(), chars(name));
    if (found != names.end()) return static_cast<std::uint32_t>(found - names.begin());
    names.emplace_back(chars(name));
    return static_cast<std::uint32_t>(names.size() - 1);
  };
  h.source_name = [](weir_context* c, std::uint32_t number) {
    const auto& names = fake_task::of(c).source_names;
    return number < names.size() ? view(names[number]) : weir_view{};
  };
  h.add_split = [](weir_splits* s, weir_view id) {
    return as_code([&] { return reinterpret_cast<fake_splits*>(s)->ids.emplace_back(chars(id)), WEIR_OK; });
  };
  h.discover_again = [](weir_splits* s, std::int64_t us) { reinterpret_cast<fake_splits*>(s)->ask_again_us = us; };
  h.split_idle = [](weir_context* c, std::uint32_t split) { fake_task::of(c).splits[split].idle = true; };
  h.split_end = [](weir_context* c, std::uint32_t split) { fake_task::of(c).splits[split].ended = true; };
  h.split_pending = [](weir_context* c, std::uint32_t split, std::int64_t n) {
    fake_task::of(c).splits[split].pending = n;
  };
  h.append = [](weir_bytes* to, weir_view bytes) { reinterpret_cast<std::string*>(to)->append(chars(bytes)); };
  h.discover_error = [](weir_splits* s, weir_code code, weir_view why) {
    reinterpret_cast<fake_splits*>(s)->why = chars(why);
    return code;
  };
  return h;
}
}  // namespace

void fake_task::begin_call() {
  if (state) state->begin_call(micros(now), micros(watermark));
}
void fake_task::end_call() {
  builders.clear();
  row_buffers.clear();
  batch = nullptr;
  scanned.reset();
  if (state) state->end_call();
}

const weir_host& fake_host() {
  static const weir_host host = make_fake_host();
  return host;
}
}  // namespace weir::test
