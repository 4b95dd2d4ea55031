#pragma once
// A loaded plugin. Shared by all who use it; when nobody does any more it is unloaded, and whether it really went is
// checked. The same content is loaded once a process, however many files hold it.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "plugin/description.hpp"
#include "plugin/gate.hpp"
#include "plugin/store.hpp"

namespace weir::plugin {

/// Immutable. [any] thread. The thread that drops the last reference unloads it, which runs the destructors of the
/// plugin's static objects: let that be a control thread.
class image {
 public:
  virtual ~image() = default;
  const std::string& path() const { return path_; }               ///< the file that was named
  const std::string& private_path() const { return copy_path_; }  ///< the copy that is mapped, for crash reports
  const std::string& sha256() const { return sha256_; }
  const description& about() const { return self_.about; }
  const component_tables& tables() const { return self_.tables; }
  /// "risk 1.2.0".
  std::string title() const { return self_.about.name + " " + self_.about.version; }
  /// What the gate warned of.
  const findings& warnings() const { return warnings_; }

 protected:
  std::string path_, copy_path_, sha256_;
  self_description self_;
  findings warnings_;
};
using image_ptr = std::shared_ptr<const image>;

/// Loads what passed the gate (pass_gate) from a private copy. From here on code of the plugin runs: its constructors,
/// then weir_plugin_v1(). Blames go to `file.found` too. The error's place is "plugin <path>".
base::result<image_ptr> load(base::env& env, plugin_store& store, gated_file& file, const expectations& wanted = {});
/// Gate and load in one.
base::result<image_ptr> load(base::env& env, plugin_store& store, const std::string& path,
                             const expectations& wanted = {});

/// One image of the process.
struct image_status {
  std::string name, version, sha256, path;
  bool pinned = false;  ///< nobody uses it, but it could not be unloaded
  std::string why;      ///< of a pinned one: the likely reason
  long users = 0;       ///< references held; 0 when pinned
};
/// [any] thread. Loaded ones, then pinned ones.
std::vector<image_status> loaded_images();

struct image_counts {
  std::uint64_t loaded = 0;    ///< loads since the start
  std::uint64_t unloaded = 0;  ///< of those, gone again for good
  std::uint64_t in_use = 0;
  std::uint64_t pinned = 0;
};
image_counts count_images();
/// Tries again to unload the pinned ones: one that a thread-local destructor held goes only after its thread has ended,
/// and only when asked again. How many went.
std::size_t collect_pinned(base::env& env);

}  // namespace weir::plugin
