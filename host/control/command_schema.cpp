#include "base/cat.hpp"
#include "config/json_schema.hpp"
#include "control/session.hpp"

namespace weir::control {
namespace {

config::component_kind kind_of(plugin::component_kind kind) {
  switch (kind) {
    case plugin::component_kind::source:
      return config::component_kind::source;
    case plugin::component_kind::operation:
      return config::component_kind::transform;
    case plugin::component_kind::sink:
      return config::component_kind::sink;
    case plugin::component_kind::decoder:
      return config::component_kind::decoder;
    case plugin::component_kind::encoder:
      break;
  }
  return config::component_kind::encoder;
}

// "json" means the plugin's decoder when it has only one of that kind; "formats.csv" always works.
void add(std::vector<config::component_schema>& to, const plugin::image& of) {
  for (const auto& c : of.about().components) {
    const auto kind = kind_of(c.kind);
    std::size_t same = 0;
    for (const auto& other : of.about().components) same += other.kind == c.kind;
    const bool format = kind == config::component_kind::decoder || kind == config::component_kind::encoder;
    if (format && same == 1) to.push_back({of.about().name, kind, c.summary, c.options});
    to.push_back({of.about().name + "." + c.type, kind, c.summary, c.options});
  }
}

}  // namespace

exit_code schema_command(const schema_arguments& told, console& io) {
  auto plugins = open_plugins(told.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  std::vector<config::component_schema> components;
  for (const auto& name : plugins->catalog->names()) {
    auto image = plugins->catalog->load(name);
    // One bad plugin must not take the completion of all others away.
    if (!image) {
      io.warn(image.why().text());
      continue;
    }
    add(components, **image);
  }
  return write_output(config::json_schema(components), told.output, io);
}

}  // namespace weir::control
