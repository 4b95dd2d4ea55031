#pragma once
// Types as a pipeline writes them in a format's `columns`: "int64", "string?", "decimal(18,2)", "list<string>",
// "struct<name: string, age: int32?>". A `?` behind a type: the column may be null. Control path.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/failure.hpp"
#include "weir/schema.hpp"

namespace weir::shared {

class type_text {
 public:
  /// A field of this name. Throws weir::config_error about `option`, at the place in the text that is wrong.
  static weir::field parse(std::string name, std::string_view text, const std::string& option) {
    type_text p{text, option};
    weir::field f = p.type(0);
    p.skip();
    if (p.at_ != text.size()) p.wrong("is not expected behind the type");
    f.name = std::move(name);
    return f;
  }

 private:
  static constexpr int deepest = 16;

  type_text(std::string_view text, const std::string& option) : text_(text), option_(option) {}

  [[noreturn]] void wrong(const std::string& why) const {
    const auto rest = text_.substr(std::min(at_, text_.size()));
    const std::string what =
        rest.empty() ? "the type ends too early: " + why : "'" + std::string{rest.substr(0, 20)} + "' " + why;
    throw weir::config_error{option_, what, static_cast<std::int64_t>(std::min(at_, text_.size()))};
  }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) wrong(std::string{"'"} + c + "' is expected here");
  }
  std::string word() {
    skip();
    const auto begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) ++at_;
    if (begin == at_) wrong("a name is expected here");
    return std::string{text_.substr(begin, at_ - begin)};
  }
  std::int32_t number(std::int32_t low, std::int32_t high) {
    skip();
    std::int32_t n = -1;
    const auto [end, bad] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), n);
    if (bad != std::errc{} || n < low || n > high)
      wrong("a number from " + std::to_string(low) + " to " + std::to_string(high) + " is expected here");
    at_ = static_cast<std::size_t>(end - text_.data());
    return n;
  }
  weir::field type(int depth) {
    if (depth > deepest) wrong("is nested too deep");
    skip();
    const auto begin = at_;
    std::string name = word();
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    weir::field f;
    f.nullable = false;
    if (const auto* known = plain(name)) {
      f.kind = *known;
    } else if (name == "decimal" || name == "decimal128" || name == "numeric") {
      f.kind = weir::type::decimal128;
      need('(');
      f.precision = number(1, 38);
      f.scale = take(',') ? number(0, f.precision) : 0;
      need(')');
    } else if (name == "fixed_binary") {
      f.kind = weir::type::fixed_binary;
      need('(');
      f.width = number(1, 1 << 20);
      need(')');
    } else if (name == "list" || name == "array") {
      f.kind = weir::type::list;
      need('<');
      f.children.push_back(type(depth + 1));
      f.children[0].name = "item";
      need('>');
    } else if (name == "struct" || name == "record" || name == "row") {
      f.kind = weir::type::record;
      need('<');
      do {
        std::string member = word();
        need(':');
        f.children.push_back(type(depth + 1));
        f.children.back().name = std::move(member);
      } while (take(','));
      need('>');
    } else {
      at_ = begin;
      wrong(
          "is not a type; there are bool, int8..int64, uint8..uint64, float, double, string, binary, timestamp, date, "
          "decimal(p,s), fixed_binary(n), list<T>, struct<name: T, ...>");
    }
    f.nullable = take('?');
    return f;
  }
  static const weir::type* plain(std::string_view name) {
    using weir::type;
    static constexpr std::pair<std::string_view, type> known[] = {
        {"bool", type::boolean},        {"boolean", type::boolean}, {"int8", type::int8},
        {"int16", type::int16},         {"int32", type::int32},     {"int64", type::int64},
        {"int", type::int32},           {"integer", type::int32},   {"bigint", type::int64},
        {"long", type::int64},          {"smallint", type::int16},  {"tinyint", type::int8},
        {"uint8", type::uint8},         {"uint16", type::uint16},   {"uint32", type::uint32},
        {"uint64", type::uint64},       {"float32", type::float32}, {"float", type::float32},
        {"real", type::float32},        {"float64", type::float64}, {"double", type::float64},
        {"string", type::utf8},         {"utf8", type::utf8},       {"text", type::utf8},
        {"varchar", type::utf8},        {"binary", type::binary},   {"bytes", type::binary},
        {"timestamp", type::timestamp}, {"date", type::date32}};
    for (const auto& [word, kind] : known)
      if (word == name) return &kind;
    return nullptr;
  }

  std::string_view text_;
  const std::string& option_;
  std::size_t at_ = 0;
};

}  // namespace weir::shared
