#pragma once
// One line of delimited text (RFC 4180), read and written.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::shared {

struct dialect {
  char delimiter = ',';
  char quote = '"';
  std::string null_text;  // an unquoted field that is this is null
};

struct cell {
  std::string_view text;
  bool quoted = false;
};

/// Splits one line as RFC 4180 says: quoted fields may hold delimiters and doubled quotes. Keeps its buffers.
class delimited_line {
 public:
  /// False: `why` says what is wrong. Cells live until the next call.
  bool split(std::string_view text, const dialect& how, std::string& why);
  const std::vector<cell>& cells() const { return cells_; }

 private:
  std::vector<cell> cells_;
  std::string unquoted_;  // fields whose doubled quotes were undone; reserved before use, so that views into it stay
};

inline bool delimited_line::split(std::string_view text, const dialect& how, std::string& why) {
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

/// Appends a field, quoted when it has to be.
inline void append_cell(std::string& out, std::string_view text, const dialect& how) {
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

}  // namespace weir::shared
