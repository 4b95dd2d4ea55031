// The `plugin` table.
#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/option.hpp"
#include "config/pipeline_options.hpp"
#include "config/read_pipeline.hpp"

namespace weir::config {
namespace {

bool is_plugin_name(std::string_view name) { return base::is_id(name) && name.find('.') == std::string_view::npos; }

bool is_digits(std::string_view s) {
  return !s.empty() && s.size() < 6 && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "1", "1.2", "1.2.3", "1.2.3-rc.1+x"
bool is_version(std::string_view text) {
  const std::size_t suffix = text.find_first_of("-+");
  for (const char c : text.substr(std::min(suffix, text.size())))
    if (!(std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '+')) return false;
  std::string_view numbers = text.substr(0, suffix);
  for (int part = 0;; ++part) {
    const std::size_t dot = numbers.find('.');
    if (part == 3 || !is_digits(numbers.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return suffix == std::string_view::npos || part == 2;
    numbers.remove_prefix(dot + 1);
  }
}

bool is_abi(std::string_view text) {
  const std::size_t dot = text.find('.');
  return dot != std::string_view::npos && is_digits(text.substr(0, dot)) && is_digits(text.substr(dot + 1));
}

/// "libx.so", "./x/libx.so", "kafka", "kafka@1.2"
void read_short(const value& v, plugin_ref& ref, diagnostics& problems) {
  const std::string& text = v.text;
  const std::size_t at = text.find('@');
  if (at == std::string::npos && (text.find('/') != std::string::npos || text.ends_with(".so"))) {
    ref.path = text;
    return;
  }
  ref.search = text.substr(0, at);
  if (at != std::string::npos) ref.version = text.substr(at + 1);
  if (!is_plugin_name(ref.search) || (at != std::string::npos && !is_version(ref.version))) {
    problems.error(v.at, base::cat(base::quoted(text, 120),
                                   " is neither a file (libx.so) nor a plugin to search for (x or x@1.2)"));
  }
}

void read_long(const value& given, plugin_ref& ref, diagnostics& problems) {
  const value t = validate(given, plugin_options(),
                           {.owner = base::cat("plugin ", base::quoted(ref.name)), .noun = "key"}, problems);
  ref.path = t.text_of("path");
  ref.search = t.text_of("name", ref.path.empty() ? ref.name : "");
  ref.version = t.text_of("version");
  ref.abi = t.text_of("abi");
  ref.sha256 = t.text_of("sha256");
  const value* path = t.find("path");
  if (path && path->is(kind::string) && (ref.path.empty() || ref.path.find('\0') != std::string::npos))
    problems.error(path->at, "\"path\" must name a file: write for example \"libweir_kafka.so\"");
  if (path && (t.find("name") || t.find("version"))) {
    const member* extra = given.find_member(t.find("name") ? "name" : "version");
    problems.error(extra->key_at,
                   base::cat(base::quoted(extra->key),
                             " is for searching by name, but \"path\" already says the file: remove one of them"));
  }
  if (const value* v = t.find("name"); v && v->is(kind::string) && !is_plugin_name(ref.search))
    problems.error(v->at, base::cat(base::quoted(ref.search, 80),
                                    " is no plugin name: use a-z 0-9 _ - and begin with a letter or digit"));
  if (const value* v = t.find("version"); v && v->is(kind::string) && !is_version(ref.version))
    problems.error(v->at, base::cat(describe(*v), " is no version: write for example \"1.2\" or \"1.2.3\""));
  if (const value* v = t.find("abi"); v && v->is(kind::string) && !is_abi(ref.abi))
    problems.error(v->at, base::cat(describe(*v), " is no ABI version: write for example \"1.0\""));
  if (const value* v = t.find("sha256"); v && v->is(kind::string)) {
    if (ref.sha256.size() != 64 || !base::from_hex(ref.sha256)) {
      problems.error(v->at, base::cat("\"sha256\" must be 64 hexadecimal digits, not ", ref.sha256.size(),
                                      " characters: print them with sha256sum FILE"));
    }
    for (char& c : ref.sha256)
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
}

}  // namespace

std::vector<plugin_ref> read_plugins(const value* table, diagnostics& problems) {
  std::vector<plugin_ref> out;
  if (!table) return out;
  if (!table->is(kind::table)) {
    problems.error(table->at, base::cat("\"plugin\" must be a table, not ", describe(*table),
                                        ": write plugin.NAME = { path = \"libx.so\" }"));
    return out;
  }
  for (const member& m : table->members) {
    plugin_ref ref;
    ref.name = m.key;
    ref.at = m.key_at;
    if (!is_plugin_name(m.key))
      problems.error(m.key_at, base::cat(base::quoted(m.key, 80),
                                         " is no plugin name: use a-z 0-9 _ - and begin with a letter or digit"));
    if (m.item.is(kind::string))
      read_short(m.item, ref, problems);
    else if (m.item.is(kind::table))
      read_long(m.item, ref, problems);
    else
      problems.error(m.item.at,
                     base::cat("plugin ", base::quoted(m.key, 80),
                               " must be a file name or a table { path = \"libx.so\" }, not ", describe(m.item)));
    out.push_back(std::move(ref));
  }
  return out;
}

std::optional<component_ref> read_component(const value& text, bool may_omit_component, diagnostics& problems) {
  component_ref ref;
  ref.at = text.at;
  const std::size_t dot = text.text.find('.');
  ref.plugin = text.text.substr(0, dot);
  if (dot != std::string::npos) ref.component = text.text.substr(dot + 1);
  const bool whole = dot != std::string::npos || may_omit_component;
  if (whole && is_plugin_name(ref.plugin) && (dot == std::string::npos || base::is_id(ref.component))) return ref;
  if (text.text.find("${") != std::string::npos) return std::nullopt;  // said already: no references here
  problems.error(
      text.at,
      may_omit_component
          ? base::cat(base::quoted(text.text, 80), " names no format: write for example \"json\" or \"plugin.decoder\"")
          : base::cat(base::quoted(text.text, 80),
                      " names no component: write \"plugin.component\", for example \"kafka.source\""));
  return std::nullopt;
}

}  // namespace weir::config
