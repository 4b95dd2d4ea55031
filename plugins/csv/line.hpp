#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace csv {

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
class line {
 public:
  /// False: `why` says what is wrong. Cells live until the next call.
  bool split(std::string_view text, const dialect& how, std::string& why);
  const std::vector<cell>& cells() const { return cells_; }

 private:
  std::vector<cell> cells_;
  std::string unquoted_;  // fields whose doubled quotes were undone; reserved before use, so that views into it stay
};

/// Appends a field, quoted when it has to be.
void append_cell(std::string& out, std::string_view text, const dialect& how);

}  // namespace csv
