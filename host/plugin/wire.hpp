#pragma once
// What a child process tells its parent about a plugin, as bytes: both are the same program, so there is no version.
// Reading checks every length, because the child ran foreign code.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/description.hpp"
#include "plugin/finding.hpp"

namespace weir::plugin::wire {

struct told {
  findings found;
  description about;
  std::vector<std::string> libraries;
};

std::string write(const told& all);
/// Nullopt: not what write() made.
std::optional<told> read(std::string_view bytes);

}  // namespace weir::plugin::wire
