#pragma once
// What joins whoever loads state (host/state) to whoever can ask the plugin about it (host/operator): a state that was
// written with other fields than it is declared with now.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/state_shape.hpp"

namespace weir::model {

enum class state_part : std::uint8_t {
  value,    ///< a value, an element of a list, a value of a map
  map_key,  ///< a key of a map
};

struct state_change {
  const state_declaration& was;  ///< as it was written
  const state_declaration& now;  ///< as it is declared
  std::uint32_t number = 0;      ///< of the state in its operator
  state_part part = state_part::value;
};

/// A plugin's own conversion of one part of one state. One thread at a time; the plugin stays loaded and bound.
class state_migration {
 public:
  virtual ~state_migration() = default;
  /// `to` becomes the bytes of the declared state. An error says what the plugin said.
  virtual base::result<void> migrate(std::string_view stored, std::string& to) = 0;
};

/// Asks the plugin. Null in the result: it does not migrate state at all; an error: it does not migrate this, and why.
using state_migrations = std::function<base::result<std::unique_ptr<state_migration>>(const state_change&)>;

}  // namespace weir::model
