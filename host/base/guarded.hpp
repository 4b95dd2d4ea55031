#pragma once
// A call into a plugin whose author let an exception out over the C boundary. It is caught here, where the plugin is
// known: further up it would be blamed on whoever called us, often another plugin of the same chain.
#include <exception>
#include <string>

#include "weir/abi.h"

namespace weir::base {

template <class Call>
weir_code guarded(const weir_host& table, weir_context* context, Call&& call) {
  const auto refuse = [&](const char* what) {
    const std::string why = std::string("an exception left it across the C boundary: ") + what;
    return table.fail(context, WEIR_E_PLUGIN, {why.data(), why.size()});
  };
  try {
    return call();
  } catch (const std::exception& e) {
    return refuse(e.what());
  } catch (...) {
    return refuse("no std::exception");
  }
}

}  // namespace weir::base
