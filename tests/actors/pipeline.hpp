#pragma once
// From a pipeline text to a job, by the way that `weir run` takes.
#include <stdlib.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/env.hpp"
#include "config/load.hpp"
#include "job/host_table.hpp"
#include "job/job.hpp"
#include "plan/make.hpp"
#include "plan/plugin_workshop.hpp"
#include "plugin/catalog.hpp"
#include "plugin/store.hpp"

namespace actors {

/// The plugin store of this test process, in a directory of its own.
inline weir::plugin::plugin_store& store() {
  static const auto made = [] {
    std::string directory = "/tmp/weir_actors_XXXXXX";
    if (!mkdtemp(directory.data())) std::abort();
    auto opened = weir::plugin::plugin_store::open(weir::base::real_env(), directory + "/store");
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.why().text().c_str());
      std::abort();
    }
    return std::move(opened).take();
  }();
  return *made;
}

/// Ends the program with the text of the problems when the pipeline is not right.
inline weir::plan::plan_ptr plan_of(const std::string& toml, const std::string& plugin_directory) {
  auto& env = weir::base::real_env();
  auto loaded = weir::config::load_pipeline_text(env, "actors.toml", "format = 1\nname = \"actors\"\n" + toml);
  weir::plugin::plugin_catalog catalog(env, store(), {plugin_directory});
  weir::plan::plan_ptr made;
  if (loaded.pipeline) {
    weir::plan::plugin_workshop workshop(catalog, weir::job::host_table());
    made = weir::plan::make(std::make_shared<const weir::config::pipeline>(std::move(*loaded.pipeline)), workshop,
                            loaded.problems);
  }
  if (made) return made;
  std::fprintf(stderr, "%s\n", loaded.problems.text().c_str());
  std::abort();
}

inline std::unique_ptr<weir::job::job> job_of(const std::string& toml, const std::string& plugin_directory,
                                              weir::job::options how = {}) {
  auto made = weir::job::job::make(plan_of(toml, plugin_directory), how, weir::base::real_env());
  if (made) return std::move(made).take();
  std::fprintf(stderr, "%s\n", made.why().text().c_str());
  std::abort();
}

}  // namespace actors
