#pragma once
// As host/base/fault_point.hpp, for plugins: places where a test lets the process die. In weir itself there is nothing
// to call.

extern "C" [[gnu::weak, gnu::visibility("default")]] void weir_fault_point(const char* name);

namespace weir::shared {

/// `name` is a literal, in this one place of the source alone.
inline void fault_point(const char* name) {
  if (weir_fault_point) weir_fault_point(name);
}

}  // namespace weir::shared
