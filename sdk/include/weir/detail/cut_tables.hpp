// weir/detail/cut_tables.hpp: how a class takes part in cuts. It has the members, the tables of ext/draft/snapshot.h
// and ext/draft/two_phase.h follow from them:
//
//   void save(std::string& to);              // appends what restore needs
//   void restore(std::string_view saved);    // once for each old subtask
//   static constexpr bool restore_to_all = true;  // at another parallelism each subtask gets what all old ones saved
//
//   void prepare(std::uint64_t cut, std::string& to);
//   void commit(std::uint64_t cut, std::string_view prepared);
//   void abort(std::uint64_t cut, std::string_view prepared);
//   void recover(std::uint64_t cut, std::string_view prepared);
//
//   bool hands_over();                                             // ext/draft/handover.h; asked of an instance that only
//   void take_over(std::uint64_t cut, std::string_view prepared);  // knows its options and what was bound
#ifndef WEIR_DETAIL_CUT_TABLES_HPP
#define WEIR_DETAIL_CUT_TABLES_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/detail/access.hpp"
#include "weir/ext/draft/handover.h"
#include "weir/ext/draft/snapshot.h"
#include "weir/ext/draft/two_phase.h"

namespace weir::detail {

// Defined in trampoline.hpp.
template <class T, class F>
weir_code instance_call(void* self, weir_context* context, const weir_batch* batch, F&& f) noexcept;
template <class T>
std::int32_t offers_handover(const void* plan) noexcept;

template <class T>
concept saves = requires(T& t, std::string& to, std::string_view saved) {
  t.save(to);
  t.restore(saved);
};
template <class T>
concept two_phase = requires(T& t, std::uint64_t cut, std::string& to, std::string_view prepared) {
  t.prepare(cut, to);
  t.commit(cut, prepared);
  t.abort(cut, prepared);
  t.recover(cut, prepared);
};
template <class T>
concept takes_over = requires(T& t, std::uint64_t cut, std::string_view prepared) {
  static_cast<bool>(t.hands_over());
  t.take_over(cut, prepared);
};
// Half of a table would be a sink that loses its output at the first crash.
template <class T>
concept half_two_phase = !two_phase<T> && requires(T & t, std::uint64_t cut, std::string& to) {
  t.prepare(cut, to);
};

// Appends what f(text) writes to the bytes that the host collects.
template <class T, class F>
weir_code collect_component(void* self, weir_context* context, weir_bytes* out, F&& f) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) {
    std::string bytes;
    f(t, bytes);
    access::of(t).host->append(out, view(bytes));
  });
}

template <class T>
weir_code save_component(void* self, weir_context* context, weir_bytes* out) noexcept {
  return collect_component<T>(self, context, out, [](T& t, std::string& to) { t.save(to); });
}
template <class T>
weir_code restore_component(void* self, weir_context* context, weir_view saved) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.restore(chars(saved)); });
}
template <class T>
weir_code prepare_component(void* self, weir_context* context, std::uint64_t cut, weir_bytes* out) noexcept {
  return collect_component<T>(self, context, out, [cut](T& t, std::string& to) { t.prepare(cut, to); });
}
template <class T>
weir_code commit_component(void* self, weir_context* context, std::uint64_t cut, weir_view prepared) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.commit(cut, chars(prepared)); });
}
template <class T>
weir_code abort_component(void* self, weir_context* context, std::uint64_t cut, weir_view prepared) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.abort(cut, chars(prepared)); });
}
template <class T>
weir_code recover_component(void* self, weir_context* context, std::uint64_t cut, weir_view prepared) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.recover(cut, chars(prepared)); });
}

template <class T>
weir_code take_over_component(void* self, weir_context* context, std::uint64_t cut, weir_view prepared) noexcept {
  return instance_call<T>(self, context, nullptr, [&](T& t) { t.take_over(cut, chars(prepared)); });
}

template <class T>
constexpr std::uint32_t snapshot_flags() {
  if constexpr (requires { T::restore_to_all; })
    return T::restore_to_all ? WEIR_SNAPSHOT_TO_ALL : 0;
  else
    return 0;
}
template <class T>
inline constexpr weir_snapshot snapshot_table{sizeof(weir_snapshot), snapshot_flags<T>(), &save_component<T>,
                                              &restore_component<T>};
template <class T>
inline constexpr weir_two_phase two_phase_table{
    sizeof(weir_two_phase), 0, &prepare_component<T>, &commit_component<T>, &abort_component<T>, &recover_component<T>};

template <class T>
inline constexpr weir_handover handover_table{sizeof(weir_handover), 0, &offers_handover<T>, &take_over_component<T>};

// One of the tables above by its id; null: T does not have it.
template <class T>
const void* cut_table_of(std::string_view id) noexcept {
  static_assert(!half_two_phase<T>,
                "a sink with prepare() also has commit(), abort() and recover(), each with (std::uint64_t cut, "
                "std::string_view prepared)");
  if constexpr (saves<T>)
    if (id == WEIR_EXT_SNAPSHOT) return &snapshot_table<T>;
  if constexpr (two_phase<T>)
    if (id == WEIR_EXT_TWO_PHASE) return &two_phase_table<T>;
  if constexpr (takes_over<T>)
    if (id == WEIR_EXT_HANDOVER) return &handover_table<T>;
  return nullptr;
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_CUT_TABLES_HPP
