// Timestamps as text of a chosen form.
#pragma once

#include <string>
#include <string_view>

#include "node.hpp"

namespace weir::expression {

extern const std::string_view day_names[7];     // from Monday
extern const std::string_view month_names[12];  // from January

// What is wrong with a format, empty: nothing.
std::string wrong_format(std::string_view format);
// A timestamp as text. The format is right.
node_ptr make_strftime(node_ptr timestamp, std::string format);

}  // namespace weir::expression
