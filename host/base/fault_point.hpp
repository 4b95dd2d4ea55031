#pragma once
// Places where a test lets the process die (tests/recovery/README.md). Only the program weir_with_faults defines what
// is called here; in weir itself there is nothing to call, no variable of the environment is read, and what is left of
// a point is a comparison, in places that are passed a few times a cut.

extern "C" [[gnu::weak, gnu::visibility("default")]] void weir_fault_point(const char* name);

namespace weir::base {

/// [any] `name` is a literal, "part.what_has_just_happened", in this one place of the source alone: the tests take the
/// list of all points from the source.
inline void fault_point(const char* name) {
  if (weir_fault_point) weir_fault_point(name);
}

}  // namespace weir::base
