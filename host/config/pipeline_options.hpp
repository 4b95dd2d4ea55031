#pragma once
// The keys of a pipeline file, declared as options: what validate() accepts, what `weir schema` shows, what --set
// finds.
#include <span>
#include <string_view>

#include "config/option.hpp"

namespace weir::config {

/// Keys of the file itself; tables and lists of tables nested.
std::span<const option> root_options();
/// Keys of [[source]], [[operator]] or [[sink]]; empty for any other name.
std::span<const option> node_options(std::string_view list);
/// Keys of the tables that may also be written shorter, so that they are `any` in the lists above.
std::span<const option> exchange_options();  ///< of `exchange = { ... }`
std::span<const option> input_options();     ///< of `from = [{ ... }]`
std::span<const option> plugin_options();    ///< of `plugin.NAME = { ... }`

}  // namespace weir::config
