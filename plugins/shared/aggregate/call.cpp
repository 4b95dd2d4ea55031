#include "shared/aggregate/call.hpp"

#include <cctype>
#include <charconv>
#include <cmath>

#include "weir/failure.hpp"

namespace weir::aggregate {

namespace {

class reader {
 public:
  explicit reader(std::string_view text) : text_{text} {}

  call read() {
    call out;
    out.function = word("the name of an aggregate such as count, sum, max");
    for (char& c : out.function) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!take('(')) fail("`(` should follow the aggregate's name");
    if (!take('*')) {
      while (!peek(')')) {
        if (out.function == "percentile" && !out.arguments.empty()) {
          out.numbers.push_back(number());
          if (!take(',')) break;
          continue;
        }
        std::string name = word("a column's name");
        if (out.arguments.empty() && !out.distinct && same(name, "distinct") && !peek(')') && !peek(',')) {
          out.distinct = true;
          continue;
        }
        out.arguments.push_back(std::move(name));
        if (!take(',')) break;
      }
    }
    if (!take(')')) fail("`)` should end the arguments");
    skip();
    if (at_ == text_.size()) fail("the output column needs a name: add AS name");
    if (!same(word("AS"), "as")) fail("AS should follow: \"sum(price) AS total\"");
    out.name = word("the output column's name");
    skip();
    if (at_ != text_.size()) fail("this is too much: one aggregate a text");
    return out;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool peek(char c) {
    skip();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool take(char c) { return peek(c) ? (++at_, true) : false; }
  static bool same(std::string_view a, std::string_view lower) {
    if (a.size() != lower.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (std::tolower(static_cast<unsigned char>(a[i])) != lower[i]) return false;
    return true;
  }
  double number() {
    skip();
    double out = 0;
    const auto [end, problem] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out);
    if (problem != std::errc{} || !std::isfinite(out)) fail("a number such as 0.99 should stand here");
    at_ = static_cast<std::size_t>(end - text_.data());
    return out;
  }
  std::string word(std::string_view what) {
    skip();
    std::string out;
    if (peek('"')) {  // a quoted name
      for (++at_; at_ < text_.size(); ++at_) {
        if (text_[at_] == '"') {
          if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
            ++at_;
            return out;
          }
          ++at_;
        }
        out += text_[at_];
      }
      fail("the quoted name does not end");
    }
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
      out += text_[at_++];
    if (out.empty()) fail(std::string{what} + " should stand here");
    return out;
  }
  [[noreturn]] void fail(std::string why) const {
    throw weir::config_error{"", std::move(why), static_cast<std::int64_t>(at_)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

call parse(std::string_view text) { return reader{text}.read(); }

}  // namespace weir::aggregate
