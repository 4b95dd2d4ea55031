#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace weir::model {

/// Numbers for names that rows carry as a fact: sources (source_id) and splits. Append only: a number keeps its name,
/// and the text of a name stays where it is, as long as the process lives. [any] thread.
class name_registry {
 public:
  /// The number of a name; the next free one for a new name.
  std::uint32_t number(std::string_view name);
  /// Empty for a number that was never given.
  std::string_view name(std::uint32_t number) const;

 private:
  mutable std::shared_mutex mutex_;
  std::deque<std::string> names_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

/// The registry of `source_id`. Number 0 is the empty name.
name_registry& source_names();
/// The registry of splits: "trades/0" is split 0 of source trades. Splits of all sources of the process share the
/// numbers.
name_registry& split_names();

}  // namespace weir::model
