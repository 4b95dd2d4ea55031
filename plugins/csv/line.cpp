#include "line.hpp"

#include <algorithm>

namespace csv {

bool line::split(std::string_view text, const dialect& how, std::string& why) {
  cells_.clear();
  unquoted_.clear();
  unquoted_.reserve(text.size());
  std::size_t at = 0;
  for (;;) {
    if (at < text.size() && text[at] == how.quote) {
      const std::size_t begin = ++at;
      bool doubled = false;
      for (;; ++at) {
        at = text.find(how.quote, at);
        if (at == std::string_view::npos) {
          why = "the quote at byte " + std::to_string(begin - 1) + " is not closed on its line";
          return false;
        }
        if (at + 1 >= text.size() || text[at + 1] != how.quote) break;
        doubled = true;
        ++at;
      }
      std::string_view field = text.substr(begin, at - begin);
      ++at;
      if (at < text.size() && text[at] != how.delimiter) {
        why = "a delimiter is expected behind the quote at byte " + std::to_string(at - 1);
        return false;
      }
      if (doubled) {
        const std::size_t start = unquoted_.size();
        for (std::size_t i = 0; i < field.size(); ++i) {
          unquoted_ += field[i];
          if (field[i] == how.quote) ++i;
        }
        field = std::string_view{unquoted_}.substr(start);
      }
      cells_.push_back({field, true});
    } else {
      const std::size_t end = std::min(text.find(how.delimiter, at), text.size());
      cells_.push_back({text.substr(at, end - at), false});
      at = end;
    }
    if (at >= text.size()) return true;
    ++at;  // the delimiter; behind the last one is one more, empty field
  }
}

void append_cell(std::string& out, std::string_view text, const dialect& how) {
  const char special[] = {how.delimiter, how.quote, '\n', '\r', 0};
  if (text.find_first_of(special) == std::string_view::npos && (text != how.null_text)) {
    out += text;
    return;
  }
  out += how.quote;
  for (const char c : text) {
    out += c;
    if (c == how.quote) out += c;
  }
  out += how.quote;
}

}  // namespace csv
