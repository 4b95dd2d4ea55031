#include <algorithm>
#include <cstddef>
#include <cstring>
#include <set>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "plugin/description_reader.hpp"

namespace weir::plugin {
namespace {

using base::cat;
using base::quoted;

constexpr std::size_t option_prefix = offsetof(weir_option, reserved) + sizeof(weir_option::reserved);
constexpr std::uint32_t known_flags =
    WEIR_OPTION_REQUIRED | WEIR_OPTION_SECRET | WEIR_OPTION_DEPRECATED | WEIR_OPTION_OPEN;
constexpr std::string_view known_types[] = {"bool", "int",  "float", "string", "duration", "bytes",
                                            "enum", "list", "table", "map",    "any"};

bool is_known_type(std::string_view type) {
  constexpr std::string_view list_of = "list:";
  if (type.starts_with(list_of)) type.remove_prefix(list_of.size());
  return std::find(std::begin(known_types), std::end(known_types), type) != std::end(known_types);
}

/// [A-Za-z_][A-Za-z0-9_.-]{0,63}: what a TOML key without quotes can be (and dots, for options that are passed on).
bool is_option_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= 64 && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

class option_reader {
 public:
  option_reader(std::uint64_t stride, const std::string& place, const memory_map& map, findings& found)
      : stride_(stride), place_(place), map_(map), found_(found) {}

  std::vector<declared_option> table(const weir_option* options, std::size_t depth, const std::string& path) {
    std::vector<declared_option> read;
    if (depth > most_option_depth) {
      bad(path, cat("is nested deeper than ", most_option_depth, " (a table inside itself?)"));
      return read;
    }
    std::set<std::string> names;
    for (std::size_t i = 0; !stop_; ++i) {
      const auto* at = reinterpret_cast<const char*>(options) + i * stride_;
      if (!map_.readable(at, option_prefix)) {
        bad(path, "has a table of options that does not end with a null name");
        stop_ = true;
        break;
      }
      weir_option option;
      std::memcpy(&option, at, sizeof option < stride_ ? sizeof option : option_prefix);
      if (!option.name) break;
      if (++count_ > most_options) {
        bad(path, cat("has more than ", most_options, " options (or its table does not end with a null name)"));
        stop_ = true;
        break;
      }
      one(option, depth, path, names, read);
    }
    return read;
  }

 private:
  void one(const weir_option& option, std::size_t depth, const std::string& path, std::set<std::string>& names,
           std::vector<declared_option>& read) {
    declared_option made;
    const auto name = map_.text(option.name, 64);
    if (!name || !is_option_name(*name)) {
      bad(path, cat("has an option whose name ", name ? quoted(*name, 80) : "(no text)", " is not a plain TOML key"));
      stop_ = !name.has_value();
      return;
    }
    made.name = *name;
    const std::string here = path.empty() ? made.name : cat(path, ".", made.name);
    if (!names.insert(made.name).second) bad(here, "is declared twice");
    const auto type = map_.text(option.type, 64);
    if (!type || !is_known_type(*type)) {
      bad(here, cat("has the type ", type ? quoted(*type, 80) : "(no text)",
                    ": one of bool int float string duration bytes enum list table map any, or list:TYPE"));
      return;
    }
    made.type = *type;
    made.doc = text(option.doc, here, "doc");
    made.has_fallback = option.fallback != nullptr;
    made.fallback = text(option.fallback, here, "fallback");
    values(text(option.values, here, "values"), made, here);
    if ((option.flags & ~known_flags) != 0) bad(here, cat("has unknown flags (", option.flags, "): use WEIR_OPTION_..."));
    made.flags = option.flags;
    if ((option.flags & WEIR_OPTION_REQUIRED) != 0 && made.has_fallback)
      bad(here, "is required and has a fallback: it can be only one of both");
    if (option.nested) {
      if (made.type == "table" || made.type == "list:table" || made.type == "map")
        made.nested = table(option.nested, depth + 1, here);
      else
        bad(here, cat("has nested options, but the type ", made.type, ": only tables have them"));
    }
    read.push_back(std::move(made));
  }

  void values(const std::string& joined, declared_option& made, const std::string& here) {
    const bool choice = made.type == "enum" || made.type == "list:enum";
    if (joined.empty()) {
      if (choice) bad(here, "is an enum without values: write them as \"a|b|c\"");
      return;
    }
    for (std::size_t from = 0; from <= joined.size();) {
      const std::size_t to = std::min(joined.find('|', from), joined.size());
      if (to == from) return bad(here, cat("has an empty word in its values ", quoted(joined)));
      made.values.push_back(joined.substr(from, to - from));
      from = to + 1;
    }
  }

  std::string text(const char* from, const std::string& here, std::string_view what) {
    if (!from) return {};
    auto copy = map_.text(from, most_doc_bytes);
    if (copy) return std::move(*copy);
    bad(here, cat("has a ", what, " that is not a text of at most ", most_doc_bytes, " bytes"));
    return {};
  }

  void bad(const std::string& path, std::string why) {
    found_.refuse("bad_options", path.empty() ? cat(place_, ": ", why) : cat(place_, ": option ", path, " ", why));
  }

  std::uint64_t stride_;
  const std::string& place_;
  const memory_map& map_;
  findings& found_;
  std::size_t count_ = 0;
  bool stop_ = false;
};

}  // namespace

std::vector<declared_option> read_options(const weir_option* options, std::uint64_t size, const std::string& place,
                                          const memory_map& map, findings& found) {
  if (size < option_prefix || size > sizeof(weir_option) || size % alignof(weir_option) != 0) {
    found.refuse("bad_options", cat(place, ": its option_size is ", size, ", the contract has ", sizeof(weir_option),
                                    ": set option_size = sizeof(weir_option)"));
    return {};
  }
  return option_reader(size, place, map, found).table(options, 1, {});
}

}  // namespace weir::plugin
