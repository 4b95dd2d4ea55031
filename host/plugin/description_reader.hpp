#pragma once
// Inside of description.cpp: reading option tables.
#include <cstdint>
#include <string>
#include <vector>

#include "plugin/description.hpp"

namespace weir::plugin {

/// The options of one component; `size` is sizeof(weir_option) where it was built, `place` names the component.
std::vector<config::option> read_options(const weir_option* options, std::uint64_t size, const std::string& place,
                                         const memory_map& map, findings& found);

}  // namespace weir::plugin
