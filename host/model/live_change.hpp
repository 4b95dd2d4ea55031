#pragma once
// Whether the keyed state of an operator can stay where it is when another version comes that declares it otherwise: told by the
// declarations alone, for whoever plans a change (plan) and whoever carries it out (state).
#include <string>

#include "model/state_shape.hpp"

namespace weir::model {

/// What stands against it, for people; empty: nothing. States may come and their fields may change, which somebody then has to
/// convert. Keys, timers and times to live stay as they are, and no state goes.
std::string against_live_change(const state_shape& was, const state_shape& now);

}  // namespace weir::model
