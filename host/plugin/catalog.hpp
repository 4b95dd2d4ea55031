#pragma once
// Plugins by name: which files of the plugin directories hold them, which version of several is meant, and which
// component a pipeline's `uses` names.
//
// A plugin `risk` is in libweir_risk.so or librisk.so; a file may carry its version in its name (librisk-1.2.0.so,
// librisk.so.1.2.0), so several can lie side by side. The first directory that has a matching one wins, there the
// newest.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.hpp"
#include "config/pipeline.hpp"
#include "plugin/component.hpp"
#include "plugin/image.hpp"
#include "plugin/store.hpp"
#include "plugin/version.hpp"

namespace weir::plugin {

/// What a file name says.
struct file_name {
  std::vector<std::string> names;  ///< that the plugin may have: libweir_risk.so is risk, or weir_risk
  std::string version;             ///< empty: not in the name
};
/// Nullopt: not the name of a plugin file.
std::optional<file_name> parse_file_name(std::string_view name);

/// The directories to search, first to last: the given ones (--plugin-dir), $WEIR_PLUGIN_PATH (separated by colons),
/// <directory of the program>/../lib/weir/plugins.
std::vector<std::string> plugin_directories(const std::vector<std::string>& given);

/// [control] One for each command or pipeline; keeps what it loaded loaded.
class plugin_catalog {
 public:
  /// env and store outlive it.
  plugin_catalog(base::env& env, plugin_store& store, std::vector<std::string> directories)
      : env_(env), store_(store), directories_(std::move(directories)) {}

  const std::vector<std::string>& directories() const { return directories_; }

  /// The plugin that a pipeline means. `file_directory`: where the pipeline file is; a relative path is relative to it,
  /// and a bare file name that is not there is looked for in the plugin directories.
  base::result<image_ptr> load(const config::plugin_ref& wanted, const std::string& file_directory = ".");
  /// By "risk" or "risk@1.2", or by a path when there is a slash in it.
  base::result<image_ptr> load(std::string_view name);
  /// "risk.exposure" or "risk@1.2.exposure" -> its component, from the plugin directories.
  base::result<component_ptr> resolve(std::string_view uses);

  /// Files are looked at again when they are asked for again; what is in use stays as it is.
  void forget() { loaded_.clear(); }
  /// Drops what nobody else uses.
  void forget_unused() {
    std::erase_if(loaded_, [](const auto& one) { return one.second.use_count() == 1; });
  }

  /// Every plugin file of the directories, in their order; one that is hidden by another of the same name too.
  base::result<std::vector<std::string>> files();
  /// Every name of a plugin that is there, sorted.
  std::vector<std::string> names();

 private:
  struct candidate {
    std::string path;
    std::optional<version> named;  ///< by its file name
  };
  std::vector<candidate> candidates(const std::string& directory, std::string_view name);
  base::result<image_ptr> search(const std::string& name, const expectations& wanted);
  base::result<image_ptr> pick(std::vector<candidate> here, const expectations& wanted, std::string& others);
  base::result<image_ptr> load_path(const std::string& path, const expectations& wanted);
  base::error unknown(const std::string& name);

  base::env& env_;
  plugin_store& store_;
  std::vector<std::string> directories_;
  std::map<std::string, image_ptr> loaded_;  ///< by path
};

}  // namespace weir::plugin
