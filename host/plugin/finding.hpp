#pragma once
// What the gate finds about a plugin file: each with a stable word for tools and a sentence for people that says what,
// where and what to do next.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace weir::plugin {

enum class severity : std::uint8_t {
  note,     ///< worth knowing
  warning,  ///< works; will hurt one day
  refusal,  ///< is not loaded
};
std::string_view name_of(severity level);

struct finding {
  severity level = severity::refusal;
  std::string code;  ///< stable, snake_case: "writable_by_others"
  std::string what;
  base::blame by = base::blame::plugin;
};

/// The findings of one file, in the order they were made.
class findings {
 public:
  void note(std::string code, std::string what);
  void warn(std::string code, std::string what);
  void refuse(std::string code, std::string what, base::blame by = base::blame::plugin);
  void add(finding one) { all_.push_back(std::move(one)); }
  bool refused() const;
  bool has(std::string_view code) const;
  const std::vector<finding>& all() const { return all_; }
  /// The first refusal as an error with that place; "and N more reasons" when there are. Only when refused().
  base::error why(std::string where) const;
  void append(const findings& more);

 private:
  std::vector<finding> all_;
};

}  // namespace weir::plugin
