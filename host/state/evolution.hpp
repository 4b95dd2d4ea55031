#pragma once
// evolution: what turns the state that a store holds into what another version of the operator declares, while rows flow. Made
// [control] beside the store, given to it between two calls (store::evolve); from there on the store's.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/state_change.hpp"
#include "model/state_shape.hpp"
#include "state/convert.hpp"

namespace weir::state {

class evolution {
 public:
  /// From what a store was declared with to what is declared now. An error: it cannot be, and what stands against it. held: what
  /// must live as long as somebody may be asked to migrate; null: nothing.
  static base::result<std::unique_ptr<evolution>> make(model::state_shape was, model::state_shape now,
                                                       const model::state_migrations& ask,
                                                       std::shared_ptr<const void> held = nullptr);
  evolution(const evolution&) = delete;
  evolution& operator=(const evolution&) = delete;

  const model::state_shape& was() const noexcept { return was_; }
  const model::state_shape& now() const noexcept { return now_; }
  /// For people, one for each state whose values change: "total: since is new".
  const std::vector<std::string>& told() const noexcept { return told_; }
  /// The stores of one serve the other as they are.
  bool nothing_to_do() const noexcept;

  /// One of `now`: where it comes from.
  struct step {
    static constexpr std::uint32_t nowhere = UINT32_MAX;
    std::uint32_t was = nowhere;      ///< number in was(); nowhere: it starts empty
    std::unique_ptr<conversion> how;  ///< null: its values stay as they are
  };
  /// By number in now(). Conversions may be used by one thread at a time.
  std::vector<step>& steps() noexcept { return steps_; }

 private:
  evolution(model::state_shape was, model::state_shape now, std::shared_ptr<const void> held)
      : held_(std::move(held)), was_(std::move(was)), now_(std::move(now)) {}
  std::shared_ptr<const void> held_;  // goes last
  model::state_shape was_, now_;      // conversions look at them
  std::vector<step> steps_;
  std::vector<std::string> told_;
};

}  // namespace weir::state
