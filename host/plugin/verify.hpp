#pragma once
// Everything that can be said about a plugin file, as data: what `weir plugin verify`, `inspect` and `list` show. The
// loading happens in a child process with a time limit, so a constructor that crashes or hangs cannot take the caller
// with it, and the caller itself never runs code of the plugin.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "plugin/description.hpp"
#include "plugin/gate.hpp"
#include "plugin/store.hpp"

namespace weir::plugin {

enum class load_outcome : std::uint8_t {
  not_tried,  ///< the gate refused the file
  loaded,
  refused,  ///< the dynamic loader, or what the plugin says of itself
  crashed,  ///< the child ended by a signal, or by itself
  timed_out,
};
std::string_view name_of(load_outcome outcome);

struct report {
  std::string path, canonical, sha256;
  std::uint64_t size = 0;
  elf::facts elf;
  findings found;  ///< of the gate and of loading
  load_outcome outcome = load_outcome::not_tried;
  std::optional<description> about;    ///< what the plugin says of itself, as far as it could be read
  std::vector<std::string> libraries;  ///< that loading it brought into the process, besides itself
  std::string output;                  ///< what it wrote to stdout and stderr while loading; at most 4 KiB of it
  std::int64_t gate_us = 0, load_us = 0;

  bool ok() const { return outcome == load_outcome::loaded && !found.refused(); }
  /// Why it is not loaded, with the file as the place. Only when !ok().
  base::error why() const;
};

struct verify_options {
  std::int64_t timeout_us = 10'000'000;  ///< of loading
};

/// [control] Forks: call it from a process without other threads that hold locks (the command line).
report verify(base::env& env, plugin_store& store, const std::string& path, const expectations& wanted = {},
              const verify_options& options = {});

}  // namespace weir::plugin
