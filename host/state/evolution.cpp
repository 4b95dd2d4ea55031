#include "state/evolution.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "model/live_change.hpp"
#include "state/store.hpp"

namespace weir::state {

using base::cat;
using base::result;

result<std::unique_ptr<evolution>> evolution::make(model::state_shape was, model::state_shape now,
                                                   const model::state_migrations& ask,
                                                   std::shared_ptr<const void> held) {
  if (std::string why = model::against_live_change(was, now); !why.empty())
    return base::config_error(cat("its state cannot become another one while rows flow: ", why));
  std::unique_ptr<evolution> made(new evolution(std::move(was), std::move(now), std::move(held)));
  const auto& before = made->was_.states;
  for (std::uint32_t i = 0; i < made->now_.states.size(); ++i) {
    const model::state_declaration& declared = made->now_.states[i];
    if (declared.value_size > value_bytes_max)
      return base::config_error(cat("a value of ", declared.value_size, " bytes; the most is ", value_bytes_max),
                                cat("state ", declared.name));
    step& to = made->steps_.emplace_back();
    const auto from =
        std::find_if(before.begin(), before.end(), [&](const auto& d) { return d.name == declared.name; });
    if (from == before.end()) continue;
    to.was = static_cast<std::uint32_t>(from - before.begin());
    if (model::same_state(*from, declared)) continue;
    to.how = std::make_unique<conversion>(WEIR_TRY(conversion::make(*from, declared, i, ask)));
    if (to.how->nothing_to_do()) {  // only how its schema is told has changed
      to.how.reset();
      continue;
    }
    made->told_.push_back(cat(declared.name, ": ", to.how->told()));
  }
  return made;
}

bool evolution::nothing_to_do() const noexcept {
  if (was_.states.size() != now_.states.size()) return false;
  for (std::uint32_t i = 0; i < steps_.size(); ++i)
    if (steps_[i].how || steps_[i].was != i) return false;
  return true;
}

}  // namespace weir::state
