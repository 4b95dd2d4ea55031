// The text form of types, fields and schemas.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "model/type.hpp"

namespace weir::model {

using base::cat;
using base::result;

namespace {

struct named {
  std::string_view name;
  type_id id;
};
// The first name of an id is the one that is printed.
constexpr std::array<named, 53> names{{
    {"bool", type_id::boolean},
    {"int8", type_id::int8},
    {"int16", type_id::int16},
    {"int32", type_id::int32},
    {"int64", type_id::int64},
    {"uint8", type_id::uint8},
    {"uint16", type_id::uint16},
    {"uint32", type_id::uint32},
    {"uint64", type_id::uint64},
    {"float32", type_id::float32},
    {"float64", type_id::float64},
    {"utf8", type_id::utf8},
    {"binary", type_id::binary},
    {"fixed_binary", type_id::fixed_binary},
    {"timestamp", type_id::timestamp},
    {"date", type_id::date},
    {"decimal128", type_id::decimal128},
    {"list", type_id::list},
    {"struct", type_id::structure},
    {"boolean", type_id::boolean},
    {"tinyint", type_id::int8},
    {"byte", type_id::int8},
    {"smallint", type_id::int16},
    {"short", type_id::int16},
    {"int", type_id::int32},
    {"integer", type_id::int32},
    {"bigint", type_id::int64},
    {"long", type_id::int64},
    {"ubyte", type_id::uint8},
    {"ushort", type_id::uint16},
    {"uint", type_id::uint32},
    {"ulong", type_id::uint64},
    {"ubigint", type_id::uint64},
    {"float", type_id::float32},
    {"real", type_id::float32},
    {"double", type_id::float64},
    {"string", type_id::utf8},
    {"text", type_id::utf8},
    {"varchar", type_id::utf8},
    {"bytes", type_id::binary},
    {"blob", type_id::binary},
    {"varbinary", type_id::binary},
    {"fixed", type_id::fixed_binary},
    {"fixed_size_binary", type_id::fixed_binary},
    {"datetime", type_id::timestamp},
    {"timestamp_us", type_id::timestamp},
    {"timestamptz", type_id::timestamp},
    {"date32", type_id::date},
    {"decimal", type_id::decimal128},
    {"numeric", type_id::decimal128},
    {"array", type_id::list},
    {"row", type_id::structure},
    {"record", type_id::structure},
}};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool is_name(char c) { return is_word(c) || c == '.' || c == '-'; }
bool is_plain_name(std::string_view text) {
  return !text.empty() && is_word(text[0]) && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), is_name);
}

/// Recursive descent over one text; depth is bounded.
class parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  result<type_and_null> type(int depth) {
    if (depth > type_depth_max) return fail(cat("types are nested deeper than ", type_depth_max, " levels"));
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    std::string word(text_.substr(begin, at_ - begin));
    for (char& c : word)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (word.empty()) return fail("a type is missing: write for example \"int64\" or \"list<string>\"");
    const auto* hit = std::find_if(names.begin(), names.end(), [&](const named& n) { return n.name == word; });
    if (hit == names.end()) {
      at_ = begin;
      std::vector<std::string> known;
      for (const named& n : names) known.emplace_back(n.name);
      return fail(cat("there is no type ", base::quoted(word), base::did_you_mean(word, known)));
    }
    type_and_null out{.type = data_type(hit->id), .nullable = false};
    switch (hit->id) {
      case type_id::binary:
        if (peek() == '(') {
          out.type.id = type_id::fixed_binary;
          WEIR_TRY(numbers(&out.type.width, nullptr));
        }
        break;
      case type_id::fixed_binary:
        WEIR_TRY(numbers(&out.type.width, nullptr));
        break;
      case type_id::decimal128:
        WEIR_TRY(numbers(&out.type.precision, &out.type.scale));
        break;
      case type_id::timestamp:
        WEIR_TRY(timestamp_unit());
        break;
      case type_id::list: {
        WEIR_TRY(expect('<'));
        type_and_null element = WEIR_TRY(type(depth + 1));
        WEIR_TRY(expect('>'));
        out.type = data_type::list_of(std::move(element.type), element.nullable);
        break;
      }
      case type_id::structure: {
        WEIR_TRY(expect('<'));
        out.type.children = WEIR_TRY(fields('>', depth + 1));
        WEIR_TRY(expect('>'));
        break;
      }
      default:
        break;
    }
    if (peek() == '?') {
      ++at_;
      out.nullable = true;
    }
    return out;
  }

  /// name: type, ... up to `end` (which stays) or the end of the text.
  result<std::vector<field>> fields(char end, int depth) {
    std::vector<field> all;
    if (peek() == end || done()) return all;
    for (;;) {
      field f;
      f.name = WEIR_TRY(name());
      WEIR_TRY(expect(':'));
      type_and_null t = WEIR_TRY(type(depth));
      f.type = std::move(t.type);
      f.nullable = t.nullable;
      all.push_back(std::move(f));
      if (all.size() > schema_fields_max) return fail("too many columns");
      if (peek() != ',') return all;
      ++at_;
    }
  }

  bool done() {
    skip();
    return at_ >= text_.size();
  }
  result<void> end() {
    if (!done()) return fail(cat("what does ", base::quoted(text_.substr(at_), 20), " mean here"));
    return {};
  }

 private:
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  result<void> expect(char c) {
    if (peek() != c) return fail(cat("a '", c, "' is missing"));
    ++at_;
    return {};
  }
  base::error fail(std::string why) const {
    return base::config_error(cat(std::move(why), " (at character ", at_ + 1, " of ", base::quoted(text_), ")"));
  }
  result<std::string> name() {
    skip();
    std::string out;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        out += text_[at_];
      }
      if (at_ >= text_.size()) return fail("a '\"' is missing");
      ++at_;
      return out;
    }
    while (at_ < text_.size() && is_name(text_[at_])) out += text_[at_++];
    if (out.empty()) return fail("a name is missing");
    return out;
  }
  result<std::int32_t> number() {
    skip();
    std::int32_t n = 0;
    const char* begin = text_.data() + at_;
    const auto [end, ec] = std::from_chars(begin, text_.data() + text_.size(), n);
    if (ec != std::errc() || end == begin) return fail("a number is missing");
    at_ += static_cast<std::size_t>(end - begin);
    return n;
  }
  result<void> numbers(std::int32_t* first, std::int32_t* second) {
    WEIR_TRY(expect('('));
    *first = WEIR_TRY(number());
    if (second && peek() == ',') {
      ++at_;
      *second = WEIR_TRY(number());
    }
    return expect(')');
  }
  /// "(us)", "(us, UTC)" or "(6)" or nothing.
  result<void> timestamp_unit() {
    if (peek() != '(') return {};
    const std::size_t close = text_.find(')', at_);
    if (close == std::string_view::npos) return fail("a ')' is missing");
    std::string inside;
    for (const char c : text_.substr(at_ + 1, close - at_ - 1))
      if (!is_space(c)) inside += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (inside != "us" && inside != "us,utc" && inside != "6")
      return fail("timestamps are microseconds in UTC: write \"timestamp\"");
    at_ = close + 1;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void put_field(std::string& out, const field& f);

void put_type(std::string& out, const data_type& t) {
  for (const named& n : names) {
    if (n.id != t.id) continue;
    out += n.name;
    break;
  }
  switch (t.id) {
    case type_id::fixed_binary:
      out += cat("(", t.width, ")");
      break;
    case type_id::decimal128:
      out += cat("(", t.precision, ",", t.scale, ")");
      break;
    case type_id::list:
      out += '<';
      if (!t.children.empty()) {
        put_type(out, t.children[0].type);
        if (t.children[0].nullable) out += '?';
      }
      out += '>';
      break;
    case type_id::structure: {
      out += '<';
      bool first = true;
      for (const field& f : t.children) {
        if (!first) out += ", ";
        first = false;
        put_field(out, f);
      }
      out += '>';
      break;
    }
    default:
      break;
  }
}

void put_field(std::string& out, const field& f) {
  if (is_plain_name(f.name)) {
    out += f.name;
  } else {
    out += '"';
    for (const char c : f.name) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  out += ": ";
  put_type(out, f.type);
  if (f.nullable) out += '?';
}

}  // namespace

std::string data_type::text() const {
  std::string out;
  put_type(out, *this);
  return out;
}

std::string field::text() const {
  std::string out;
  put_field(out, *this);
  return out;
}

std::string schema::text() const {
  std::string out;
  for (const field& f : fields_) {
    if (!out.empty()) out += ", ";
    put_field(out, f);
  }
  return out;
}

result<type_and_null> parse_type(std::string_view text) {
  parser p(text);
  type_and_null t = WEIR_TRY(p.type(0));
  WEIR_TRY(p.end());
  WEIR_TRY(schema::make({{.name = "type", .type = t.type, .nullable = t.nullable, .metadata = {}}}));
  return t;
}

result<field> parse_field(std::string_view name, std::string_view type_text) {
  auto t = parse_type(type_text);
  if (!t) return std::move(t).why().in(cat("column ", base::quoted(name)));
  return field{.name = std::string(name), .type = std::move(t->type), .nullable = t->nullable, .metadata = {}};
}

result<schema_ref> parse_schema(std::string_view text) {
  parser p(text);
  std::vector<field> fields = WEIR_TRY(p.fields('\0', 0));
  WEIR_TRY(p.end());
  return schema::make(std::move(fields));
}

}  // namespace weir::model
