// weir/test/config.hpp: configuration written in a test: {{"limit", 100}, {"window", 10min}, {"retry", table{{"max",
// 3}}}}, checked against the options that a component declares, with their defaults, as a host does it.
#ifndef WEIR_TEST_CONFIG_HPP
#define WEIR_TEST_CONFIG_HPP

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/abi.h"
#include "weir/types.hpp"

namespace weir::test {

class table;

// One configuration value.
class value {
 public:
  value() = default;
  template <class T>
  requires std::is_arithmetic_v<T> value(T v)  // NOLINT: written in initialiser lists
      : kind_{std::is_same_v<T, bool> ? WEIR_BOOL
              : std::is_integral_v<T> ? WEIR_INT
                                      : WEIR_FLOAT},
        integer_{static_cast<std::int64_t>(v)},
        real_{static_cast<double>(v)} {}
  value(const char* v) : kind_{WEIR_TEXT}, text_{v} {}             // NOLINT
  value(std::string v) : kind_{WEIR_TEXT}, text_{std::move(v)} {}  // NOLINT
  template <class R, class P>
  value(std::chrono::duration<R, P> v)  // NOLINT
      : kind_{WEIR_DURATION}, integer_{std::chrono::duration_cast<duration>(v).count()} {}
  value(const table& t);  // NOLINT
  static value list(std::initializer_list<value> elements);

  [[nodiscard]] std::uint32_t kind() const { return kind_; }
  [[nodiscard]] const value* child(std::string_view key) const;
  [[nodiscard]] const value* child(std::size_t i) const {
    return i < children_.size() ? &children_[i].second : nullptr;
  }
  [[nodiscard]] std::string_view key(std::size_t i) const { return children_[i].first; }
  [[nodiscard]] std::size_t size() const { return children_.size(); }
  // As the boundary shows it. Lives as long as this value.
  [[nodiscard]] weir_value raw() const;

  // Checks this table against declared options and fills in defaults. Appends what is wrong as "option: why".
  void complete(const weir_option* declared, bool open, const std::string& path, std::vector<std::string>& wrong);

 private:
  static value parse(std::string_view toml);
  void convert(const weir_option& to, const std::string& path, std::vector<std::string>& wrong);

  std::uint32_t kind_ = WEIR_NONE;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string text_{};
  std::vector<std::pair<std::string, value>> children_{};
};

// A table of the configuration; the whole configuration is one.
class table {
 public:
  table() = default;
  table(std::initializer_list<std::pair<std::string, value>> entries) : entries_{entries} {}
  [[nodiscard]] const std::vector<std::pair<std::string, value>>& entries() const { return entries_; }
  void set(std::string key, value v) { entries_.emplace_back(std::move(key), std::move(v)); }

 private:
  std::vector<std::pair<std::string, value>> entries_{};
};
}  // namespace weir::test
#endif  // WEIR_TEST_CONFIG_HPP
