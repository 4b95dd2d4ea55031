// weir/test/checker.hpp: the contract checker. It stands between a host and a plugin, looks at each call of abi.h in
// both directions, and names the side that breaks a rule (finding.hpp lists them). The test harness, `weir plugin
// verify` and debug hosts use it.
//
//   weir::test::checked<weir_operator> safe{real_table, [](const weir::test::finding& f) { ... }};
//   host.load(safe.table());      // in place of the real table; behaves as it, as long as no rule is broken
//
// Contexts, batches and plans of a checked plugin are the checker's own; batches are copied into memory that is freed
// after the call, so that an address sanitizer sees a view that was kept. It costs a copy of each batch: it is for
// tests, not for production.
#ifndef WEIR_TEST_CHECKER_HPP
#define WEIR_TEST_CHECKER_HPP

#include <array>
#include <stdexcept>

#include "weir/test/check/calls.hpp"

namespace weir::test {
namespace check {

// The C calls carry nothing that tells which component they are for, so each component takes one of `Count` numbered
// tables.
template <std::size_t Count>
struct seats {
  std::mutex lock;
  std::array<std::unique_ptr<component>, Count> taken;
  static seats& all() {
    static seats s;
    return s;
  }
};
template <std::size_t Count, std::size_t N>
component& seat() {
  return *seats<Count>::all().taken[N];
}

template <std::size_t Count, std::size_t N>
const void* extension_of(const char* id) {
  static constexpr weir_report table{
      sizeof(weir_report), 0,
      [](void* self, weir_context* c, weir_figures* out, void (*add)(weir_figures*, weir_view, std::uint64_t)) {
        return report(seat<Count, N>(), self, c, out, add);
      }};
  return std::string_view{id} == WEIR_EXT_REPORT && report_of(seat<Count, N>()) ? &table : nullptr;
}

template <std::size_t Count, std::size_t N>
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
  t.bind = [](const weir_host* h, weir_bind* b, void** plan) { return bind(seat<Count, N>(), h, b, plan); };
  t.unbind = [](void* plan) { unbind(seat<Count, N>(), plan); };
  t.create = [](const weir_host* h, weir_context* c, const void* plan, void** self) {
    return create(seat<Count, N>(), h, c, plan, self);
  };
  t.destroy = [](void* self) { destroy(seat<Count, N>(), self); };
  t.process = [](void* self, weir_context* c, const weir_batch* b) { return process(seat<Count, N>(), self, c, b); };
  if (WEIR_HAS(&real, weir_operator, on_watermark))
    t.on_watermark = [](void* self, weir_context* c, std::int64_t us) { return on_watermark(seat<Count, N>(), self, c, us); };
  if (WEIR_HAS(&real, weir_operator, end_of_port))
    t.end_of_port = [](void* self, weir_context* c, std::uint32_t port) {
      return end_of_port(seat<Count, N>(), self, c, port);
    };
  if (WEIR_HAS(&real, weir_operator, flush))
    t.flush = [](void* self, weir_context* c) { return flush(seat<Count, N>(), self, c); };
  if (WEIR_HAS(&real, weir_operator, extension)) t.extension = &extension_of<Count, N>;
  return t;
}
template <std::size_t Count, std::size_t N>
weir_source source_table(const weir_source& real) {
  weir_source t{};
  t.struct_size = sizeof t;
  t.flags = real.flags;
  t.type = real.type;
  t.summary = real.summary;
  t.options = real.options;
  t.option_size = real.option_size;
  t.bind = [](const weir_host* h, weir_bind* b, void** plan) { return bind(seat<Count, N>(), h, b, plan); };
  t.unbind = [](void* plan) { unbind(seat<Count, N>(), plan); };
  t.discover = [](const weir_host* h, const void* plan, weir_splits* s) { return discover(seat<Count, N>(), h, plan, s); };
  t.create = [](const weir_host* h, weir_context* c, const void* plan, void** self) {
    return create(seat<Count, N>(), h, c, plan, self);
  };
  t.destroy = [](void* self) { destroy(seat<Count, N>(), self); };
  t.open_split = [](void* self, weir_context* c, std::uint32_t split, weir_view id, weir_view at) {
    return open_split(seat<Count, N>(), self, c, split, id, at);
  };
  if (WEIR_HAS(&real, weir_source, close_split))
    t.close_split = [](void* self, weir_context* c, std::uint32_t split) {
      return close_split(seat<Count, N>(), self, c, split);
    };
  t.poll = [](void* self, weir_context* c, std::int64_t wait) { return poll(seat<Count, N>(), self, c, wait); };
  t.position = [](void* self, weir_context* c, std::uint32_t split, weir_bytes* out) {
    return position(seat<Count, N>(), self, c, split, out);
  };
  if (WEIR_HAS(&real, weir_source, on_committed))
    t.on_committed = [](void* self, weir_context* c, std::uint32_t split, weir_view at) {
      return on_committed(seat<Count, N>(), self, c, split, at);
    };
  if (WEIR_HAS(&real, weir_source, extension)) t.extension = &extension_of<Count, N>;
  return t;
}
template <std::size_t Count, std::size_t... N>
weir_operator table_at(std::size_t n, const weir_operator& real, std::index_sequence<N...>) {
  weir_operator out{};
  ((N == n ? void(out = operator_table<Count, N>(real)) : void()), ...);
  return out;
}
template <std::size_t Count, std::size_t... N>
weir_source table_at(std::size_t n, const weir_source& real, std::index_sequence<N...>) {
  weir_source out{};
  ((N == n ? void(out = source_table<Count, N>(real)) : void()), ...);
  return out;
}
}  // namespace check

// A table that behaves as the real one and reports what breaks a rule. The real table must outlive it, and no instance
// or plan may be left when it goes. At most Seats at a time: throws std::length_error beyond.
template <class Table, std::size_t Seats = 8>
class checked {
 public:
  checked(const Table& real, finding_sink sink) {
    auto c = std::make_unique<check::component>();
    if constexpr (std::is_same_v<Table, weir_operator>)
      c->op = &real;
    else
      c->source = &real;
    c->name = real.type;
    c->sink = std::move(sink);
    auto& all = check::seats<Seats>::all();
    const std::lock_guard guard{all.lock};
    for (; seat_ < Seats && all.taken[seat_]; ++seat_) {
    }
    if (seat_ == Seats)
      throw std::length_error{"more components are under check at once than checked<Table, Seats> has seats for"};
    table_ = check::table_at<Seats>(seat_, real, std::make_index_sequence<Seats>{});
    all.taken[seat_] = std::move(c);
  }
  checked(const checked&) = delete;
  checked& operator=(const checked&) = delete;
  ~checked() {
    finish();
    auto& all = check::seats<Seats>::all();
    const std::lock_guard guard{all.lock};
    all.taken[seat_].reset();
  }
  // Reports what was never given back: instances, arrays. Call it when the host is done.
  void finish() {
    auto& c = *check::seats<Seats>::all().taken[seat_];
    for (const auto& s : c.subtasks) {
      if (!s->destroyed && !std::exchange(s->destroyed, true))
        c.report(side::host, "call", "end", "an instance is not destroyed");
      for (const auto& g : s->arrays)
        if (!std::exchange(g->released, true))
          c.report(side::host, "array", "end", "an array that emit_array was given is never released");
    }
  }
  [[nodiscard]] const Table* table() const { return &table_; }

 private:
  std::size_t seat_ = 0;
  Table table_{};
};
}  // namespace weir::test
#endif  // WEIR_TEST_CHECKER_HPP
