// weir/plugin.hpp: WEIR_PLUGIN makes the one symbol that a plugin exports.
//
//   WEIR_PLUGIN("risk", "1.2.0", weir::operators<exposure, limits>("exposure", "limits"), weir::sources<feed>("feed"))
#ifndef WEIR_PLUGIN_HPP
#define WEIR_PLUGIN_HPP

#include <array>
#include <cstddef>

#include "weir/detail/trampoline.hpp"

namespace weir {
namespace detail {

template <std::size_t Operators, std::size_t Sources>
struct tables {
  std::array<weir_operator, Operators> operators{};
  std::array<weir_source, Sources> sources{};
};
template <class Table, std::size_t N>
constexpr std::array<const Table*, N + 1> pointers(const std::array<Table, N>& to) {
  std::array<const Table*, N + 1> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = &to[i];
  return out;
}
template <std::size_t O1, std::size_t S1, std::size_t O2, std::size_t S2>
constexpr tables<O1 + O2, S1 + S2> operator+(const tables<O1, S1>& a, const tables<O2, S2>& b) {
  tables<O1 + O2, S1 + S2> out{};
  for (std::size_t i = 0; i < O1; ++i) out.operators[i] = a.operators[i];
  for (std::size_t i = 0; i < O2; ++i) out.operators[O1 + i] = b.operators[i];
  for (std::size_t i = 0; i < S1; ++i) out.sources[i] = a.sources[i];
  for (std::size_t i = 0; i < S2; ++i) out.sources[S1 + i] = b.sources[i];
  return out;
}
template <class... Part>
constexpr auto join(const Part&... parts) {
  return (tables<0, 0>{} + ... + parts);
}
constexpr bool good_name(const char* n) {
  auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  std::size_t i = 0;
  for (; n[i]; ++i)
    if (!plain(n[i]) && (i == 0 || (n[i] != '_' && n[i] != '-'))) return false;
  return i >= 1 && i <= 64;
}
constexpr bool good_version(const char* v) {
  for (int part = 0; part < 3; ++part) {
    if (part && *v++ != '.') return false;
    if (*v < '0' || *v > '9') return false;
    while (*v >= '0' && *v <= '9') ++v;
  }
  return *v == 0 || *v == '-' || *v == '+';
}
}  // namespace detail

// Operators, sinks, decoders and encoders with the names that a pipeline uses ("exposure" in `uses = "risk.exposure"`).
template <class... T, class... Name>
constexpr auto operators(const Name*... names) {
  static_assert(sizeof...(T) == sizeof...(Name), "weir::operators<A, B>(\"a\", \"b\"): one name for each class");
  return detail::tables<sizeof...(T), 0>{{detail::operator_table<T>(names)...}, {}};
}
}  // namespace weir

#define WEIR_PLUGIN(plugin_name, plugin_version, ...)                                                       \
  extern "C" WEIR_EXPORT const weir_plugin* weir_plugin_v1(void) {                                          \
    static_assert(::weir::detail::good_name(plugin_name), "a plugin's name is [a-z0-9][a-z0-9_-]{0,63}");   \
    static_assert(::weir::detail::good_version(plugin_version), "a plugin's version is semantic: 1.2.0");   \
    static constexpr auto tables = ::weir::detail::join(__VA_ARGS__);                                       \
    static constexpr auto operators = ::weir::detail::pointers(tables.operators);                           \
    static constexpr auto sources = ::weir::detail::pointers(tables.sources);                               \
    static constexpr weir_plugin plugin{sizeof(weir_plugin), WEIR_ABI_MAJOR,   WEIR_ABI_MINOR, plugin_name, \
                                        plugin_version,      operators.data(), sources.data(), ""};         \
    return &plugin;                                                                                         \
  }

#endif  // WEIR_PLUGIN_HPP
