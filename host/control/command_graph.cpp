#include "control/session.hpp"
#include "plan/explain.hpp"
#include "plugin/bind.hpp"

namespace weir::control {

exit_code graph_command(const graph_arguments& told, console& io) {
  auto plugins = open_plugins(told.pipeline.plugin_dirs);
  if (!plugins) return io.fail(plugins.why());
  const auto plan = plan_or_say(told.pipeline, *plugins, plugin::bind_host(), io);
  if (!plan) return exit_code::config;
  const auto drawing = plan::describe(*plan, {told.schemas});
  const auto text = told.format == "svg"   ? plan::draw_svg(drawing)
                    : told.format == "dot" ? plan::draw_dot(drawing)
                                           : plan::draw_text(drawing);
  return write_output(text, told.output, io);
}

}  // namespace weir::control
