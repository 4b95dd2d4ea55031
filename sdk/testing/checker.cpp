// The tables of components under check.
#include "weir/test/checker.hpp"

#include <array>
#include <stdexcept>

#include "check_calls.hpp"

namespace weir::test {
namespace check {
namespace {

// The C calls carry nothing that tells which component they are for, so each component takes one of these numbered
// tables.
struct seats {
  std::mutex lock;
  std::array<std::unique_ptr<component>, checked_count_max> taken;
  static seats& all() {
    static seats s;
    return s;
  }
};
template <std::size_t N>
component& seat() {
  return *seats::all().taken[N];
}

template <std::size_t N>
const void* extension_of(const char* id) {
  static constexpr weir_report report_table{
      sizeof(weir_report), 0,
      [](void* self, weir_context* c, weir_figures* out, void (*add)(weir_figures*, weir_view, std::uint64_t)) {
        return report(seat<N>(), self, c, out, add);
      }};
  static constexpr weir_timers timers_table{
      sizeof(weir_timers), 0, [](void* self, weir_context* c, std::uint32_t family, const weir_batch* fired) {
        return on_timers(seat<N>(), self, c, family, fired);
      }};
  static constexpr weir_snapshot snapshot_table{
      sizeof(weir_snapshot), 0,
      [](void* self, weir_context* c, weir_bytes* out) { return save(seat<N>(), self, c, out); },
      [](void* self, weir_context* c, weir_view saved) { return restore(seat<N>(), self, c, saved); }};
  static constexpr weir_two_phase two_phase_table{
      sizeof(weir_two_phase),
      0,
      [](void* self, weir_context* c, std::uint64_t cut, weir_bytes* out) {
        return prepare(seat<N>(), self, c, cut, out);
      },
      [](void* self, weir_context* c, std::uint64_t cut, weir_view p) { return commit(seat<N>(), self, c, cut, p); },
      [](void* self, weir_context* c, std::uint64_t cut, weir_view p) { return abort(seat<N>(), self, c, cut, p); },
      [](void* self, weir_context* c, std::uint64_t cut, weir_view p) { return recover(seat<N>(), self, c, cut, p); }};
  static constexpr weir_handover handover_table{sizeof(weir_handover), 0,
                                                [](const void* p) { return offers(seat<N>(), p); },
                                                [](void* self, weir_context* c, std::uint64_t cut, weir_view p) {
                                                  return take_over(seat<N>(), self, c, cut, p);
                                                }};
  const std::pair<std::string_view, const void*> all[] = {{WEIR_EXT_REPORT, &report_table},
                                                          {WEIR_EXT_TIMERS, &timers_table},
                                                          {WEIR_EXT_SNAPSHOT, &snapshot_table},
                                                          {WEIR_EXT_TWO_PHASE, &two_phase_table},
                                                          {WEIR_EXT_HANDOVER, &handover_table}};
  for (const auto& [name, table] : all)
    if (name == id) return offered<void>(seat<N>(), id) ? table : nullptr;
  return nullptr;
}

template <std::size_t N>
weir_operator operator_table(const weir_operator& real) {
  weir_operator t{};
  t.struct_size = sizeof t;
  t.kind = real.kind;
  t.flags = real.flags;
  t.input_count = real.input_count;
  t.type = real.type;
  t.summary = real.summary;
  t.options = real.options;
  t.option_size = real.option_size;
  t.bind = [](const weir_host* h, weir_bind* b, void** plan) { return bind(seat<N>(), h, b, plan); };
  t.unbind = [](void* plan) { unbind(seat<N>(), plan); };
  t.create = [](const weir_host* h, weir_context* c, const void* plan, void** self) {
    return create(seat<N>(), h, c, plan, self);
  };
  t.destroy = [](void* self) { destroy(seat<N>(), self); };
  t.process = [](void* self, weir_context* c, const weir_batch* b) { return process(seat<N>(), self, c, b); };
  if (WEIR_HAS(&real, weir_operator, on_watermark))
    t.on_watermark = [](void* self, weir_context* c, std::int64_t us) { return on_watermark(seat<N>(), self, c, us); };
  if (WEIR_HAS(&real, weir_operator, end_of_port))
    t.end_of_port = [](void* self, weir_context* c, std::uint32_t port) {
      return end_of_port(seat<N>(), self, c, port);
    };
  if (WEIR_HAS(&real, weir_operator, flush))
    t.flush = [](void* self, weir_context* c) { return flush(seat<N>(), self, c); };
  if (WEIR_HAS(&real, weir_operator, extension)) t.extension = &extension_of<N>;
  return t;
}
template <std::size_t N>
weir_source source_table(const weir_source& real) {
  weir_source t{};
  t.struct_size = sizeof t;
  t.flags = real.flags;
  t.type = real.type;
  t.summary = real.summary;
  t.options = real.options;
  t.option_size = real.option_size;
  t.bind = [](const weir_host* h, weir_bind* b, void** plan) { return bind(seat<N>(), h, b, plan); };
  t.unbind = [](void* plan) { unbind(seat<N>(), plan); };
  t.discover = [](const weir_host* h, const void* plan, weir_splits* s) { return discover(seat<N>(), h, plan, s); };
  t.create = [](const weir_host* h, weir_context* c, const void* plan, void** self) {
    return create(seat<N>(), h, c, plan, self);
  };
  t.destroy = [](void* self) { destroy(seat<N>(), self); };
  t.open_split = [](void* self, weir_context* c, std::uint32_t split, weir_view id, weir_view at) {
    return open_split(seat<N>(), self, c, split, id, at);
  };
  if (WEIR_HAS(&real, weir_source, close_split))
    t.close_split = [](void* self, weir_context* c, std::uint32_t split) {
      return close_split(seat<N>(), self, c, split);
    };
  t.poll = [](void* self, weir_context* c, std::int64_t wait) { return poll(seat<N>(), self, c, wait); };
  t.position = [](void* self, weir_context* c, std::uint32_t split, weir_bytes* out) {
    return position(seat<N>(), self, c, split, out);
  };
  if (WEIR_HAS(&real, weir_source, on_committed))
    t.on_committed = [](void* self, weir_context* c, std::uint32_t split, weir_view at) {
      return on_committed(seat<N>(), self, c, split, at);
    };
  if (WEIR_HAS(&real, weir_source, extension)) t.extension = &extension_of<N>;
  return t;
}
template <std::size_t... N>
weir_operator table_at(std::size_t n, const weir_operator& real, std::index_sequence<N...>) {
  weir_operator out{};
  ((N == n ? void(out = operator_table<N>(real)) : void()), ...);
  return out;
}
template <std::size_t... N>
weir_source table_at(std::size_t n, const weir_source& real, std::index_sequence<N...>) {
  weir_source out{};
  ((N == n ? void(out = source_table<N>(real)) : void()), ...);
  return out;
}
}  // namespace
}  // namespace check

template <class Table>
checked<Table>::checked(const Table& real, finding_sink sink) {
  auto c = std::make_unique<check::component>();
  if constexpr (std::is_same_v<Table, weir_operator>)
    c->op = &real;
  else
    c->source = &real;
  c->name = real.type;
  c->sink = std::move(sink);
  auto& all = check::seats::all();
  const std::lock_guard guard{all.lock};
  while (seat_ < checked_count_max && all.taken[seat_]) ++seat_;
  if (seat_ == checked_count_max)
    throw std::length_error{"more components are under check at once than there are seats"};
  table_ = check::table_at(seat_, real, std::make_index_sequence<checked_count_max>{});
  all.taken[seat_] = std::move(c);
}
template <class Table>
checked<Table>::~checked() {
  finish();
  auto& all = check::seats::all();
  const std::lock_guard guard{all.lock};
  all.taken[seat_].reset();
}
template <class Table>
void checked<Table>::finish() {
  auto& c = *check::seats::all().taken[seat_];
  for (const auto& s : c.subtasks) {
    if (!s->destroyed && !std::exchange(s->destroyed, true))
      c.report(side::host, "call", "end", "an instance is not destroyed");
    for (const auto& g : s->arrays)
      if (!std::exchange(g->released, true))
        c.report(side::host, "array", "end", "an array that emit_array was given is never released");
  }
}
template class checked<weir_operator>;
template class checked<weir_source>;

}  // namespace weir::test
