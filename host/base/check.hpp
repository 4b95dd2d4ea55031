#pragma once
// WEIR_CHECK is for our own mistakes: a condition that can only be false when weir itself is wrong. It stays on in
// release builds, prints the condition, place and message on stderr and aborts; the supervisor restarts from the last
// checkpoint. What a user, a file or a plugin can cause is never a WEIR_CHECK: it is a result<T>.
#include <string>

#include "base/cat.hpp"

namespace weir::base {

/// Prints "weir: internal error: ..." on stderr and aborts. [any] thread.
[[noreturn, gnu::cold]] void check_failed(const char* condition, const char* file, int line,
                                          const std::string& message);

}  // namespace weir::base

/// WEIR_CHECK(condition, pieces...): ends the process with the pieces joined as the message when condition is false.
#define WEIR_CHECK(condition, ...)                   \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::weir::base::check_failed(#condition, __FILE__, __LINE__, ::weir::base::cat(__VA_ARGS__)))
