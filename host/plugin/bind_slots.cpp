// The slots of weir_host that work while binding. Called by plugins: nothing may throw across, and no argument is
// believed.
#include <cstring>

#include "base/cat.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "plugin/bind_state.hpp"

namespace weir::plugin {

using base::cat;
using base::quoted;

std::string text_of(weir_view view, std::size_t most) {
  if (!view.data || view.size == 0) return {};
  return base::printable(std::string_view(view.data, std::min(view.size, most)), most);
}

const weir_config* config_node(const config::value& value) { return reinterpret_cast<const weir_config*>(&value); }

namespace {

const config::value* value_of(const weir_config* node) { return reinterpret_cast<const config::value*>(node); }

weir_view view_of(std::string_view text) { return {text.data(), text.size()}; }

void give(const config::value* value, weir_value* out) {
  *out = {};
  if (!value) return;
  switch (value->type) {
    case config::kind::none:
      return;
    case config::kind::boolean:
      out->kind = WEIR_BOOL;
      out->integer = value->boolean ? 1 : 0;
      return;
    case config::kind::integer:
      out->kind = WEIR_INT;
      out->integer = value->integer;
      out->real = static_cast<double>(value->integer);
      return;
    case config::kind::floating:
      out->kind = WEIR_FLOAT;
      out->real = value->real;
      return;
    case config::kind::string:
    case config::kind::datetime:
      out->kind = WEIR_TEXT;
      out->text = view_of(value->text);
      return;
    case config::kind::duration:
      out->kind = WEIR_DURATION;
      out->integer = value->integer;
      return;
    case config::kind::bytes:
      out->kind = WEIR_BYTES;
      out->integer = value->integer;
      return;
    case config::kind::list:
      out->kind = WEIR_LIST;
      out->size = static_cast<std::uint32_t>(value->items.size());
      out->node = config_node(*value);
      return;
    case config::kind::table:
      out->kind = WEIR_TABLE;
      out->size = static_cast<std::uint32_t>(value->members.size());
      out->node = config_node(*value);
      return;
  }
}

void slot_config_get(const weir_config* node, weir_view path, weir_value* out) noexcept {
  if (!out) return;
  *out = {};
  if (!node) return;
  const std::string_view text = path.data ? std::string_view(path.data, path.size) : std::string_view();
  give(value_of(node)->at_path(text), out);
}

void slot_config_at(const weir_config* node, std::uint32_t index, weir_view* key, weir_value* out) noexcept {
  if (key) *key = {};
  if (out) *out = {};
  if (!node) return;
  const config::value& value = *value_of(node);
  if (value.is(config::kind::list) && index < value.items.size()) {
    if (out) give(&value.items[index], out);
  } else if (value.is(config::kind::table) && index < value.members.size()) {
    if (key) *key = view_of(value.members[index].key);
    if (out) give(&value.members[index].item, out);
  }
}

const weir_config* slot_bind_config(weir_bind* bind) noexcept { return config_node(*bind->config); }

std::uint32_t slot_bind_input_count(weir_bind* bind) noexcept {
  return static_cast<std::uint32_t>(bind->schemas.size());
}

const ArrowSchema* slot_bind_input(weir_bind* bind, std::uint32_t port) noexcept {
  return port < bind->schemas.size() ? &bind->schemas[port] : nullptr;
}

weir_view slot_bind_input_name(weir_bind* bind, std::uint32_t port) noexcept {
  return port < bind->inputs->size() ? view_of((*bind->inputs)[port].name) : weir_view{};
}

std::uint32_t slot_bind_key(weir_bind* bind, std::uint32_t port, std::uint32_t* columns,
                            std::uint32_t capacity) noexcept {
  if (port >= bind->inputs->size()) return 0;
  const auto& key = (*bind->inputs)[port].key;
  if (columns) std::copy_n(key.begin(), std::min<std::size_t>(key.size(), capacity), columns);
  return static_cast<std::uint32_t>(key.size());
}

/// Why the columns cannot pass through from that input; empty: they can.
std::string why_not_passed(const model::schema& output, const std::vector<std::int32_t>& passes,
                           const model::schema& input) {
  for (std::size_t i = 0; i < passes.size(); ++i) {
    if (passes[i] < 0) continue;
    const auto from = static_cast<std::size_t>(passes[i]);
    if (from >= input.size())
      return cat("column ", quoted(output[i].name), " passes through input column ", from, ", the input has ",
                 input.size());
    if (output[i].type != input[from].type)
      return cat("column ", quoted(output[i].name), " is declared as ", output[i].type.text(), " but passes through ",
                 quoted(input[from].name), ", which is ", input[from].type.text());
    if (input[from].nullable && !output[i].nullable)
      return cat("column ", quoted(output[i].name), " is declared without nulls but passes through ",
                 quoted(input[from].name), ", which may be null");
  }
  return {};
}

weir_code slot_bind_output(weir_bind* bind, weir_view name, const ArrowSchema* schema,
                           const std::int32_t* passes) noexcept {
  if (!bind->problems) return WEIR_E_CONTRACT;
  const std::string port = text_of(name, 128);
  const std::string what = port.empty() ? std::string("its main output") : cat("its output ", quoted(port));
  if (bind->component->kind() == component_kind::sink)
    return bind->broke_contract("it is a sink and declares an output: leave bind_output out, or make it an operator");
  if (bind->outputs.size() == most_output_ports)
    return bind->broke_contract(cat("it declares more than ", most_output_ports, " outputs"));
  // A source of several kinds of records has no main output: all of its ports are named.
  if (!(port.empty() && bind->outputs.empty()) && (!base::is_id(port) || port == base::dead_letter_port))
    return bind->broke_contract(cat("its output name ", quoted(port),
                                    " is not allowed: lower-case letters, digits, '.', '_', '-', "
                                    "and not dead_letter, which every node has"));
  for (const auto& other : bind->outputs)
    if (other.name == port) return bind->broke_contract(cat("it declares the output ", quoted(port), " twice"));
  if (!schema) return bind->broke_contract(cat(what, " has no schema"));
  auto imported = model::import_schema(schema);
  if (!imported) return bind->broke_contract(cat(what, " has a schema that cannot be used: ", imported.why().what));
  bind_output made{.name = port, .schema = std::move(imported).take()};
  if (passes) {
    made.passes.assign(passes, passes + made.schema->size());
    std::string why = "there is no input to pass columns through from";
    for (const auto& input : *bind->inputs) {
      why = why_not_passed(*made.schema, made.passes, *input.schema);
      if (why.empty()) break;
    }
    const bool any = std::any_of(made.passes.begin(), made.passes.end(), [](std::int32_t from) { return from >= 0; });
    if (any && !why.empty()) return bind->broke_contract(cat("in ", what, ", ", why));
    if (!any) made.passes.clear();
  }
  bind->outputs.push_back(std::move(made));
  return WEIR_OK;
}

/// The place of an option in the pipeline file: its value, or the nearest table around it.
config::location place_of(const weir_bind& bind, std::string_view option, std::int64_t at) {
  const config::location fallback = bind.config->at.line != 0 ? bind.config->at : bind.at;
  if (option.empty()) return bind.at;
  while (true) {
    const config::value* value = bind.config->at_path(option);
    if (value && !value->fallback && value->at.line != 0) {
      if (at >= 0 && value->is(config::kind::string))
        return config::inside_string(value->at, static_cast<std::size_t>(at));
      return value->at;
    }
    const std::size_t dot = option.rfind('.');
    if (dot == std::string_view::npos) return fallback;
    option = option.substr(0, dot);
    at = -1;
  }
}

weir_code slot_bind_error(weir_bind* bind, weir_code code, weir_view option, std::int64_t at, weir_view why) noexcept {
  const weir_code given = code < 0 ? code : WEIR_E_CONTRACT;
  if (!bind->problems || ++bind->errors > most_bind_errors) return given;
  const std::string path = text_of(option, 256);
  std::string text = text_of(why);
  if (text.empty()) text = "refused without a reason";
  const config::value* value = path.empty() ? nullptr : bind->config->at_path(path);
  const bool by_default = value && value->fallback;
  bind->problems->error(place_of(*bind, path, at),
                        cat(bind->component->uses(), ": ", path.empty() ? "" : cat("option ", path, ": "), text,
                            by_default ? " (this is the option's default; set it)" : ""));
  return given;
}

void slot_outside_warn(weir_bind* bind, weir_view option, weir_view why) noexcept {
  if (!bind->problems || ++bind->warnings > most_bind_errors) return;
  const std::string path = text_of(option, 256);
  bind->problems->warning(place_of(*bind, path, -1), cat(bind->component->uses(), ": ", text_of(why)));
}

}  // namespace

const weir_outside& outside_table() {
  static constexpr weir_outside table{
      sizeof(weir_outside), 0, [](weir_bind*) -> std::int64_t { return outside_patience_us; }, slot_outside_warn};
  return table;
}

void fill_bind_slots(weir_host& host) {
  host.config_get = slot_config_get;
  host.config_at = slot_config_at;
  host.bind_config = slot_bind_config;
  host.bind_input_count = slot_bind_input_count;
  host.bind_input = slot_bind_input;
  host.bind_input_name = slot_bind_input_name;
  host.bind_key = slot_bind_key;
  host.bind_output = slot_bind_output;
  host.bind_error = slot_bind_error;
}

}  // namespace weir::plugin

weir_code weir_bind::broke_contract(std::string what) {
  if (problems && ++errors <= weir::plugin::most_bind_errors)
    problems->error(at, weir::base::cat("plugin ", component->image()->title(), ": ", component->uses(),
                                        " broke the contract: ", what, "; report it to the plugin's authors"));
  return WEIR_E_CONTRACT;
}
