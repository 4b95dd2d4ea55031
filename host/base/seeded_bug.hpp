#pragma once
// Mistakes put into weir on purpose, to see that the tests notice them (tests/recovery/seeded_bugs). Only a build with
// WEIR_SEEDED_BUGS has them; in every other one this is a constant that the compiler removes.
#include <cstdlib>
#include <string_view>

namespace weir::base {

#ifdef WEIR_SEEDED_BUGS
inline bool seeded_bug(std::string_view name) {
  static const std::string_view on = [] {
    const char* value = std::getenv("WEIR_SEEDED_BUG");
    return std::string_view(value ? value : "");
  }();
  return on == name;
}
#else
constexpr bool seeded_bug(std::string_view) { return false; }
#endif

}  // namespace weir::base
