// Finds a byte of a string value in the file, for messages about what is inside a text: an expression, a reference.
#include <cstdlib>

#include "base/utf8.hpp"
#include "config/location.hpp"

namespace weir::config {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over the literal in the source, counting the bytes of the value that it stands for.
class literal_walk {
 public:
  explicit literal_walk(const location& literal) : bytes_(literal.source->bytes()) {
    while (at_ < bytes_.size() && line_ < literal.line) step();
    while (at_ < bytes_.size() && column_ < literal.column) step();
    // A --set value has no quotes and is read as it is.
    if (starts("\"\"\"") || starts("'''")) {
      quote_ = bytes_[at_];
      multi_ = true;
      step(3);
      if (starts("\r\n"))
        step(2);
      else if (starts("\n"))
        step();
    } else if (starts("\"") || starts("'")) {
      quote_ = bytes_[at_];
      step();
    }
  }

  void skip(std::size_t offset) {
    while (offset > 0 && at_ < bytes_.size() && (multi_ || bytes_[at_] != '\n')) {
      const std::size_t made = one();
      offset -= made < offset ? made : offset;
    }
    while (over_line_continuation()) {
    }
  }

  location place(location at) const {
    at.line = at.end_line = line_;
    at.column = column_;
    at.end_column = column_ + 1;
    return at;
  }

 private:
  bool starts(std::string_view s) const { return bytes_.substr(at_).starts_with(s); }

  /// Over `count` characters of the source; gives the bytes of the last one.
  std::size_t step(std::size_t count = 1) {
    std::size_t size = 0;
    for (; count > 0 && at_ < bytes_.size(); --count) {
      char32_t c = 0;
      size = base::decode_utf8(bytes_.substr(at_), c);
      if (size == 0) size = 1;
      at_ += size;
      if (c == '\n')
        ++line_, column_ = 1;
      else
        ++column_;
    }
    return size;
  }

  /// A backslash at the end of a line swallows the white space behind it.
  bool over_line_continuation() {
    if (quote_ != '"' || !multi_ || !starts("\\") || at_ + 1 >= bytes_.size() || !is_space(bytes_[at_ + 1]))
      return false;
    for (step(); at_ < bytes_.size() && is_space(bytes_[at_]);) step();
    return true;
  }

  /// Over one character or escape; gives the bytes of the value that it stands for.
  std::size_t one() {
    if (over_line_continuation()) return 0;
    if (quote_ != '"' || bytes_[at_] != '\\' || at_ + 1 >= bytes_.size()) return step();
    const char escape = bytes_[at_ + 1];
    if (escape != 'u' && escape != 'U') return step(2), 1;
    const std::size_t digits = escape == 'u' ? 4 : 8;
    const unsigned long code = std::strtoul(std::string(bytes_.substr(at_ + 2, digits)).c_str(), nullptr, 16);
    step(2 + digits);
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
  char quote_ = 0;
  bool multi_ = false;
};

}  // namespace

location inside_string(const location& literal, std::size_t offset) {
  if (!literal.source || literal.line == 0) return literal;
  literal_walk walk(literal);
  walk.skip(offset);
  return walk.place(literal);
}

}  // namespace weir::config
