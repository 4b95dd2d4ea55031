#include "lexer.hpp"

#include <array>

#include "character.hpp"
#include "mistake.hpp"

namespace weir::expression {

namespace {

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80); }
bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '$'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Longest first.
constexpr std::array<std::string_view, 26> symbols{"::", "<=", ">=", "<>", "!=", "==", "||", "//", "**",
                                                   "+",  "-",  "*",  "/",  "%",  "^",  "=",  "<",  ">",
                                                   "(",  ")",  "[",  "]",  ",",  ".",  ":",  ";"};

class lexer {
 public:
  explicit lexer(std::string_view text) : text_{text} {}

  std::vector<token> run() {
    std::vector<token> out;
    for (;;) {
      skip();
      token t = next();
      const bool last = t.is == token_kind::end;
      out.push_back(std::move(t));
      if (last) return out;
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip() {
    for (;;) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (peek() == '-' && peek(1) == '-') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        continue;
      }
      return;
    }
  }

  token begin(token_kind is) const {
    token t;
    t.is = is;
    t.at = static_cast<std::uint32_t>(at_);
    return t;
  }

  token next() {
    if (at_ >= text_.size()) {
      token t = begin(token_kind::end);
      t.end = t.at;
      return t;
    }
    const char c = text_[at_];
    token t = begins_name(c)                                   ? word()
              : is_digit(c) || (c == '.' && is_digit(peek(1))) ? number()
              : c == '\''                                      ? quoted(token_kind::text)
              : c == '"'                                       ? quoted(token_kind::quoted_name)
                                                               : symbol();
    t.end = static_cast<std::uint32_t>(at_);
    return t;
  }

  token word() {
    token t = begin(token_kind::word);
    while (at_ < text_.size() && continues_name(text_[at_])) t.text += text_[at_++];
    for (char c : t.text) t.lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return t;
  }

  void digits(std::string& out) {
    while (is_digit(peek()) || (peek() == '_' && is_digit(peek(1)) && !out.empty())) {
      if (peek() != '_') out += peek();
      ++at_;
    }
  }

  token number() {
    token t = begin(token_kind::integer);
    digits(t.text);
    if (peek() == '.' && !begins_name(peek(1))) {
      t.is = token_kind::decimal;
      t.text += '.';
      ++at_;
      digits(t.text);
    }
    if ((peek() == 'e' || peek() == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && is_digit(peek(2))))) {
      t.is = token_kind::real;
      t.text += 'e';
      ++at_;
      if (!is_digit(peek())) t.text += text_[at_++];
      digits(t.text);
    }
    if (begins_name(peek()))
      throw mistake{static_cast<std::int64_t>(at_),
                    "a number ends here, but a letter follows: put a space or an operator between them"};
    return t;
  }

  token quoted(token_kind is) {
    token t = begin(is);
    const char quote = text_[at_++];
    for (;;) {
      if (at_ >= text_.size())
        throw mistake{t.at, std::string{is == token_kind::text ? "this text is" : "this quoted name is"} +
                                " not closed: " + quote + " is missing at its end"};
      if (text_[at_] == quote) {
        if (peek(1) != quote) break;
        ++at_;
      }
      t.text += text_[at_++];
    }
    ++at_;
    if (is == token_kind::quoted_name && t.text.empty()) throw mistake{t.at, "a quoted name must not be empty"};
    return t;
  }

  token symbol() {
    for (std::string_view s : symbols) {
      if (text_.substr(at_, s.size()) != s) continue;
      token t = begin(token_kind::symbol);
      t.text = s;
      at_ += s.size();
      return t;
    }
    const auto byte = static_cast<unsigned char>(text_[at_]);
    std::string shown =
        byte >= 0x20 && byte < 0x7f ? std::string{"'"} + text_[at_] + "'" : "byte " + std::to_string(byte);
    throw mistake{static_cast<std::int64_t>(at_), "unexpected " + shown + " in an expression"};
  }

  std::string_view text_;
  std::size_t at_{0};
};

}  // namespace

std::vector<token> tokens_of(std::string_view text) { return lexer{text}.run(); }

}  // namespace weir::expression
