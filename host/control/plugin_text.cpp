#include "control/plugin_text.hpp"

#include "base/cat.hpp"
#include "base/log_line.hpp"
#include "weir/abi.h"

namespace weir::control {
namespace {

using base::cat;

std::string type_of(const config::option& o) {
  if (o.type == config::option_type::list) return cat("list of ", config::name_of(o.element));
  if (o.type != config::option_type::enumeration) return std::string(config::name_of(o.type));
  std::string out;
  for (const auto& v : o.values) out += (out.empty() ? "" : " | ") + v;
  return out;
}

void option_lines(std::string& out, const std::vector<config::option>& options, std::size_t indent) {
  for (const auto& o : options) {
    out += cat(std::string(indent, ' '), o.name, "  ", type_of(o));
    if (o.required) out += ", required";
    if (o.fallback) out += cat(", default ", *o.fallback);
    if (o.secret) out += ", secret";
    if (o.deprecated) out += ", deprecated";
    out += '\n';
    if (!o.doc.empty()) out += cat(std::string(indent + 4, ' '), o.doc, "\n");
    option_lines(out, o.nested, indent + 4);
  }
}

std::string options_json(const std::vector<config::option>& options) {
  std::string out = "[";
  for (const auto& o : options) {
    if (out.size() > 1) out += ',';
    out += cat("{\"name\":", base::json_string(o.name),
               ",\"type\":", base::json_string(std::string(config::name_of(o.type))));
    if (o.type == config::option_type::list)
      out += cat(",\"element\":", base::json_string(std::string(config::name_of(o.element))));
    if (!o.values.empty()) {
      out += ",\"values\":[";
      for (std::size_t i = 0; i < o.values.size(); ++i) out += (i ? "," : "") + base::json_string(o.values[i]);
      out += ']';
    }
    if (o.fallback) out += cat(",\"default\":", base::json_string(*o.fallback));
    out += cat(",\"doc\":", base::json_string(o.doc), ",\"required\":", o.required, ",\"secret\":", o.secret,
               ",\"deprecated\":", o.deprecated);
    if (!o.nested.empty()) out += cat(",\"options\":", options_json(o.nested));
    out += '}';
  }
  return out + "]";
}

std::string inputs_of(const plugin::component_description& c) {
  if (c.input_count == WEIR_INPUTS_ANY) return "any number of inputs";
  return cat(c.input_count, c.input_count == 1 ? " input" : " inputs");
}

}  // namespace

std::string uses_of(const plugin::description& of, const plugin::component_description& c) {
  return of.name + "." + c.type;
}

std::string describe_for_people(const plugin::description& of, const std::string& path, const std::string& sha256) {
  auto out = cat(of.name, " ", of.version, "  (plugin ABI ", of.abi_major, ".", of.abi_minor, ")\n");
  if (!of.summary.empty()) out += of.summary + "\n";
  out += cat("file    ", path, "\nsha256  ", sha256, "\n");
  for (const auto& c : of.components) {
    out += cat("\n", plugin::name_of(c.kind), " ", uses_of(of, c));
    if (c.kind != plugin::component_kind::source && c.input_count != 1) out += cat("  (", inputs_of(c), ")");
    out += '\n';
    if (!c.summary.empty()) out += "  " + c.summary + "\n";
    option_lines(out, c.options, 4);
  }
  return out;
}

std::string describe_as_json(const plugin::description& of, const std::string& path, const std::string& sha256) {
  auto out = cat("{\"name\":", base::json_string(of.name), ",\"version\":", base::json_string(of.version),
                 ",\"abi\":\"", of.abi_major, ".", of.abi_minor, "\",\"summary\":", base::json_string(of.summary),
                 ",\"path\":", base::json_string(path), ",\"sha256\":", base::json_string(sha256), ",\"components\":[");
  bool first = true;
  for (const auto& c : of.components) {
    out += cat(first ? "" : ",", "{\"uses\":", base::json_string(uses_of(of, c)), ",\"kind\":\"",
               plugin::name_of(c.kind), "\",\"summary\":", base::json_string(c.summary));
    if (c.kind != plugin::component_kind::source) {
      out += c.input_count == WEIR_INPUTS_ANY ? std::string(",\"inputs\":\"any\"") : cat(",\"inputs\":", c.input_count);
    }
    out += cat(",\"options\":", options_json(c.options), "}");
    first = false;
  }
  return out + "]}";
}

std::string report_for_people(const plugin::report& of) {
  std::string out;
  for (const auto& f : of.found.all()) out += cat("  ", plugin::name_of(f.level), " ", f.code, ": ", f.what, "\n");
  if (!of.output.empty()) out += cat("  while loading it wrote: ", of.output, "\n");
  if (of.ok()) {
    const auto title = of.about ? cat(of.about->name, " ", of.about->version, ", ") : std::string();
    return cat(of.path, ": ok, ", title, of.about ? of.about->components.size() : 0, " components\n", out);
  }
  return cat(of.path, ": refused (", plugin::name_of(of.outcome), ")\n", out);
}

std::string report_as_json(const plugin::report& of) {
  auto out = cat("{\"path\":", base::json_string(of.path), ",\"ok\":", of.ok(), ",\"outcome\":\"",
                 plugin::name_of(of.outcome), "\",\"sha256\":", base::json_string(of.sha256),
                 ",\"gate_us\":", of.gate_us, ",\"load_us\":", of.load_us, ",\"findings\":[");
  bool first = true;
  for (const auto& f : of.found.all()) {
    out += cat(first ? "" : ",", "{\"level\":\"", plugin::name_of(f.level), "\",\"code\":", base::json_string(f.code),
               ",\"what\":", base::json_string(f.what), "}");
    first = false;
  }
  out += ']';
  if (of.about) out += cat(",\"plugin\":", describe_as_json(*of.about, of.canonical, of.sha256));
  return out + "}";
}

}  // namespace weir::control
