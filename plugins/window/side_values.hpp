// Aggregates whose accumulator has no fixed size: count(DISTINCT x), and the best of texts, lists and what is ordered
// by a text.
#pragma once

#include <memory>
#include <string>

#include "shared/aggregate/call.hpp"
#include "window/result.hpp"

namespace window {

// state: the name of its state. Throws config_error.
std::unique_ptr<side_column> make_side_value(const weir::aggregate::call& c, const weir::schema& input,
                                             std::string state);

}  // namespace window
