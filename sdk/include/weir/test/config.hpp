// weir/test/config.hpp: configuration written in a test: {{"limit", 100}, {"window", 10min}, {"retry", table{{"max",
// 3}}}}, checked against the options that a component declares, with their defaults, as a host does it.
#ifndef WEIR_TEST_CONFIG_HPP
#define WEIR_TEST_CONFIG_HPP

#include <chrono>
#include <cstdlib>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/abi.h"
#include "weir/detail/nearest.hpp"
#include "weir/types.hpp"

namespace weir::test {

class table;

// One configuration value.
class value {
 public:
  value() = default;
  template <class T>
  requires std::is_arithmetic_v<T> value(T v) {  // NOLINT: written in initialiser lists
    kind_ = std::is_same_v<T, bool> ? WEIR_BOOL : std::is_integral_v<T> ? WEIR_INT : WEIR_FLOAT;
    integer_ = static_cast<std::int64_t>(v);
    real_ = static_cast<double>(v);
  }
  value(const char* v) : kind_{WEIR_TEXT}, text_{v} {}             // NOLINT
  value(std::string v) : kind_{WEIR_TEXT}, text_{std::move(v)} {}  // NOLINT
  template <class R, class P>
  value(std::chrono::duration<R, P> v)  // NOLINT
      : kind_{WEIR_DURATION}, integer_{std::chrono::duration_cast<duration>(v).count()} {}
  value(const table& t);  // NOLINT
  static value list(std::initializer_list<value> elements) {
    value v;
    v.kind_ = WEIR_LIST;
    for (const auto& e : elements) v.children_.emplace_back("", e);
    return v;
  }

  [[nodiscard]] std::uint32_t kind() const { return kind_; }
  [[nodiscard]] const value* child(std::string_view key) const {
    for (const auto& [name, v] : children_)
      if (name == key) return &v;
    return nullptr;
  }
  [[nodiscard]] const value* child(std::size_t i) const {
    return i < children_.size() ? &children_[i].second : nullptr;
  }
  [[nodiscard]] std::string_view key(std::size_t i) const { return children_[i].first; }
  [[nodiscard]] std::size_t size() const { return children_.size(); }

  // As the boundary shows it. Lives as long as this value.
  [[nodiscard]] weir_value raw() const {
    return {kind_,
            static_cast<std::uint32_t>(children_.size()),
            integer_,
            real_,
            {text_.data(), text_.size()},
            kind_ == WEIR_LIST || kind_ == WEIR_TABLE ? reinterpret_cast<const weir_config*>(this) : nullptr};
  }

  // Checks this table against declared options and fills in defaults. Appends what is wrong as "option: why".
  void complete(const weir_option* declared, bool open, const std::string& path, std::vector<std::string>& wrong) {
    kind_ = WEIR_TABLE;
    for (auto& [key, v] : children_) {
      const auto* o = find(declared, key);
      if (o)
        v.convert(*o, path + key, wrong);
      else if (!open)
        wrong.push_back(path + key + ": is no option of it" + detail::hint(key, names(declared), "it takes"));
    }
    for (const auto* o = declared; o && o->name; ++o) {
      if (child(o->name)) continue;
      if (o->fallback) {
        value v = parse(o->fallback);
        v.convert(*o, path + o->name, wrong);
        children_.emplace_back(o->name, std::move(v));
      } else if (o->flags & WEIR_OPTION_REQUIRED) {
        wrong.push_back(path + o->name + ": is missing: give it a value");
      } else if (o->nested && std::string_view{o->type} == "table") {
        value v;
        v.convert(*o, path + o->name, wrong);
        children_.emplace_back(o->name, std::move(v));
      }
    }
  }

  // "10s", "1.5h", "250ms" in microseconds; -1: no duration.
  static std::int64_t microseconds(const std::string& text) {
    char* unit = nullptr;
    const double n = std::strtod(text.c_str(), &unit);
    constexpr std::pair<std::string_view, double> units[] = {{"us", 1},   {"ms", 1e3},   {"s", 1e6},
                                                             {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}};
    for (const auto& [name, size] : units)
      if (unit != text.c_str() && name == unit) return static_cast<std::int64_t>(n * size);
    return -1;
  }
  // "64MiB" in bytes; -1: no size.
  static std::int64_t byte_count(const std::string& text) {
    char* unit = nullptr;
    const double n = std::strtod(text.c_str(), &unit);
    constexpr std::pair<std::string_view, double> units[] = {
        {"", 1},      {"B", 1},         {"KiB", 1024.},      {"MiB", 1048576.},
        {"kB", 1000}, {"MB", 1000000.}, {"GB", 1000000000.}, {"GiB", 1073741824.}};
    for (const auto& [name, size] : units)
      if (unit != text.c_str() && name == unit) return static_cast<std::int64_t>(n * size);
    return -1;
  }

 private:
  friend class table;
  static const weir_option* find(const weir_option* o, std::string_view name) {
    for (; o && o->name; ++o)
      if (name == o->name) return o;
    return nullptr;
  }
  static std::vector<std::string_view> names(const weir_option* o) {
    std::vector<std::string_view> out;
    for (; o && o->name; ++o) out.emplace_back(o->name);
    return out;
  }
  // The TOML of a default: a number, true, false, "text", 'text' or a list of them.
  static value parse(std::string_view text) {
    if (text == "true" || text == "false") return text == "true";
    if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'')) return std::string{text.substr(1, text.size() - 2)};
    if (!text.empty() && text[0] == '[') {
      value v = list({});
      text = text.substr(1, text.size() - 2);
      while (!text.empty()) {
        auto end = text.find(',');
        auto part = text.substr(0, end);
        while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
        if (!part.empty()) v.children_.emplace_back("", parse(part));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      }
      return v;
    }
    std::string digits;
    for (char c : text)
      if (c != '_') digits += c;
    char* end = nullptr;
    const auto whole = std::strtoll(digits.c_str(), &end, 10);
    if (!*end) return static_cast<std::int64_t>(whole);
    return std::strtod(digits.c_str(), nullptr);
  }
  // To the type that an option declares.
  void convert(const weir_option& o, const std::string& path, std::vector<std::string>& wrong) {
    const std::string_view type = o.type;
    auto must = [&](std::uint32_t kind, const char* what) {
      if (kind_ != kind) wrong.push_back(path + ": must be " + what);
    };
    if (type == "bool") return must(WEIR_BOOL, "true or false");
    if (type == "int") return must(WEIR_INT, "a whole number");
    if (type == "string") return must(WEIR_TEXT, "a text");
    if (type == "float") {
      if (kind_ == WEIR_INT) kind_ = WEIR_FLOAT;
      return must(WEIR_FLOAT, "a number");
    }
    if (type == "duration" || type == "bytes") {
      const auto target = type == "bytes" ? WEIR_BYTES : WEIR_DURATION;
      if (kind_ == WEIR_TEXT) {
        integer_ = type == "bytes" ? byte_count(text_) : microseconds(text_);
        if (integer_ >= 0) kind_ = target;
      } else if (kind_ == WEIR_INT && type == "bytes") {
        kind_ = target;
      }
      return must(target, type == "bytes" ? "a size such as \"64MiB\"" : "a duration such as \"10s\"");
    }
    if (type == "enum") {
      must(WEIR_TEXT, "a text");
      const std::string all = '|' + std::string{o.values ? o.values : ""} + '|';
      if (kind_ == WEIR_TEXT && all.find('|' + text_ + '|') == std::string::npos)
        wrong.push_back(path + ": '" + text_ + "' is not one of " + (o.values ? o.values : ""));
      return;
    }
    if (type == "table") {
      if (kind_ != WEIR_NONE && kind_ != WEIR_TABLE) return must(WEIR_TABLE, "a table");
      return complete(o.nested, !o.nested || (o.flags & WEIR_OPTION_OPEN) != 0, path + '.', wrong);
    }
    if (type.starts_with("list")) {
      must(WEIR_LIST, "a list");
      if (type.size() > 5)
        for (auto& [key, v] : children_) {
          weir_option element = o;
          const std::string inner{type.substr(5)};
          element.type = inner.c_str();
          v.convert(element, path + "[]", wrong);
        }
      return;
    }
    if (type == "map") must(WEIR_TABLE, "a table");
  }

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

 private:
  std::vector<std::pair<std::string, value>> entries_{};
};

inline value::value(const table& t) : kind_{WEIR_TABLE}, children_{t.entries()} {}

}  // namespace weir::test
#endif  // WEIR_TEST_CONFIG_HPP
