#include "control/session.hpp"

#include "base/cat.hpp"
#include "config/load.hpp"
#include "plan/make.hpp"
#include "plan/plugin_workshop.hpp"

namespace weir::control {

base::result<plugin_access> open_plugins(const std::vector<std::string>& directories) {
  auto& env = base::real_env();
  plugin_access out;
  out.store = WEIR_TRY(plugin::plugin_store::open_default(env));
  out.catalog = std::make_unique<plugin::plugin_catalog>(env, *out.store, plugin::plugin_directories(directories));
  return out;
}

planned make_plan(const std::string& file, const pipeline_arguments& how, plugin_access& plugins,
                  const weir_host& host) {
  config::load_options options;
  options.sets = how.set;
  options.resolve = how.environment;
  auto loaded = how.text ? config::load_pipeline_text(base::real_env(), file, *how.text, options)
                         : config::load_pipeline(base::real_env(), file, options);
  planned out;
  out.problems = std::move(loaded.problems);
  if (!loaded.pipeline) return out;
  plan::plugin_workshop workshop(*plugins.catalog, host);
  out.plan = plan::make(std::make_shared<const config::pipeline>(std::move(*loaded.pipeline)), workshop, out.problems);
  return out;
}

plan::plan_ptr plan_or_say(const pipeline_arguments& told, plugin_access& plugins, const weir_host& host, console& io) {
  auto made = make_plan(told.files.front(), told, plugins, host);
  if (!made.problems.empty()) io.note(made.problems.text());
  if (made.problems.failed()) return nullptr;
  return made.plan;
}

}  // namespace weir::control
