#include "base/check.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace weir::base {

void check_failed(const char* condition, const char* file, int line, const std::string& message) {
  std::string text =
      cat("weir: internal error: ", message.empty() ? "a check failed" : message, " [", condition, "] at ", file, ':',
          line, ". This is a bug of weir itself: please report it with this line.\n");
  // Straight to the descriptor: the logger may be what failed.
  for (std::string_view rest = text; !rest.empty();) {
    ssize_t n = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (n <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  std::signal(SIGABRT, SIG_DFL);  // the line above says it all
  std::abort();
}

}  // namespace weir::base
