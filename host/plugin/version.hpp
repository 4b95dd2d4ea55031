#pragma once
// Semantic versions of plugins, and the constraints by which a pipeline picks one: "1", "1.2", "1.2.0".
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::plugin {

/// MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] of semver.org; the build part does not order.
struct version {
  std::uint64_t major = 0, minor = 0, patch = 0;
  std::string prerelease;

  static std::optional<version> parse(std::string_view text);
  std::string text() const;  ///< without the build part
  friend std::strong_ordering operator<=>(const version& a, const version& b);
  friend bool operator==(const version& a, const version& b) { return (a <=> b) == 0; }
};

/// True when `text` may be a constraint: one to three numbers, or a whole version.
bool is_constraint(std::string_view text);
/// Whether a version is one that the constraint means: the numbers given are equal. A pre-release only when it is named
/// whole. An empty constraint means every version.
bool matches(std::string_view constraint, const version& candidate);

}  // namespace weir::plugin
