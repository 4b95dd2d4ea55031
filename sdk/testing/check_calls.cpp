// The host's calls into a checked plugin: what the host gives is looked at, copied into
// memory that is gone after the call, handed to the real plugin, and what comes back is looked at.
#include "check_calls.hpp"

#include <cstring>
#include <optional>

#include "weir/test/memory.hpp"

namespace weir::test::check {

// A batch in memory of its own, which is overwritten and freed when it goes.
class batch_copy {
 public:
  batch_copy(const schema& columns, const weir_batch& from, subtask* s) {
    const auto rows = static_cast<std::size_t>(from.length);
    out_ = from;
    out_.struct_size = sizeof out_;
    out_.rows = copy(from.rows, static_cast<std::size_t>(from.row_count));
    out_.event_time = copy(from.event_time, rows);
    out_.key_hash = copy(from.key_hash, rows);
    out_.change = copy(from.change, rows);
    out_.trace_id = copy(from.trace_id, rows * 16);
    out_.source_id = copy(from.source_id, rows);
    out_.offset = copy(from.offset, rows);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns_.push_back(owned_column::copy(columns[i], *from.columns[i], from.length, 64, &released, s));
      pointers_.push_back(&columns_.back()->array());
    }
    const auto size = pointers_.size() * sizeof(void*);
    block list{size};
    if (size) std::memcpy(list.data(), pointers_.data(), size);
    out_.columns = reinterpret_cast<const ArrowArray* const*>(list.data());
    blocks_.push_back(std::move(list));
  }
  [[nodiscard]] const weir_batch& get() const { return out_; }

 private:
  template <class T>
  const T* copy(const T* from, std::size_t count) {
    if (!from) return nullptr;
    block b{count * sizeof(T)};
    if (count) std::memcpy(b.data(), from, count * sizeof(T));
    blocks_.push_back(std::move(b));
    return reinterpret_cast<const T*>(blocks_.back().data());
  }
  static void released(ArrowArray* a) {
    static_cast<subtask*>(a->private_data)
        ->blame("array", "process", "it released a column of the input, which is the host's");
  }

  weir_batch out_{};
  std::vector<block> blocks_;
  std::vector<std::unique_ptr<owned_column>> columns_;
  std::vector<const ArrowArray*> pointers_;
};

// One call: the host's thread, no call inside a call, and afterwards the code that came back.
template <class F>
weir_code task_call(subtask* s, weir_context* real, const char* call, weir_code most, F&& f) {
  const void* none = nullptr;
  if (!s->thread.compare_exchange_strong(none, this_thread()) && none != this_thread())
    s->blame_host("thread", call, "it is called on another thread than the instance was created on");
  if (const char* outer = s->call.exchange(call))
    s->blame_host("call", call, "it is called while " + std::string{outer} + " is running");
  s->real.store(real);
  s->told = s->emitted = false;
  s->host_error = WEIR_OK;
  const auto* before = current_host();
  current_host() = s->host;
  weir_code code = f();
  current_host() = before;
  s->call.store(nullptr);
  s->builders.clear();  // the host discards what is still open
  s->row_buffers.clear();
  s->batch_real = nullptr;
  s->batch = {};
  if (code > most || code < WEIR_E_STOPPED) {
    s->blame("code", call, "it returns " + std::to_string(code) + ", which is no code of this call");
    code = WEIR_E_PLUGIN;
  } else if (code < 0 && !s->told && code != s->host_error) {
    s->blame("text", call, "it returns the error " + std::to_string(code) + " without saying why by fail()");
  } else if (code >= 0 && s->host_error < 0) {
    s->blame("code", call,
             std::string{s->host_call} + " returned the error " + std::to_string(s->host_error) +
                 ", and it is not passed on");
  }
  return code;
}

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
// A text in memory that is gone after the call.
struct lent {
  explicit lent(weir_view v) : bytes{v.size}, size{v.size} {
    if (v.size) std::memcpy(bytes.data(), v.data, v.size);
  }
  [[nodiscard]] weir_view get() const { return {bytes.data(), size}; }
  block bytes;
  std::size_t size;
};
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

// ---- extensions. Those that are not known here would be given this file's contexts, so they are hidden.
const weir_report* report_of(component& c) {
  auto* f = c.op ? c.op->extension : c.source->extension;
  return f ? static_cast<const weir_report*>(f(WEIR_EXT_REPORT)) : nullptr;
}
weir_code report(component& c, void* self, weir_context* real, weir_figures* out,
                 void (*add)(weir_figures*, weir_view, std::uint64_t)) {
  auto* s = static_cast<subtask*>(self);
  return task_call(s, real, "report", WEIR_OK, [&] { return report_of(c)->report(s->self, s->raw(), out, add); });
}
}  // namespace weir::test::check
