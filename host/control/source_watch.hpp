#pragma once
// What `weir dev` watches: a folder of sources, and the plugins that are built of it.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/env.hpp"

namespace weir::control {

/// Tells changes of the files in a folder, by their times and sizes: files that were added, removed or written. Names that
/// begin with a dot or with "build" are left out, and what a folder cannot tell.
class source_watch {
 public:
  source_watch(base::env& env, std::string folder);
  /// Whether there is another state of it since the last true, and nobody is writing at the moment: it was the same at two
  /// looks, one after the other.
  bool changed();

 private:
  using state = std::map<std::string, std::pair<std::int64_t, std::uint64_t>>;
  void collect(const std::string& folder, int depth, state& into) const;
  state now() const;

  base::env& env_;
  const std::string folder_;
  state known_, seen_;
};

}  // namespace weir::control
