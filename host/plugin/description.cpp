#include "plugin/description.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "plugin/description_reader.hpp"
#include "plugin/version.hpp"

namespace weir::plugin {
namespace {

using base::cat;
using base::quoted;

// What a table has at least: everything up to the end of 0.1.
#define WEIR_PREFIX(type, last) (offsetof(type, last) + sizeof(static_cast<type*>(nullptr)->last))
constexpr std::size_t plugin_prefix = WEIR_PREFIX(weir_plugin, summary);
constexpr std::size_t operator_prefix = WEIR_PREFIX(weir_operator, extension);
constexpr std::size_t source_prefix = WEIR_PREFIX(weir_source, extension);
#undef WEIR_PREFIX

constexpr std::uint32_t known_operator_flags = WEIR_SELECTIONS | WEIR_STATELESS;
constexpr std::uint32_t most_inputs = 64;

class description_reader {
 public:
  description_reader(const memory_map& map, findings& found) : map_(map), found_(found) {}

  self_description run(const weir_plugin* plugin) {
    if (!plugin) {
      found_.refuse("null_plugin", "weir_plugin_v1() returned null: return the address of a static weir_plugin");
      return {};
    }
    // The first fields have their place in every version of the contract: read them before the rest is believed.
    if (!map_.readable(plugin, offsetof(weir_plugin, abi_minor) + sizeof plugin->abi_minor)) {
      found_.refuse("wild_pointer",
                    cat("weir_plugin_v1() returned a pointer into memory that cannot be read: return the "
                        "address of a static weir_plugin"));
      return {};
    }
    if (plugin->abi_major == WEIR_ABI_MAJOR && plugin->abi_minor <= WEIR_ABI_MINOR) {
      if (!sane_size("weir_plugin", plugin->struct_size, plugin_prefix, sizeof(weir_plugin)) || !whole(plugin))
        return {};
      identity(*plugin);
    } else {
      other_abi(*plugin);
      return {};
    }
    std::memcpy(&plugin_, plugin, std::min<std::size_t>(plugin->struct_size, sizeof plugin_));
    each(plugin_.operators, "operators", [this](const weir_operator* one) { operation(one); });
    each(plugin_.sources, "sources", [this](const weir_source* one) { source(one); });
    if (result_.about.components.empty() && !found_.refused())
      found_.refuse("no_components", cat(who_, " offers no operator and no source: list one in its weir_plugin table"));
    return std::move(result_);
  }

 private:
  bool sane_size(std::string_view table, std::uint32_t given, std::size_t least, std::size_t most) {
    if (given < least) {
      found_.refuse("small_struct", cat(who_, ": the size of its ", table, " table is ", given,
                                        " bytes, the contract 0.1 "
                                        "has ",
                                        least, ": set struct_size = sizeof(", table,
                                        "), and build against the "
                                        "sdk's own abi.h"));
      return false;
    }
    // Its version of the contract is not newer than ours, so its tables cannot be longer than ours.
    if (given > most) {
      found_.refuse("huge_struct",
                    cat(who_, ": the size of its ", table, " table is ", given, " bytes, ABI ", WEIR_ABI_MAJOR, ".",
                        WEIR_ABI_MINOR, " has ", most, ": set struct_size = sizeof(", table,
                        "), and build against the sdk's own abi.h"));
      return false;
    }
    return true;
  }

  template <class Table>
  bool whole(const Table* table) {
    if (map_.readable(table, table->struct_size)) return true;
    found_.refuse("wild_pointer", cat(who_,
                                      ": one of its tables ends in memory that cannot be read: set struct_size = "
                                      "sizeof the table"));
    return false;
  }

  void identity(const weir_plugin& plugin) {
    description& about = result_.about;
    about.abi_major = plugin.abi_major;
    about.abi_minor = plugin.abi_minor;
    const auto name = map_.text(plugin.name, 64);
    if (!name || !is_plugin_name(*name)) {
      found_.refuse("bad_name",
                    cat("its name ", name ? quoted(*name, 80) : "(no text)",
                        " is not a plugin name: lower-case letters, digits, '_' and '-', 1 to 64, beginning "
                        "with a letter or digit"));
    } else {
      about.name = *name;
      who_ = *name;
    }
    const auto version = map_.text(plugin.version, 128);
    if (!version || !version::parse(*version)) {
      found_.refuse("bad_version", cat(who_, ": its version ", version ? quoted(*version, 140) : "(no text)",
                                       " is not a semantic version: write MAJOR.MINOR.PATCH, as in 1.2.0"));
    } else {
      about.version = *version;
      who_ += cat(" ", *version);
    }
    if (plugin.summary) about.summary = prose(plugin.summary, "its summary");
  }

  /// The name and version stand behind what every version has so far; a plugin of another one is only read up to them.
  void other_abi(const weir_plugin& plugin) {
    if (map_.readable(&plugin, offsetof(weir_plugin, operators))) {
      const auto name = map_.text(plugin.name, 64), version = map_.text(plugin.version, 128);
      if (name && version && is_plugin_name(*name) && version::parse(*version)) {
        result_.about.name = *name;
        result_.about.version = *version;
        who_ = cat(*name, " ", *version);
      }
    }
    result_.about.abi_major = plugin.abi_major;
    result_.about.abi_minor = plugin.abi_minor;
    const bool newer =
        plugin.abi_major > WEIR_ABI_MAJOR || (plugin.abi_major == WEIR_ABI_MAJOR && plugin.abi_minor > WEIR_ABI_MINOR);
    const std::string ours = cat(WEIR_ABI_MAJOR, ".", WEIR_ABI_MINOR);
    found_.refuse(newer ? "abi_newer" : "abi_older",
                  cat(who_, " needs ABI ", plugin.abi_major, ".", plugin.abi_minor, ", this host speaks ", ours, ": ",
                      newer ? "upgrade weir, or build against sdk " : "build it again, against sdk ", ours));
  }

  /// A text for people: a plugin without it works.
  std::string prose(const char* from, std::string_view what) {
    if (!from) return {};
    auto text = map_.text(from, most_doc_bytes);
    if (text) return std::move(*text);
    found_.refuse("wild_pointer", cat(who_, ": ", what, " is not a text of at most ", most_doc_bytes, " bytes"));
    return {};
  }

  template <class Table, class Read>
  void each(const Table* const* list, std::string_view what, Read read) {
    if (!list) return;
    for (std::size_t i = 0;; ++i) {
      if (!map_.readable(list + i, sizeof *list)) {
        found_.refuse("wild_pointer", cat(who_, ": its list of ", what, " does not end with null"));
        return;
      }
      const Table* one = list[i];
      if (!one) return;
      if (i == most_components) {
        found_.refuse("too_many", cat(who_, " lists more than ", most_components, " ", what,
                                      " (or its list does not end with null): split the plugin"));
        return;
      }
      if (!map_.readable(one, sizeof(std::uint32_t))) {
        found_.refuse("wild_pointer", cat(who_, ": entry ", i, " of its ", what, " cannot be read"));
        return;
      }
      read(one);
    }
  }

  void operation(const weir_operator* one) {
    if (!sane_size("weir_operator", one->struct_size, operator_prefix, sizeof(weir_operator)) || !whole(one)) return;
    weir_operator table{};
    std::memcpy(&table, one, std::min<std::size_t>(one->struct_size, sizeof table));
    table.struct_size = static_cast<std::uint32_t>(std::min<std::size_t>(one->struct_size, sizeof table));
    component_description about;
    if (!type_name(table.type, about)) return;
    const std::string place = cat(who_, ": operator ", about.type);
    switch (table.kind) {
      case WEIR_KIND_OPERATOR:
        about.kind = component_kind::operation;
        break;
      case WEIR_KIND_SINK:
        about.kind = component_kind::sink;
        break;
      case WEIR_KIND_DECODER:
        about.kind = component_kind::decoder;
        break;
      case WEIR_KIND_ENCODER:
        about.kind = component_kind::encoder;
        break;
      default:
        found_.refuse("bad_kind", cat(place, " has kind ", table.kind, ", which ABI ", WEIR_ABI_MAJOR, ".",
                                      WEIR_ABI_MINOR, " does not know: use WEIR_KIND_..."));
    }
    if ((table.flags & ~known_operator_flags) != 0)
      found_.refuse("bad_flags", cat(place, " has flags ", table.flags,
                                     ", of which this ABI does not know all: use "
                                     "WEIR_SELECTIONS, WEIR_STATELESS"));
    if (table.input_count != WEIR_INPUTS_ANY && (table.input_count == 0 || table.input_count > most_inputs))
      found_.refuse("bad_inputs",
                    cat(place, " has ", table.input_count, " inputs: 1 to ", most_inputs, ", or WEIR_INPUTS_ANY"));
    required(place, "bind", table.bind);
    required(place, "create", table.create);
    required(place, "destroy", table.destroy);
    required(place, "process", table.process);
    optional(place, "unbind", table.unbind);
    optional(place, "on_watermark", table.on_watermark);
    optional(place, "end_of_port", table.end_of_port);
    optional(place, "flush", table.flush);
    optional(place, "extension", table.extension);
    about.flags = table.flags;
    about.input_count = table.input_count;
    finish(place, std::move(about), table.summary, table.options, table.option_size);
    result_.tables.operators.push_back(table);
  }

  void source(const weir_source* one) {
    if (!sane_size("weir_source", one->struct_size, source_prefix, sizeof(weir_source)) || !whole(one)) return;
    weir_source table{};
    std::memcpy(&table, one, std::min<std::size_t>(one->struct_size, sizeof table));
    table.struct_size = static_cast<std::uint32_t>(std::min<std::size_t>(one->struct_size, sizeof table));
    component_description about;
    about.kind = component_kind::source;
    if (!type_name(table.type, about)) return;
    const std::string place = cat(who_, ": source ", about.type);
    if (table.flags != 0)
      found_.refuse("bad_flags", cat(place, " has flags ", table.flags, ": a source has none, set 0"));
    required(place, "bind", table.bind);
    required(place, "discover", table.discover);
    required(place, "create", table.create);
    required(place, "destroy", table.destroy);
    required(place, "open_split", table.open_split);
    required(place, "poll", table.poll);
    required(place, "position", table.position);
    optional(place, "unbind", table.unbind);
    optional(place, "close_split", table.close_split);
    optional(place, "on_committed", table.on_committed);
    optional(place, "extension", table.extension);
    about.flags = table.flags;
    finish(place, std::move(about), table.summary, table.options, table.option_size);
    result_.tables.sources.push_back(table);
  }

  bool type_name(const char* type, component_description& about) {
    const auto name = map_.text(type, 64);
    if (!name || !is_plugin_name(*name)) {
      found_.refuse(
          "bad_component_name",
          cat(who_, ": the component name ", name ? quoted(*name, 80) : "(no text)",
              " is not allowed: lower-case letters, digits, '_' and '-', 1 to 64, beginning with a letter or digit"));
      return false;
    }
    about.type = *name;
    if (!names_.insert(*name).second)
      found_.refuse("duplicate_component", cat(who_, " has two components named ", *name,
                                               ": a pipeline could not say which it means; rename one"));
    return true;
  }

  template <class Function>
  void required(std::string_view place, std::string_view slot, Function* function) {
    if (!function)
      found_.refuse(cat("no_", slot), cat(place, " has no ", slot, "(): every one needs it; set the slot ", slot));
    else
      optional(place, slot, function);
  }

  template <class Function>
  void optional(std::string_view place, std::string_view slot, Function* function) {
    if (function && !map_.executable(reinterpret_cast<const void*>(function)))
      found_.refuse("wild_function", cat(place, ": its slot ", slot,
                                         " does not point to code: build against the sdk's own "
                                         "abi.h, and set unused slots to null"));
  }

  void finish(const std::string& place, component_description about, const char* summary, const weir_option* options,
              std::uint64_t option_size) {
    about.summary = prose(summary, cat("the summary of ", about.type));
    if (options) about.options = read_options(options, option_size, place, map_, found_);
    result_.about.components.push_back(std::move(about));
  }

  const memory_map& map_;
  findings& found_;
  self_description result_;
  weir_plugin plugin_{};
  std::string who_ = "the plugin";
  std::set<std::string> names_;
};

}  // namespace

std::string_view name_of(component_kind kind) {
  switch (kind) {
    case component_kind::source:
      return "source";
    case component_kind::operation:
      return "operator";
    case component_kind::sink:
      return "sink";
    case component_kind::decoder:
      return "decoder";
    case component_kind::encoder:
      return "encoder";
  }
  return "operator";
}

bool is_plugin_name(std::string_view text) {
  auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && letter_or_digit(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter_or_digit(c) || c == '_' || c == '-'; });
}

self_description read_description(const weir_plugin* plugin, const memory_map& map, findings& found) {
  return description_reader(map, found).run(plugin);
}

}  // namespace weir::plugin
