// What a plugin declares in C -> our options.
#include <weir/abi.h>

#include <algorithm>
#include <cstring>

#include "base/cat.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "config/option.hpp"

namespace weir::config {
namespace {

constexpr std::size_t max_options = 512;  // of one table
constexpr std::size_t max_option_depth = 8;
constexpr std::size_t max_text_bytes = 16 << 10;

constexpr std::pair<std::string_view, option_type> type_names[] = {{"bool", option_type::boolean},
                                                                   {"int", option_type::integer},
                                                                   {"float", option_type::floating},
                                                                   {"string", option_type::string},
                                                                   {"duration", option_type::duration},
                                                                   {"bytes", option_type::bytes},
                                                                   {"enum", option_type::enumeration},
                                                                   {"list", option_type::list},
                                                                   {"table", option_type::table},
                                                                   {"map", option_type::map},
                                                                   {"any", option_type::any}};

std::optional<option_type> type_of(std::string_view text) {
  for (const auto& [name, type] : type_names)
    if (name == text) return type;
  return std::nullopt;
}

/// An option's name: a bare TOML key in lower case, so that it needs no quotes anywhere.
bool is_option_name(std::string_view name) { return base::is_id(name) && name.find('.') == std::string_view::npos; }

class reader {
 public:
  explicit reader(std::uint64_t stride) : stride_(stride) {}

  base::result<std::vector<option>> table(const weir_option* first, const std::string& where, std::size_t depth) {
    std::vector<option> out;
    if (!first) return out;
    if (depth > max_option_depth)
      return wrong(where, base::cat("nested deeper than ", max_option_depth, " (does a table contain itself?)"));
    for (std::size_t i = 0;; ++i) {
      if (i == max_options)
        return wrong(where, base::cat("more than ", max_options, " options: does the list end with a null name?"));
      weir_option o{};
      std::memcpy(&o, reinterpret_cast<const char*>(first) + i * stride_, std::min<std::uint64_t>(stride_, sizeof o));
      if (!o.name) return out;
      option read = WEIR_TRY(one(o, where, depth));
      for (const option& other : out)
        if (other.name == read.name) return wrong(where, base::cat(base::quoted(read.name), " is declared twice"));
      out.push_back(std::move(read));
    }
  }

 private:
  static base::error wrong(const std::string& where, std::string what) {
    return base::plugin_error(base::cat("the declared options are wrong: ", what, "; this is for the plugin's author"),
                              where);
  }

  static std::optional<std::string> text(const char* from) {
    if (!from) return std::string();
    const std::size_t size = ::strnlen(from, max_text_bytes + 1);
    if (size > max_text_bytes) return std::nullopt;
    return std::string(from, size);
  }

  base::result<option> one(const weir_option& o, const std::string& where, std::size_t depth) {
    option out;
    const auto name = text(o.name), type = text(o.type), doc = text(o.doc), values = text(o.values),
               fallback = text(o.fallback);
    if (!name || !type || !doc || !values || !fallback) return wrong(where, "a text is longer than 16 KiB");
    if (!is_option_name(*name))
      return wrong(where, base::cat(base::quoted(*name, 80),
                                    " is no option name: use a-z 0-9 _ - and begin with a letter or digit"));
    out.name = *name;
    out.doc = *doc;
    const std::string inner = where.empty() ? out.name : base::cat(where, '.', out.name);

    const std::size_t colon = type->find(':');
    const auto main = type_of(type->substr(0, colon));
    if (!main || (colon != std::string::npos && *main != option_type::list))
      return wrong(inner, base::cat("the type ", base::quoted(*type, 40), " is not known"));
    out.type = *main;
    if (colon != std::string::npos) {
      const auto element = type_of(type->substr(colon + 1));
      if (!element || *element == option_type::list)
        return wrong(inner, base::cat("the type ", base::quoted(*type, 40), " is not known"));
      out.element = *element;
    }
    const bool enumerates = out.type == option_type::enumeration || out.element == option_type::enumeration;
    for (std::string_view rest = *values; !rest.empty();) {
      const std::size_t bar = rest.find('|');
      if (bar == 0) return wrong(inner, "an enum value is empty");
      out.values.emplace_back(rest.substr(0, bar));
      rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
    }
    if (enumerates == out.values.empty())
      return wrong(inner, enumerates ? "an enum needs values" : "only an enum has values");

    out.required = o.flags & WEIR_OPTION_REQUIRED;
    out.secret = o.flags & WEIR_OPTION_SECRET;
    out.deprecated = o.flags & WEIR_OPTION_DEPRECATED;
    out.open = o.flags & WEIR_OPTION_OPEN;
    if (o.nested) {
      if (out.type != option_type::table && out.element != option_type::table)
        return wrong(inner, "only a table, or a list of tables, has options inside");
      out.nested = WEIR_TRY(table(o.nested, inner, depth + 1));
    }
    if (o.fallback) {
      if (out.required) return wrong(inner, "it is required and has a default");
      out.fallback = *fallback;
      WEIR_TRY(check_fallback(out, inner));
    }
    return out;
  }

  static base::result<void> check_fallback(const option& o, const std::string& where) {
    diagnostics problems;
    const option alone[] = {o};
    const value filled = validate(make_table(), alone, {.owner = where}, problems);
    const value* v = filled.find(o.name);
    if (!problems.failed() && v && !v->unresolved) return {};
    return wrong(where, base::cat("the default ", base::quoted(*o.fallback, 80), " is no ", name_of(o.type)));
  }

  std::uint64_t stride_;
};

}  // namespace

base::result<std::vector<option>> options_from_abi(const ::weir_option* first, std::uint64_t option_size) {
  if (!first) return std::vector<option>();
  if (option_size < offsetof(weir_option, reserved))
    return base::plugin_error(base::cat("the declared options are wrong: option_size is ", option_size,
                                        ", smaller than any weir_option; this is for the plugin's author"));
  return reader(option_size).table(first, {}, 0);
}

}  // namespace weir::config
