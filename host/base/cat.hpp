#pragma once
// cat("port ", 3, " of ", name): text pieces and numbers joined into one string, without streams or locales.
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir::base {
namespace detail {

inline void put(std::string& out, std::string_view text) { out.append(text); }
inline void put(std::string& out, const char* text) { out.append(text); }
inline void put(std::string& out, char c) { out.push_back(c); }
inline void put(std::string& out, bool b) { out.append(b ? "true" : "false"); }

template <class T>
requires(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>) void put(std::string& out, T number) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}

template <std::floating_point T>
void put(std::string& out, T number) {
  char buffer[64];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}

}  // namespace detail

/// Joins its arguments: text, characters, booleans, integers, floating point (shortest form that reads back the same).
template <class... Args>
std::string cat(const Args&... args) {
  std::string out;
  (detail::put(out, args), ...);
  return out;
}

}  // namespace weir::base
