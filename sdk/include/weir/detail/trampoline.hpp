// weir/detail/trampoline.hpp: the one place where the C tables of the boundary meet C++. Every exception ends here, as
// a code and a text; nothing throws over a C frame.
#ifndef WEIR_DETAIL_TRAMPOLINE_HPP
#define WEIR_DETAIL_TRAMPOLINE_HPP

#include <memory>
#include <new>
#include <type_traits>

#include "weir/detail/access.hpp"
#include "weir/detail/cut_tables.hpp"
#include "weir/ext/draft/report.h"
#include "weir/migrate.hpp"
#include "weir/options.hpp"
#include "weir/state.hpp"

namespace weir::detail {

// Runs f; turns what it throws into a code, and tells say(code, option, at, why) unless the host knows already.
template <class F, class Say>
weir_code guarded(F&& f, Say&& say) noexcept {
  try {
    if constexpr (std::is_void_v<decltype(f())>) {
      f();
      return WEIR_OK;
    } else {
      return f();
    }
  } catch (const host_refused& refused) {
    return refused.code;
  } catch (const config_error& e) {
    return say(e.code(), std::string_view{e.option}, e.at, std::string_view{e.what()});
  } catch (const problem& e) {
    return say(e.code(), std::string_view{}, -1, std::string_view{e.what()});
  } catch (const std::bad_alloc&) {
    return say(WEIR_E_MEMORY, std::string_view{}, -1, std::string_view{"out of memory"});
  } catch (const std::exception& e) {
    return say(WEIR_E_PLUGIN, std::string_view{}, -1, std::string_view{e.what()});
  } catch (...) {
    return say(WEIR_E_PLUGIN, std::string_view{}, -1, std::string_view{"it threw something that is no std::exception"});
  }
}

// guarded() inside a subtask: the text goes to fail().
template <class F>
weir_code task_call(const weir_host* host, weir_context* context, F&& f) noexcept {
  return guarded(static_cast<F&&>(f), [&](weir_code code, std::string_view option, std::int64_t, std::string_view why) {
    if (option.empty()) return host->fail(context, code, view(why));
    try {
      return host->fail(context, code, view(sentence({"option '", option, "' ", why})));
    } catch (...) {
      return host->fail(context, code, view(why));
    }
  });
}

// guarded() inside bind: the text goes to bind_error().
template <class F>
weir_code bind_call(const weir_host* host, weir_bind* node, F&& f) noexcept {
  return guarded(static_cast<F&&>(f),
                 [&](weir_code code, std::string_view option, std::int64_t at, std::string_view why) {
                   return host->bind_error(node, code, view(option), at, view(why));
                 });
}

WEIR_DETAIL_COLD inline void read_inputs(const weir_host& host, weir_bind* node, bound& facts) {
  const auto count = host.bind_input_count(node);
  for (std::uint32_t port = 0; port < count; ++port) {
    bound_input in{read_schema(*host.bind_input(node, port)), std::string{chars(host.bind_input_name(node, port))}, {}};
    in.key.resize(host.bind_key(node, port, nullptr, 0));
    if (!in.key.empty()) host.bind_key(node, port, in.key.data(), static_cast<std::uint32_t>(in.key.size()));
    facts.inputs.push_back(std::move(in));
  }
}

// True when T has its own version of a virtual member of its SDK base: only then the slot of the table is filled.
#define WEIR_DETAIL_OVERRIDES(name)                                              \
  template <class T>                                                             \
  constexpr bool overrides_##name() {                                            \
    if constexpr (!requires { &T::weir_base::name; })                            \
      return false;                                                              \
    else if constexpr (!requires { &T::name; })                                  \
      return true;                                                               \
    else                                                                         \
      return !std::is_same_v<decltype(&T::name), decltype(&T::weir_base::name)>; \
  }
WEIR_DETAIL_OVERRIDES(on_watermark)
WEIR_DETAIL_OVERRIDES(on_timers)
WEIR_DETAIL_OVERRIDES(on_timer)
WEIR_DETAIL_OVERRIDES(end_of_port)
WEIR_DETAIL_OVERRIDES(flush)
WEIR_DETAIL_OVERRIDES(on_committed)
WEIR_DETAIL_OVERRIDES(close_split)
#undef WEIR_DETAIL_OVERRIDES

// A component hears of timers when it has its own on_timers() (batches) or on_timer() (records).
template <class T>
inline constexpr bool hears_timers = overrides_on_timers<T>() || overrides_on_timer<T>();

WEIR_DETAIL_COLD inline void read_cuts(const weir_host& host, weir_bind* node, bound& facts) {
  const auto* cuts = host.extension ? static_cast<const weir_cuts*>(host.extension(WEIR_EXT_CUTS)) : nullptr;
  if (!cuts) return;
  facts.cuts.interval = cuts->interval(node);
  facts.cuts.restart_pause = cuts->restart_pause(node);
}

// What bind() makes: the facts, and for sources the instance that discovers.
template <class T>
struct plan {
  bound facts;
  std::unique_ptr<T> prototype;
};

template <class T>
WEIR_DETAIL_COLD weir_code bind_component(const weir_host* host, weir_bind* node, void** out) noexcept {
  return bind_call(host, node, [&] {
    auto made = std::make_unique<plan<T>>();
    made->facts.options = copy_config(*host, host->bind_config(node), option_table<T>::get());
    read_inputs(*host, node, made->facts);
    read_cuts(*host, node, made->facts);
    made->prototype.reset(access::make<T>(config{made->facts.options}));
    access::of(*made->prototype).host = host;
    binder b{made->facts, host, node, &access::of(*made->prototype)};
    access::bind(*made->prototype, b);
    if (b.first_error() != WEIR_OK) return b.first_error();
    if (!hears_timers<T> && !access::of(*made->prototype).families.empty())
      throw plugin_error{"it has timers and no on_timer() to hear of them: derive it from weir::keyed_operator"};
    if constexpr (!requires(T & t) { t.weir_is_source; }) made->prototype.reset();
    *out = made.release();
    return WEIR_OK;
  });
}
template <class T>
WEIR_DETAIL_COLD void unbind_component(void* p) noexcept {
  delete static_cast<plan<T>*>(p);
}
template <class T>
std::int32_t offers_handover(const void* p) noexcept {
  try {
    const auto& made = *static_cast<const plan<T>*>(p);
    const std::unique_ptr<T> instance{access::make<T>(config{made.facts.options})};
    bound again{.options = {}, .inputs = made.facts.inputs, .outputs = {}, .cuts = made.facts.cuts};
    binder b{again, nullptr, nullptr, &access::of(*instance)};
    access::bind(*instance, b);
    return instance->hands_over() ? 1 : 0;
  } catch (...) {
    return 0;
  }
}
template <class T>
WEIR_DETAIL_COLD weir_code create_component(const weir_host* host, weir_context* context, const void* p,
                                            void** self) noexcept {
  return task_call(host, context, [&] {
    const auto& made = *static_cast<const plan<T>*>(p);
    std::unique_ptr<T> instance{access::make<T>(config{made.facts.options})};
    bound again{.options = {}, .inputs = made.facts.inputs, .outputs = {}, .cuts = made.facts.cuts};
    auto& rt = access::of(*instance);
    binder b{again, nullptr, nullptr, &rt};
    access::bind(*instance, b);
    rt.host = host;
    rt.context = context;
    access::find_state(rt, again);
    access::open(*instance);
    *self = instance.release();
  });
}
template <class T>
WEIR_DETAIL_COLD void destroy_component(void* self) noexcept {
  delete static_cast<T*>(self);
}

// One call into an instance: sets its context, sends what it emitted, drops it when the call fails.
template <class T, class F>
weir_code instance_call(void* self, weir_context* context, const weir_batch* batch, F&& f) noexcept {
  auto& instance = *static_cast<T*>(self);
  auto& rt = access::of(instance);
  rt.context = context;
  rt.batch = batch;
  rt.row = no_row;
  ++rt.call;
  const auto code = task_call(rt.host, context, [&] {
    f(instance);
    access::send(rt);
  });
  if (code < 0) [[unlikely]]
    access::drop(rt);
  rt.batch = nullptr;
  return code;
}

template <class T>
weir_code process_component(void* self, weir_context* context, const weir_batch* batch) noexcept {
  return instance_call<T>(self, context, batch, [&](T& t) { access::process(t, *batch); });
}
template <class T>
weir_code on_watermark_component(void* self, weir_context* context, std::int64_t us) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { access::on_watermark(t, at(us)); });
}
template <class T>
weir_code end_of_port_component(void* self, weir_context* context, std::uint32_t port) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { access::end_of_port(t, port); });
}
template <class T>
weir_code flush_component(void* self, weir_context* context) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { access::flush(t); });
}

template <class T>
weir_code on_timers_component(void* self, weir_context* context, std::uint32_t family,
                              const weir_batch* fired) noexcept {
  return instance_call<T>(self, context, fired, [&](T& t) { access::on_timers(t, family, *fired); });
}
template <class T>
inline constexpr weir_timers timers_table{sizeof(weir_timers), 0, &on_timers_component<T>};

// A component tells figures when it has a member report(weir::figures&).
template <class T>
concept reports = requires(T& t, figures& f) {
  t.report(f);
};

template <class T>
weir_code report_component(void* self, weir_context* context, weir_figures* out,
                           void (*add)(weir_figures*, weir_view, std::uint64_t)) noexcept {
  struct target {
    weir_figures* out;
    void (*add)(weir_figures*, weir_view, std::uint64_t);
  } to{out, add};
  return instance_call<T>(self, context, nullptr, [&](T& t) {
    figures f{&to, [](void* p, std::string_view name, std::uint64_t value) {
                auto& at = *static_cast<target*>(p);
                at.add(at.out, view(name), value);
              }};
    t.report(f);
  });
}
template <class T>
inline constexpr weir_report report_table{sizeof(weir_report), 0, &report_component<T>};

template <class T>
const void* extension_of(const char* id) noexcept {
  if constexpr (reports<T>)
    if (std::string_view{id} == WEIR_EXT_REPORT) return &report_table<T>;
  if constexpr (hears_timers<T>)
    if (std::string_view{id} == WEIR_EXT_TIMERS) return &timers_table<T>;
  if constexpr (migrates<T>)
    if (std::string_view{id} == WEIR_EXT_MIGRATE) return &migrate_table<T>;
  return cut_table_of<T>(id);
}
// True when T offers anything by extension().
template <class T>
inline constexpr bool extends =
    reports<T> || hears_timers<T> || migrates<T> || saves<T> || two_phase<T> || half_two_phase<T> || takes_over<T>;

template <class T>
constexpr const char* summary_of() {
  if constexpr (requires { T::summary(); })
    return T::summary();
  else
    return "";
}
template <class T>
constexpr std::uint32_t flags_of() {
  std::uint32_t flags = T::weir_flags;
  if constexpr (requires { T::stateless; })
    if (T::stateless) flags |= WEIR_STATELESS;
  if constexpr (requires { T::selections; })
    if (T::selections) flags |= WEIR_SELECTIONS;
  return flags;
}

template <class T>
constexpr weir_operator operator_table(const char* type) {
  static_assert(std::is_base_of_v<component, T>,
                "an operator derives from weir::record_operator, weir::batch_operator or another of them");
  weir_operator t{};
  t.struct_size = sizeof t;
  t.kind = T::weir_kind;
  t.flags = flags_of<T>();
  t.input_count = T::weir_inputs;
  t.type = type;
  t.summary = summary_of<T>();
  t.options = option_table<T>::get();
  t.option_size = sizeof(weir_option);
  t.bind = &bind_component<T>;
  t.unbind = &unbind_component<T>;
  t.create = &create_component<T>;
  t.destroy = &destroy_component<T>;
  t.process = &process_component<T>;
  if constexpr (overrides_on_watermark<T>()) t.on_watermark = &on_watermark_component<T>;
  if constexpr (overrides_end_of_port<T>()) t.end_of_port = &end_of_port_component<T>;
  if constexpr (overrides_flush<T>()) t.flush = &flush_component<T>;
  if constexpr (extends<T>) t.extension = &extension_of<T>;
  return t;
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_TRAMPOLINE_HPP
