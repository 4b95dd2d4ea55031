// The host's calls into a checked plugin: what the host gives is looked at, copied into
// memory that is gone after the call, handed to the real plugin, and what comes back is looked at.
#include "check_calls.hpp"

#include <optional>

#include "check_running.hpp"

namespace weir::test::check {

weir_code bind(component& c, const weir_host* host, weir_bind* real, void** plan) {
  last_host().store(host);
  auto made = std::make_unique<bound_plan>();
  made->of = &c;
  made->host = host;
  const auto count = host->bind_input_count(real);
  for (std::uint32_t i = 0; i < count; ++i) {
    try {
      made->inputs.push_back(read_schema(*host->bind_input(real, i)));
    } catch (const std::exception& e) {
      c.report(side::host, "schema", "bind_input", e.what());
      made->inputs.emplace_back();
    }
    made->keys.emplace_back(host->bind_key(real, i, nullptr, 0));
    host->bind_key(real, i, made->keys.back().data(), static_cast<std::uint32_t>(made->keys.back().size()));
  }
  for (std::uint32_t i = 0; i < count && made->key.size() == 0; ++i)
    for (const auto column : made->keys[i]) {
      made->key.fields.push_back(made->inputs[i].fields.at(column));
      made->key.fields.back().nullable = true;
    }
  binding b{&c, host, real, made.get()};
  const auto* before = current_host();
  current_host() = host;
  current_binding() = &b;
  auto code = (c.op ? c.op->bind : c.source->bind)(&checked_host(), reinterpret_cast<weir_bind*>(&b), &made->real);
  current_binding() = nullptr;
  current_host() = before;
  if (code > 0 || code < WEIR_E_STOPPED) {
    c.report(side::plugin, "code", "bind", "it returns " + std::to_string(code) + ", which is no code of this call");
    code = WEIR_E_PLUGIN;
  }
  if (code < 0 && !b.told && !b.failed)
    c.report(side::plugin, "text", "bind",
             "it returns the error " + std::to_string(code) + " without saying why by bind_error()");
  if (code >= 0 && b.told) {
    c.report(side::plugin, "code", "bind", "it called bind_error(), but returns success");
    code = WEIR_E_PLUGIN;
  }
  if (code < 0) return code;
  *plan = made.release();
  return code;
}
void unbind(component& c, void* p) {
  const std::unique_ptr<bound_plan> plan{static_cast<bound_plan*>(p)};
  if (!plan) return;
  if (const int left = plan->instances.load())
    c.report(side::host, "call", "unbind", std::to_string(left) + " instances of the plan are not destroyed");
  if (auto* f = c.op ? c.op->unbind : c.source->unbind) f(plan->real);
}

weir_code create(component& c, const weir_host* host, weir_context* real, const void* p, void** self) {
  auto* plan = static_cast<bound_plan*>(const_cast<void*>(p));
  auto owned = std::make_unique<subtask>();
  auto* s = owned.get();
  s->of = &c;
  s->plan = plan;
  s->host = host;
  {
    const std::lock_guard guard{c.lock};
    c.subtasks.push_back(std::move(owned));
  }
  const auto code = task_call(s, real, "create", WEIR_OK, [&] {
    return (c.op ? c.op->create : c.source->create)(&checked_host(), s->raw(), plan->real, &s->self);
  });
  if (code < 0) {
    s->destroyed = true;
    return code;
  }
  ++plan->instances;
  *self = s;
  return code;
}
void destroy(component& c, void* self) {
  auto* s = static_cast<subtask*>(self);
  if (s->destroyed) return c.report(side::host, "call", "destroy", "the instance is destroyed twice");
  task_call(s, s->real, "destroy", WEIR_OK,
            [&] { return (c.op ? c.op->destroy : c.source->destroy)(s->self), WEIR_OK; });
  s->destroyed = true;
  --s->plan->instances;
}

weir_code process(component& c, void* self, weir_context* real, const weir_batch* b) {
  auto* s = static_cast<subtask*>(self);
  if (b->port >= s->plan->inputs.size())
    return s->blame_host("batch", "process", "input port " + std::to_string(b->port) + " does not exist"), WEIR_E_HOST;
  const auto& columns = s->plan->inputs[b->port];
  if (auto bad = batch(columns, *b, (c.op->flags & WEIR_SELECTIONS) != 0))
    return s->blame_host(bad->rule, "process", bad->what), WEIR_E_HOST;
  if (s->ended_ports.contains(b->port))
    s->blame_host("batch", "process", "a batch for input port " + std::to_string(b->port) + " after its end");
  if (!s->plan->keys[b->port].empty() && !b->key_hash && b->length)
    s->blame_host("batch", "process",
                  "input port " + std::to_string(b->port) + " has a key, but the batch has no key_hash");
  std::optional<batch_copy> copy{std::in_place, columns, *b, s};
  return task_call(s, real, "process", WEIR_OK, [&] {
    s->batch = copy->get();
    s->batch_real = b;
    const auto code = c.op->process(s->self, s->raw(), &s->batch);
    copy.reset();  // whoever kept a view into it reads freed memory now
    return code;
  });
}
weir_code on_watermark(component& c, void* self, weir_context* real, std::int64_t us) {
  auto* s = static_cast<subtask*>(self);
  if (us < s->watermark)
    s->blame_host("watermark", "on_watermark",
                  "it goes back from " + std::to_string(s->watermark) + " to " + std::to_string(us));
  s->watermark = us;
  return task_call(s, real, "on_watermark", WEIR_OK, [&] { return c.op->on_watermark(s->self, s->raw(), us); });
}
weir_code end_of_port(component& c, void* self, weir_context* real, std::uint32_t port) {
  auto* s = static_cast<subtask*>(self);
  if (!s->ended_ports.insert(port).second)
    s->blame_host("call", "end_of_port", "input port " + std::to_string(port) + " ends twice");
  return task_call(s, real, "end_of_port", WEIR_OK, [&] { return c.op->end_of_port(s->self, s->raw(), port); });
}
weir_code flush(component& c, void* self, weir_context* real) {
  auto* s = static_cast<subtask*>(self);
  return task_call(s, real, "flush", WEIR_OK, [&] { return c.op->flush(s->self, s->raw()); });
}

// ---- sources
weir_code discover(component& c, const weir_host* host, const void* p, weir_splits* real) {
  discovering d{&c, host, real, {}, false};
  const auto code =
      c.source->discover(&checked_host(), static_cast<const bound_plan*>(p)->real, reinterpret_cast<weir_splits*>(&d));
  if (code > 0 || code < WEIR_E_STOPPED)
    c.report(side::plugin, "code", "discover",
             "it returns " + std::to_string(code) + ", which is no code of this call");
  if (code < 0 && !d.told)
    c.report(side::plugin, "text", "discover",
             "it returns the error " + std::to_string(code) + " without saying why by discover_error()");
  return code;
}
weir_code open_split(component& c, void* self, weir_context* real, std::uint32_t split, weir_view id,
                     weir_view position) {
  auto* s = static_cast<subtask*>(self);
  if (!s->open_splits.try_emplace(split).second)
    s->blame_host("split", "open_split", "split " + std::to_string(split) + " is opened twice");
  const lent id_copy{id}, position_copy{position};
  return task_call(s, real, "open_split", WEIR_OK,
                   [&] { return c.source->open_split(s->self, s->raw(), split, id_copy.get(), position_copy.get()); });
}
weir_code close_split(component& c, void* self, weir_context* real, std::uint32_t split) {
  auto* s = static_cast<subtask*>(self);
  if (!s->open_splits.contains(split))
    s->blame_host("split", "close_split", "split " + std::to_string(split) + " is not open");
  const auto code =
      task_call(s, real, "close_split", WEIR_OK, [&] { return c.source->close_split(s->self, s->raw(), split); });
  s->open_splits.erase(split);
  return code;
}
weir_code poll(component& c, void* self, weir_context* real, std::int64_t wait_us) {
  auto* s = static_cast<subtask*>(self);
  const auto code = task_call(s, real, "poll", WEIR_END, [&] { return c.source->poll(s->self, s->raw(), wait_us); });
  if (code == WEIR_OK && !s->emitted)
    s->blame("code", "poll",
             "it says that something was emitted, but nothing was: the host would ask again at once, without end");
  return code;
}
weir_code position(component& c, void* self, weir_context* real, std::uint32_t split, weir_bytes* out) {
  auto* s = static_cast<subtask*>(self);
  if (!s->open_splits.contains(split))
    s->blame_host("split", "position", "split " + std::to_string(split) + " is not open");
  collecting to{&c, s->host, out};
  return task_call(s, real, "position", WEIR_OK,
                   [&] { return c.source->position(s->self, s->raw(), split, reinterpret_cast<weir_bytes*>(&to)); });
}
weir_code on_committed(component& c, void* self, weir_context* real, std::uint32_t split, weir_view at) {
  auto* s = static_cast<subtask*>(self);
  const lent copy{at};
  return task_call(s, real, "on_committed", WEIR_OK,
                   [&] { return c.source->on_committed(s->self, s->raw(), split, copy.get()); });
}

weir_code report(component& c, void* self, weir_context* real, weir_figures* out,
                 void (*add)(weir_figures*, weir_view, std::uint64_t)) {
  auto* s = static_cast<subtask*>(self);
  return task_call(s, real, "report", WEIR_OK,
                   [&] { return offered<weir_report>(c, WEIR_EXT_REPORT)->report(s->self, s->raw(), out, add); });
}
}  // namespace weir::test::check
