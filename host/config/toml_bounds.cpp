#include "config/toml_bounds.hpp"

#include "base/cat.hpp"

namespace weir::config {
namespace {

class scan {
 public:
  explicit scan(std::string_view text) : text_(text) {}

  std::optional<bound_passed> run() {
    std::uint32_t depth = 0, parts = 1, values = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      switch (c) {
        case '#':
          while (at_ < text_.size() && text_[at_] != '\n') step();
          continue;
        case '"':
        case '\'':
          if (!skip_string(c)) return std::nullopt;  // not closed: the parser stops here at the latest
          continue;
        case '[':
        case '{':
          if (++depth > max_depth) return passed(base::cat("lists and tables are nested deeper than ", max_depth));
          parts = 1;
          break;
        case ']':
        case '}':
          if (depth > 0) --depth;
          parts = 1;
          break;
        case '.':
          if (++parts > max_depth) return passed(base::cat("a key has more than ", max_depth, " parts"));
          break;
        case '=':
        case ',':
          if (++values > max_values) return passed(base::cat("there are more than ", max_values, " values"));
          parts = 1;
          break;
        case '\n':
          parts = 1;
          break;
        default:
          break;
      }
      step();
    }
    return std::nullopt;
  }

 private:
  void step() {
    const auto c = static_cast<unsigned char>(text_[at_++]);
    if (c == '\n')
      ++line_, column_ = 1;
    else if ((c & 0xC0) != 0x80)
      ++column_;
  }

  bound_passed passed(std::string what) const { return {line_, column_, std::move(what)}; }

  bool skip_string(char quote) {
    const bool multi = text_.substr(at_).starts_with(std::string(3, quote));
    for (int i = multi ? 3 : 1; i > 0; --i) step();
    int closing = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote) {
        step();
        if (!multi) return true;
        if (++closing < 3) continue;
        // Up to two more quotes belong to the content of a multi-line string.
        for (int extra = 0; extra < 2 && at_ < text_.size() && text_[at_] == quote; ++extra) step();
        return true;
      }
      closing = 0;
      if (c == '\n' && !multi) return false;
      if (c == '\\' && quote == '"') {
        step();
        if (at_ >= text_.size()) return false;
        if (text_[at_] == '\n' && !multi) return false;
      }
      step();
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1, column_ = 1;
};

}  // namespace

std::optional<bound_passed> check_bounds(std::string_view text) { return scan(text).run(); }

}  // namespace weir::config
