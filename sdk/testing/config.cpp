// Configuration as a host checks it: declared types, defaults, unknown names.
#include "weir/test/config.hpp"

#include <cstdlib>

#include "weir/detail/nearest.hpp"

namespace weir::test {
namespace {

const weir_option* find(const weir_option* o, std::string_view name) {
  for (; o && o->name; ++o)
    if (name == o->name) return o;
  return nullptr;
}
std::vector<std::string_view> names(const weir_option* o) {
  std::vector<std::string_view> out;
  for (; o && o->name; ++o) out.emplace_back(o->name);
  return out;
}
struct unit {
  std::string_view name;
  double size;
};
constexpr unit time_units[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}};
constexpr unit sizes[] = {{"", 1},       {"B", 1},    {"KiB", 1024.},     {"MiB", 1048576.}, {"GiB", 1073741824.},
                          {"kB", 1000.}, {"MB", 1e6}, {"GB", 1000000000.}};
// "10s" by units of time, "64MiB" by units of size; -1: neither.
template <std::size_t N>
std::int64_t quantity(const std::string& text, const unit (&units)[N]) {
  char* rest = nullptr;
  const double n = std::strtod(text.c_str(), &rest);
  for (const auto& u : units)
    if (rest != text.c_str() && u.name == rest) return static_cast<std::int64_t>(n * u.size);
  return -1;
}
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}
}  // namespace

value value::list(std::initializer_list<value> elements) {
  value v;
  v.kind_ = WEIR_LIST;
  for (const auto& e : elements) v.children_.emplace_back("", e);
  return v;
}
value::value(const table& t) : kind_{WEIR_TABLE}, children_{t.entries()} {}

const value* value::child(std::string_view key) const {
  for (const auto& [name, v] : children_)
    if (name == key) return &v;
  return nullptr;
}
weir_value value::raw() const {
  const bool node = kind_ == WEIR_LIST || kind_ == WEIR_TABLE;
  return {kind_,
          static_cast<std::uint32_t>(children_.size()),
          integer_,
          real_,
          {text_.data(), text_.size()},
          node ? reinterpret_cast<const weir_config*>(this) : nullptr};
}

void value::complete(const weir_option* declared, bool open, const std::string& path, std::vector<std::string>& wrong) {
  kind_ = WEIR_TABLE;
  for (auto& [key, v] : children_) {
    if (const auto* o = find(declared, key))
      v.convert(*o, path + key, wrong);
    else if (!open)
      wrong.push_back(path + key + ": is no option of it" + weir::detail::hint(key, names(declared), "it takes"));
  }
  for (const auto* o = declared; o && o->name; ++o) {
    if (child(o->name)) continue;
    const bool table_of_defaults = o->nested && std::string_view{o->type} == "table";
    if (o->fallback || table_of_defaults) {
      value v = o->fallback ? parse(o->fallback) : value{};
      v.convert(*o, path + o->name, wrong);
      children_.emplace_back(o->name, std::move(v));
    } else if (o->flags & WEIR_OPTION_REQUIRED) {
      wrong.push_back(path + o->name + ": is missing: give it a value");
    }
  }
}

// The TOML of a default: a number, true, false, "text", 'text' or a list of them.
value value::parse(std::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'')) return std::string{text.substr(1, text.size() - 2)};
  if (!text.empty() && text[0] == '[') {
    value v = list({});
    text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
      const auto end = text.find(',');
      if (const auto part = trimmed(text.substr(0, end)); !part.empty()) v.children_.emplace_back("", parse(part));
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    return v;
  }
  std::string digits;
  for (const char c : text)
    if (c != '_') digits += c;
  char* end = nullptr;
  const auto whole = std::strtoll(digits.c_str(), &end, 10);
  if (!*end) return static_cast<std::int64_t>(whole);
  return std::strtod(digits.c_str(), nullptr);
}

void value::convert(const weir_option& o, const std::string& path, std::vector<std::string>& wrong) {
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
    const bool is_size = type == "bytes";
    const auto target = is_size ? WEIR_BYTES : WEIR_DURATION;
    if (kind_ == WEIR_TEXT) {
      integer_ = is_size ? quantity(text_, sizes) : quantity(text_, time_units);
      if (integer_ >= 0) kind_ = target;
    } else if (kind_ == WEIR_INT && is_size) {
      kind_ = target;
    }
    return must(target, is_size ? "a size such as \"64MiB\"" : "a duration such as \"10s\"");
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
    if (type.size() <= 5) return;
    const std::string inner{type.substr(5)};
    weir_option element = o;
    element.type = inner.c_str();
    for (auto& [key, v] : children_) v.convert(element, path + "[]", wrong);
    return;
  }
  if (type == "map") must(WEIR_TABLE, "a table");
}
}  // namespace weir::test
