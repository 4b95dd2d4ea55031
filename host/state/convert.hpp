#pragma once
// Values of one state that were written with other fields than it is declared with now: who turns them into what is
// declared, and that at work. The host does it by moves where nothing is lost. Where it cannot, or a stored field would
// go, the plugin is asked (weir.migrate/1): who has a function for just this form knows what becomes of the field.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/state_change.hpp"
#include "model/state_shape.hpp"
#include "state/moves.hpp"

namespace weir::state {

/// Who converts.
enum class converter : std::uint8_t { nobody, host, plugin };

/// One state, from what a cut says it was to what is declared. One thread at a time.
class conversion {
 public:
  /// `was` is what the section of a block says. An error, in "state NAME": it cannot be, and which field stands against
  /// it. ask: null: there is no plugin to ask. `was` and `now` live as long as the conversion.
  static base::result<conversion> make(const model::state_declaration& was, const model::state_declaration& now,
                                       std::uint32_t number, const model::state_migrations& ask);

  converter of_values() const noexcept { return value_.by; }
  converter of_map_keys() const noexcept { return map_key_.by; }
  bool nothing_to_do() const noexcept { return value_.by == converter::nobody && map_key_.by == converter::nobody; }
  /// For people: what happens with the fields.
  std::string told() const;

  /// The declared bytes of a value (an element, a map's value) and of a map's key; live until the next call of the same
  /// function.
  base::result<std::string_view> value(std::string_view stored) { return turned(value_, stored); }
  base::result<std::string_view> map_key(std::string_view stored) { return turned(map_key_, stored); }

 private:
  struct part {
    converter by = converter::nobody;
    std::optional<moves> host;
    std::unique_ptr<model::state_migration> plugin;
    std::string bytes;
  };
  base::result<std::string_view> turned(part& of, std::string_view stored);
  static base::result<part> part_of(const model::state_change& change, const model::state_migrations& ask);

  std::string name_;
  part value_, map_key_;
};

enum class outcome : std::uint8_t {
  same,  ///< nothing to do
  by_host,
  by_plugin,
  starts_empty,  ///< it was not there
  dropped,       ///< it is not declared any more; an error unless that is allowed
  refused,
};
struct state_outcome {
  std::string name;  ///< of the state or the family of timers
  bool timers = false;
  outcome what = outcome::same;
  std::string why;  ///< by_host, by_plugin: what happens with the fields; refused, dropped: what stands against it
};

/// What would become of all state and timers of an operator, one entry each in the order of `now`, then those of `was`
/// alone. Nothing is loaded. The key is told by its types: others refuse all that was kept by it. ask: as in
/// conversion::make.
std::vector<state_outcome> can_convert(const model::state_shape& was, const model::state_shape& now, bool allow_dropped,
                                       const model::state_migrations& ask);

}  // namespace weir::state
