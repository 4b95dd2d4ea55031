// weir/config.hpp: the configuration of one component, as its constructor sees it. A value of its own: it may be kept
// and copied.
//
//   limit_{c.get<double>("limit")}, window_{c.get("window", 10min)}, mode_{c.choice<mode>("mode", {{"fast",
//   mode::fast}})}
//
// A value of the wrong kind or out of range throws config_error with the option's path; an option that the component
// does not declare throws plugin_error, because nobody could ever give it.
#ifndef WEIR_CONFIG_HPP
#define WEIR_CONFIG_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/abi.h"
#include "weir/detail/nearest.hpp"
#include "weir/failure.hpp"
#include "weir/types.hpp"

namespace weir {
namespace detail {

// A copy of one value of the host's configuration.
struct config_node {
  std::uint32_t kind = WEIR_NONE;
  std::int64_t integer = 0;
  double real = 0;
  std::string text{};
  std::vector<std::pair<std::string, config_node>> children{};  // table: by key; list: keys are empty
  const weir_option* declared = nullptr;                        // table: the options it may hold; null: any
  bool open = true;                                             // table: undeclared keys may be asked for

  WEIR_DETAIL_COLD [[nodiscard]] const config_node* child(std::string_view key) const {
    for (const auto& [name, node] : children)
      if (name == key) return &node;
    return nullptr;
  }
};

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

// What get("x", fallback) gives for a fallback of type T.
template <class T>
using config_value = std::conditional_t<is_duration<T>, duration,
                                        std::conditional_t<std::is_convertible_v<T, std::string_view>, std::string, T>>;

}  // namespace detail

class config {
 public:
  config() : root_{std::make_shared<detail::config_node>()}, node_{root_.get()} {}
  // The copy that an instance is made from; plugins get theirs from the SDK.
  explicit config(detail::config_node tree)
      : root_{std::make_shared<detail::config_node>(std::move(tree))}, node_{root_.get()} {}

  // The value of an option ("limit", "retry.max"). Throws config_error when it is not given and has no default.
  template <class T>
  [[nodiscard]] T get(std::string_view path) const {
    const auto* found = look(path);
    if constexpr (detail::is_optional<T>)
      return found ? T{convert<typename T::value_type>(*found, path)} : T{};
    else if (found)
      return convert<T>(*found, path);
    throw config_error{full(path), "is missing: give it a value"};
  }
  // The same with a value for when it is not given.
  template <class T>
  [[nodiscard]] detail::config_value<T> get(std::string_view path, T fallback) const {
    if (const auto* found = look(path)) return convert<detail::config_value<T>>(*found, path);
    return detail::config_value<T>(std::move(fallback));
  }
  [[nodiscard]] bool has(std::string_view path) const { return look(path) != nullptr; }
  // One of some words.
  template <class T>
  [[nodiscard]] T choice(std::string_view path, std::initializer_list<std::pair<std::string_view, T>> words) const {
    const auto given = get<std::string>(path);
    std::vector<std::string_view> names;
    for (const auto& [word, value] : words) {
      if (word == given) return value;
      names.push_back(word);
    }
    throw config_error{full(path), detail::sentence({"'", given, "' is not one of its words",
                                                     detail::hint(given, names, "it takes")})};
  }
  // A table inside; empty when it is not given.
  WEIR_DETAIL_COLD [[nodiscard]] config at(std::string_view path) const {
    const auto* found = look(path);
    return found ? inside(*found, full(path)) : config{};
  }
  // The elements of a list, the values of a table; a single value counts as a list of one.
  WEIR_DETAIL_COLD [[nodiscard]] std::vector<config> elements(std::string_view path) const {
    std::vector<config> out;
    const auto* found = look(path);
    if (!found) return out;
    if (found->kind != WEIR_LIST && found->kind != WEIR_TABLE) return {inside(*found, full(path))};
    for (std::size_t i = 0; i < found->children.size(); ++i) {
      const auto& [key, node] = found->children[i];
      out.push_back(
          inside(node, key.empty() ? detail::sentence({full(path), "[", detail::digits(static_cast<long long>(i)), "]"})
                                   : detail::sentence({full(path), ".", key})));
    }
    return out;
  }
  // The keys of this table in the order they were written.
  WEIR_DETAIL_COLD [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> out;
    for (const auto& [key, node] : node_->children) out.push_back(key);
    return out;
  }
  // This value itself: for elements of lists and maps.
  template <class T>
  [[nodiscard]] T as() const {
    return convert<T>(*node_, "");
  }
  // An error to throw about an option of this table; `offset` points into its text.
  WEIR_DETAIL_COLD [[nodiscard]] config_error error(std::string_view path, std::string why,
                                                    std::int64_t offset = -1) const {
    return config_error{full(path), std::move(why), offset};
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  config(std::shared_ptr<const detail::config_node> root, const detail::config_node* node, std::string path)
      : root_{std::move(root)}, node_{node}, path_{std::move(path)} {}
  [[nodiscard]] config inside(const detail::config_node& node, std::string path) const {
    return {root_, &node, std::move(path)};
  }
  WEIR_DETAIL_COLD [[nodiscard]] std::string full(std::string_view path) const {
    return detail::sentence({path_, path_.empty() || path.empty() ? "" : ".", path});
  }

  // The node at a path, null: not given. A key that holds dots itself ("security.protocol" in a map) wins over the
  // path.
  WEIR_DETAIL_COLD [[nodiscard]] const detail::config_node* look(std::string_view path) const {
    const auto* at = node_;
    for (std::string_view rest = path; at;) {
      if (const auto* whole = at->child(rest)) return whole->kind == WEIR_NONE ? nullptr : whole;
      const auto dot = rest.find('.');
      if (!at->open) must_be_declared(*at, rest.substr(0, dot), path);
      if (dot == std::string_view::npos) return nullptr;
      at = at->child(rest.substr(0, dot));
      rest.remove_prefix(dot + 1);
    }
    return nullptr;
  }
  WEIR_DETAIL_COLD void must_be_declared(const detail::config_node& table, std::string_view name,
                                         std::string_view path) const {
    for (const auto* o = table.declared; o && o->name; ++o)
      if (name == o->name) return;
    throw plugin_error{
        detail::sentence({"it asks for the option '", full(path), "', which its options() do not declare"})};
  }

  [[noreturn]] WEIR_DETAIL_COLD void out_of_range(std::string_view path, const std::string& least,
                                                  const std::string& most) const {
    throw config_error{full(path), detail::sentence({"must be between ", least, " and ", most})};
  }
  [[noreturn]] WEIR_DETAIL_COLD void wrong(std::string_view path, std::string_view expected) const {
    throw config_error{full(path), detail::sentence({"must be ", expected})};
  }
  template <class T>
  T convert(const detail::config_node& v, std::string_view path) const {
    if constexpr (std::is_same_v<T, bool>) {
      if (v.kind != WEIR_BOOL) wrong(path, "true or false");
      return v.integer != 0;
    } else if constexpr (std::is_integral_v<T>) {
      if (v.kind != WEIR_INT && v.kind != WEIR_BYTES) wrong(path, "a whole number");
      if (!fits<T>(v.integer))
        out_of_range(path, std::to_string(std::numeric_limits<T>::min()),
                     std::to_string(std::numeric_limits<T>::max()));
      return static_cast<T>(v.integer);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (v.kind == WEIR_INT) return static_cast<T>(v.integer);
      if (v.kind != WEIR_FLOAT) wrong(path, "a number");
      return static_cast<T>(v.real);
    } else if constexpr (detail::is_duration<T>) {
      if (v.kind != WEIR_DURATION) wrong(path, "a duration such as \"10s\"");
      return std::chrono::duration_cast<T>(duration{v.integer});
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (v.kind != WEIR_TEXT) wrong(path, "a text");
      return v.text;
    } else if constexpr (detail::is_vector<T>) {
      T out;
      if (v.kind != WEIR_LIST) return T{convert<typename T::value_type>(v, path)};
      for (const auto& [key, element] : v.children) out.push_back(convert<typename T::value_type>(element, path));
      return out;
    } else {
      static_assert(std::is_same_v<T, config>,
                    "weir::config gives bool, numbers, std::string, durations, std::vector and std::optional of them");
      return inside(v, full(path));
    }
  }
  template <class T>
  static bool fits(std::int64_t n) {
    if constexpr (std::is_unsigned_v<T>)
      return n >= 0 && static_cast<std::uint64_t>(n) <= std::numeric_limits<T>::max();
    else
      return n >= std::numeric_limits<T>::min() && n <= std::numeric_limits<T>::max();
  }

  std::shared_ptr<const detail::config_node> root_;
  const detail::config_node* node_;
  std::string path_;
};

namespace detail {

WEIR_DETAIL_COLD inline config_node copy_value(const weir_host& host, const weir_value& v, const weir_option* declared,
                                               bool open) {
  config_node out{.kind = v.kind,
                  .integer = v.integer,
                  .real = v.real,
                  .text = std::string{chars(v.text)},
                  .declared = declared,
                  .open = open};
  if (v.kind != WEIR_LIST && v.kind != WEIR_TABLE) return out;
  for (std::uint32_t i = 0; i < v.size; ++i) {
    weir_view key{};
    weir_value element{};
    host.config_at(v.node, i, &key, &element);
    const auto name = v.kind == WEIR_TABLE ? chars(key) : std::string_view{};
    const weir_option* inner = v.kind == WEIR_LIST ? declared : nullptr;
    bool inner_open = v.kind == WEIR_LIST ? open : true;
    if (v.kind == WEIR_TABLE)
      for (const auto* o = declared; o && o->name; ++o)
        if (name == o->name && o->nested) inner = o->nested, inner_open = (o->flags & WEIR_OPTION_OPEN) != 0;
    out.children.emplace_back(name, copy_value(host, element, inner, inner_open));
  }
  return out;
}

// Adds what was not written but has a default that the host fills in.
WEIR_DETAIL_COLD inline void copy_defaults(const weir_host& host, const weir_config* root, const std::string& prefix,
                                           config_node& table) {
  for (const auto* o = table.declared; o && o->name; ++o) {
    const std::string path = sentence({prefix, o->name});
    if (!table.child(o->name)) {
      weir_value v{};
      host.config_get(root, {path.data(), path.size()}, &v);
      const bool open = !o->nested || (o->flags & WEIR_OPTION_OPEN) != 0;
      auto node = copy_value(host, v, o->nested, open);
      // A table that was not given may hold options with defaults.
      if (v.kind == WEIR_NONE && o->nested && std::string_view{o->type} == "table") {
        copy_defaults(host, root, sentence({path, "."}), node);
        for (const auto& inner : node.children)
          if (inner.second.kind != WEIR_NONE) node.kind = WEIR_TABLE;
      }
      table.children.emplace_back(std::string_view{o->name}, std::move(node));
    } else if (o->nested && std::string_view{o->type} == "table") {
      for (auto& [key, node] : table.children)
        if (key == o->name) copy_defaults(host, root, sentence({path, "."}), node);
    }
  }
}

WEIR_DETAIL_COLD inline config_node copy_config(const weir_host& host, const weir_config* root,
                                                const weir_option* declared) {
  weir_value v{};
  host.config_get(root, {nullptr, 0}, &v);
  auto out = copy_value(host, v, declared, false);
  out.kind = WEIR_TABLE;
  copy_defaults(host, root, "", out);
  return out;
}
}  // namespace detail
}  // namespace weir
#endif  // WEIR_CONFIG_HPP
