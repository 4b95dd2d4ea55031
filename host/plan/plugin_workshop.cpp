#include "plan/plugin_workshop.hpp"

#include "base/cat.hpp"
#include "base/file_system.hpp"
#include "base/text.hpp"

namespace weir::plan {
namespace {

using base::cat;
using base::quoted;
using plugin::component_kind;

component_kind component_kind_of(part_role role) {
  switch (role) {
    case part_role::source:
      return component_kind::source;
    case part_role::transform:
      return component_kind::operation;
    case part_role::sink:
      return component_kind::sink;
    case part_role::decoder:
      return component_kind::decoder;
    case part_role::encoder:
      break;
  }
  return component_kind::encoder;
}

// Where a component of another kind belongs.
std::string_view place_of(component_kind kind) {
  switch (kind) {
    case component_kind::source:
      return "a source: it goes into a [[source]]";
    case component_kind::operation:
      return "an operator: it goes into an [[operator]]";
    case component_kind::sink:
      return "a sink: it goes into a [[sink]]";
    case component_kind::decoder:
      return "a decoder: it goes into the `format` of a [[source]], or into an [[operator]]";
    case component_kind::encoder:
      break;
  }
  return "an encoder: it goes into the `format` of a [[sink]], or into an [[operator]]";
}

// Decoders and encoders are operators too, for those who want one in the middle.
bool fits(component_kind kind, part_role role) {
  return kind == component_kind_of(role) ||
         (role == part_role::transform && (kind == component_kind::decoder || kind == component_kind::encoder));
}

}  // namespace

plugin::image_ptr plugin_workshop::load(const config::pipeline& of, const config::component_ref& uses,
                                        config::diagnostics& problems) {
  const auto* ref = of.find_plugin(uses.plugin);
  config::plugin_ref implicit;
  if (!ref) {
    implicit.name = implicit.search = uses.plugin;
    implicit.implicit = true;
    ref = &implicit;
  }
  auto image = catalog_.load(*ref, base::parent_of(of.file));
  if (image) return std::move(image).take();
  if (failed_.insert(uses.plugin).second) problems.error(ref->implicit ? uses.at : ref->at, image.why().text());
  return nullptr;
}

std::optional<part> plugin_workshop::find(const config::pipeline& of, const config::component_ref& uses, part_role role,
                                          config::diagnostics& problems) {
  const auto image = load(of, uses, problems);
  if (!image) return std::nullopt;
  auto found = uses.component.empty() ? plugin::component::only(image, component_kind_of(role))
                                      : plugin::component::find(image, uses.component);
  if (!found) {
    problems.error(uses.at, found.why().text());
    return std::nullopt;
  }
  auto component = std::move(found).take();
  if (!fits(component->kind(), role)) {
    problems.error(uses.at, cat(quoted(uses.text()), " is ", place_of(component->kind())));
    return std::nullopt;
  }
  part out;
  out.title = cat(uses.text(), " (", image->title(), ")");
  out.plugin = cat(image->about().name, "@", image->about().version);
  out.input_count = component->about().input_count;
  out.component = std::move(component);
  return out;
}

std::optional<bound_part> plugin_workshop::bind(const part& what, const config::value& config,
                                                std::span<const bind_port> inputs, const config::location& at,
                                                config::diagnostics& problems) {
  const auto errors = problems.error_count();
  auto checked = config::validate(config, what.component->options(), {what.component->uses(), "option"}, problems);
  if (problems.error_count() != errors) return std::nullopt;
  std::vector<plugin::bind_input> ports;
  for (const auto& i : inputs) ports.push_back({i.name, i.schema, i.key});
  bound_part out;
  out.binding = plugin::bind(what.component, std::move(checked), std::move(ports), at, host_, problems,
                             {checkpoint_interval_us, restart_pause_us});
  if (!out.binding) return std::nullopt;
  for (const auto& o : out.binding->outputs()) out.outputs.push_back({o.name, o.schema, o.passes});
  return out;
}

}  // namespace weir::plan
