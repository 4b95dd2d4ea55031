#pragma once
// Where a command speaks: data on stdout, messages on stderr. Colour only on a terminal, and never with NO_COLOR set or
// TERM=dumb.
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "control/exit_code.hpp"

namespace weir::control {

/// Control thread only. Output goes to the process's stdout and stderr; text from outside is made printable.
class console {
 public:
  console();

  /// Data, as it is.
  void out(std::string_view data);
  /// A message for the person, one line: no prefix.
  void note(std::string_view message);
  void warn(std::string_view message);
  void error(std::string_view message);

  /// Says the error; the exit code that belongs to it.
  exit_code fail(const base::error& why);

  /// Whether stdout took everything so far; false when it is full or closed (a reader that went away is no failure).
  bool flush();

 private:
  void say(std::string_view label, const char* colour, std::string_view message);
  bool colour_ = false;
};

/// A cell of a table for people: filled up to `width`, and the gap to the next column.
inline std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

}  // namespace weir::control
