#include "config/json_schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "config/document.hpp"
#include "config/pipeline_options.hpp"

namespace weir::config {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* id_pattern = "^[a-z0-9][a-z0-9._-]{0,63}$";
constexpr const char* port_pattern = "^[a-z0-9][a-z0-9._-]{0,63}(:[a-z0-9][a-z0-9._-]{0,63})?$";
constexpr const char* plugin_pattern = "^[a-z0-9][a-z0-9_-]{0,63}$";
// Every string may hold a reference instead of what its option wants.
constexpr const char* reference_pattern = "\\$\\{(env|file):[^}]+\\}";

json type_schema(option_type type, const option& o);

json or_reference(json plain) {
  return {{"anyOf", json::array({std::move(plain), json{{"type", "string"}, {"pattern", reference_pattern}}})}};
}

json number_schema(const char* type, const option& o) {
  json s = {{"type", type}};
  if (o.least) s["minimum"] = *o.least;
  if (o.most) s["maximum"] = *o.most;
  return or_reference(std::move(s));
}

json table_schema(std::span<const option> options, bool open) {
  json s = {{"type", "object"}, {"additionalProperties", open}};
  json properties = json::object(), required = json::array();
  for (const option& o : options) {
    json p = type_schema(o.type, o);
    if (!o.doc.empty()) p["description"] = o.doc;
    if (o.deprecated) p["deprecated"] = true;
    if (o.fallback) {
      // As validate() reads it: a TOML value when it is one of the right kind, else the text.
      const auto v = parse_value(*o.fallback, {});
      const bool text = o.type == option_type::string || o.type == option_type::duration ||
                        o.type == option_type::bytes || o.type == option_type::enumeration;
      p["default"] = v && !text                 ? json::parse(print_json(*v))
                     : v && v->is(kind::string) ? json(v->text)
                                                : json(*o.fallback);
    }
    properties[o.name] = std::move(p);
    if (o.required) required.push_back(o.name);
  }
  s["properties"] = std::move(properties);
  if (!required.empty()) s["required"] = std::move(required);
  return s;
}

json type_schema(option_type type, const option& o) {
  switch (type) {
    case option_type::boolean:
      return or_reference({{"type", "boolean"}});
    case option_type::integer:
      return number_schema("integer", o);
    case option_type::floating:
      return number_schema("number", o);
    case option_type::string:
      return {{"type", "string"}};
    case option_type::duration:
      return {{"anyOf", json::array({json{{"type", "string"},
                                          {"pattern", "^-?([0-9]+(\\.[0-9]+)?(d|h|ms|m|s|us))+$|^0$|" +
                                                          std::string(reference_pattern)}},
                                     json{{"const", 0}}})}};
    case option_type::bytes:
      return {{"anyOf", json::array({json{{"type", "string"},
                                          {"pattern", "^[0-9]+(\\.[0-9]+)?(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)?$|" +
                                                          std::string(reference_pattern)}},
                                     json{{"type", "integer"}, {"minimum", 0}}})}};
    case option_type::enumeration:
      return {
          {"anyOf", json::array({json{{"enum", o.values}}, json{{"type", "string"}, {"pattern", reference_pattern}}})}};
    case option_type::list:
      return {{"type", "array"}, {"items", type_schema(o.element, o)}};
    case option_type::table:
      return table_schema(o.nested, o.open || o.nested.empty());
    case option_type::map:
      return {{"type", "object"},
              {"additionalProperties", json{{"type", json::array({"string", "number", "boolean"})}}}};
    case option_type::any:
      return json::object();
  }
  return json::object();
}

json exchange_schema() {
  json table = table_schema(exchange_options(), false);
  table["properties"]["key"] = {
      {"description", exchange_options()[1].doc},
      {"anyOf", json::array({json{{"type", "string"}},
                             json{{"type", "array"}, {"items", json{{"type", "string"}}}, {"minItems", 1}}})}};
  table["if"] = {{"properties", {{"kind", {{"const", "hash"}}}}}};
  table["then"] = {{"required", json::array({"kind", "key"})}};
  return {
      {"anyOf", json::array({json{{"enum", json::array({"forward", "rebalance", "broadcast"})}}, std::move(table)})}};
}

json from_schema() {
  json table = table_schema(input_options(), false);
  table["properties"]["port"]["pattern"] = port_pattern;
  table["properties"]["exchange"] = {{"$ref", "#/definitions/exchange"}};
  const json port = {{"type", "string"}, {"pattern", port_pattern}};
  return {{"anyOf", json::array({port, json{{"type", "array"},
                                            {"items", json{{"anyOf", json::array({port, std::move(table)})}}}}})}};
}

json plugin_schema() {
  json table = table_schema(plugin_options(), false);
  table["properties"]["abi"]["pattern"] = "^[0-9]+\\.[0-9]+$";
  table["properties"]["sha256"]["pattern"] = "^[0-9a-fA-F]{64}$";
  return {{"type", "object"},
          {"propertyNames", {{"pattern", plugin_pattern}}},
          {"additionalProperties", {{"anyOf", json::array({json{{"type", "string"}}, std::move(table)})}}}};
}

/// if uses = this component, then its options are these.
json options_when(const char* key, const component_schema& c, json options) {
  json condition = {{"properties", {{key, {{"const", c.uses}}}}}, {"required", json::array({key})}};
  return {{"if", std::move(condition)}, {"then", std::move(options)}};
}

json format_schema(std::span<const component_schema> components, component_kind kind) {
  json table = {{"type", "object"}, {"required", json::array({"type"})}};
  json names = json::array(), conditions = json::array();
  for (const component_schema& c : components) {
    if (c.kind != kind) continue;
    names.push_back(c.uses);
    json options = table_schema(c.options, false);
    options["properties"]["type"] = {{"const", c.uses}};
    conditions.push_back(options_when("type", c, std::move(options)));
  }
  table["properties"] = {{"type", {{"type", "string"}, {"examples", names}}}};
  if (!conditions.empty()) table["allOf"] = std::move(conditions);
  return {{"anyOf", json::array({json{{"type", "string"}, {"examples", names}}, std::move(table)})}};
}

json node_schema(std::string_view list, component_kind kind, std::span<const component_schema> components) {
  json node = table_schema(node_options(list), false);
  json& properties = node["properties"];
  properties["id"]["pattern"] = id_pattern;
  properties["was"]["pattern"] = id_pattern;
  properties["uses"]["pattern"] = "^[a-z0-9][a-z0-9_-]{0,63}\\.[a-z0-9][a-z0-9._-]{0,63}$";
  auto refer = [&](const char* key, json to) {
    if (properties.contains(key)) to["description"] = properties[key]["description"], properties[key] = std::move(to);
  };
  // Beside $ref draft-07 ignores everything, so the description goes around it.
  refer("exchange", {{"allOf", json::array({json{{"$ref", "#/definitions/exchange"}}})}});
  refer("from", {{"allOf", json::array({json{{"$ref", "#/definitions/from"}}})}});
  refer("format",
        format_schema(components, kind == component_kind::source ? component_kind::decoder : component_kind::encoder));
  json names = json::array(), conditions = json::array();
  for (const component_schema& c : components) {
    if (c.kind != kind) continue;
    names.push_back(c.uses);
    json config = table_schema(c.options, false);
    if (!c.summary.empty()) config["description"] = c.summary;
    const bool needed = std::any_of(c.options.begin(), c.options.end(), [](const option& o) { return o.required; });
    json options = {{"properties", {{"config", std::move(config)}}}};
    if (needed) options["required"] = json::array({"config"});
    conditions.push_back(options_when("uses", c, std::move(options)));
  }
  if (!names.empty()) properties["uses"]["examples"] = std::move(names);
  if (!conditions.empty()) node["allOf"] = std::move(conditions);
  return node;
}

}  // namespace

std::string json_schema(std::span<const component_schema> components) {
  json root = table_schema(root_options(), false);
  json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                 {"title", "weir pipeline"},
                 {"description", "A pipeline of weir: plugins, sources, operators and sinks."}};
  schema.update(root);
  json& properties = schema["properties"];
  properties["format"] = {{"const", 1}, {"description", properties["format"]["description"]}};
  properties["name"]["pattern"] = id_pattern;
  json plugin = plugin_schema();
  plugin["description"] = properties["plugin"]["description"];
  properties["plugin"] = std::move(plugin);
  const std::pair<const char*, component_kind> lists[] = {
      {"source", component_kind::source}, {"operator", component_kind::transform}, {"sink", component_kind::sink}};
  for (const auto& [list, kind] : lists) properties[list]["items"] = node_schema(list, kind, components);
  schema["definitions"] = {{"exchange", exchange_schema()}, {"from", from_schema()}};
  return schema.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace weir::config
