#include "control/console.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/text.hpp"

namespace weir::control {

console::console() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  colour_ = ::isatty(STDERR_FILENO) != 0 && (!no_color || !*no_color) && term && std::strcmp(term, "dumb") != 0;
}

void console::out(std::string_view data) { std::fwrite(data.data(), 1, data.size(), stdout); }

void console::say(std::string_view label, const char* colour, std::string_view message) {
  // The data so far first, so that both read in order when they go to one terminal.
  std::fflush(stdout);
  std::string line;
  if (!label.empty()) {
    if (colour_) line += colour;
    line += label;
    line += ':';
    if (colour_) line += "\x1b[0m";
    line += ' ';
  }
  if (message.ends_with('\n')) message.remove_suffix(1);
  // Our own messages may have several lines; everything else that moves the cursor is escaped.
  for (std::size_t at = 0; at <= message.size();) {
    const auto end = std::min(message.find('\n', at), message.size());
    line += base::printable(message.substr(at, end - at));
    line += '\n';
    at = end + 1;
  }
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void console::note(std::string_view message) { say("", "", message); }
void console::warn(std::string_view message) { say("warning", "\x1b[33;1m", message); }
void console::error(std::string_view message) { say("error", "\x1b[31;1m", message); }

exit_code console::fail(const base::error& why) {
  error(why.text());
  return exit_code_of(why);
}

bool console::flush() { return (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) || errno == EPIPE; }

}  // namespace weir::control
