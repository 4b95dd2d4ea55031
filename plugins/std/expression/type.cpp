#include "type.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "weir/arrow.h"

namespace weir::expression {

namespace {

constexpr std::array<std::string_view, 21> names{
    "null",   "bool",    "int8",    "int16",   "int32", "int64",  "uint8",     "uint16", "uint32",   "uint64", "hugeint",
    "float32", "float64", "decimal", "utf8",   "binary", "timestamp", "date",   "interval", "list",   "struct"};

constexpr std::pair<std::string_view, kind> words[]{
    {"bool", kind::boolean},      {"boolean", kind::boolean},   {"tinyint", kind::int8},    {"int8", kind::int8},
    {"smallint", kind::int16},    {"int16", kind::int16},       {"int", kind::int32},       {"integer", kind::int32},
    {"int32", kind::int32},       {"bigint", kind::int64},      {"long", kind::int64},      {"int64", kind::int64},
    {"utinyint", kind::uint8},    {"uint8", kind::uint8},       {"usmallint", kind::uint16}, {"uint16", kind::uint16},
    {"uinteger", kind::uint32},   {"uint32", kind::uint32},     {"ubigint", kind::uint64},  {"uint64", kind::uint64},
    {"hugeint", kind::hugeint},   {"float", kind::float32},     {"real", kind::float32},    {"float32", kind::float32},
    {"double", kind::float64},    {"float64", kind::float64},   {"decimal", kind::decimal}, {"numeric", kind::decimal},
    {"text", kind::text},         {"varchar", kind::text},      {"string", kind::text},     {"utf8", kind::text},
    {"blob", kind::binary},       {"bytea", kind::binary},      {"binary", kind::binary},   {"varbinary", kind::binary},
    {"timestamp", kind::timestamp}, {"datetime", kind::timestamp}, {"date", kind::date},    {"interval", kind::interval}};

}  // namespace

std::string name(const type& t) {
  std::string out{names[static_cast<std::size_t>(t.is)]};
  if (t.is == kind::decimal) out += "(" + std::to_string(t.precision) + "," + std::to_string(t.scale) + ")";
  return out;
}

std::optional<kind> kind_named(std::string_view word) {
  for (const auto& [text, k] : words)
    if (text == word) return k;
  return std::nullopt;
}

std::optional<type> type_of(const ArrowSchema& schema) {
  const std::string_view f = schema.format ? schema.format : "";
  if (schema.dictionary) return std::nullopt;
  if (f.size() == 1) {
    switch (f[0]) {
      case 'b': return type{kind::boolean};
      case 'c': return type{kind::int8};
      case 's': return type{kind::int16};
      case 'i': return type{kind::int32};
      case 'l': return type{kind::int64};
      case 'C': return type{kind::uint8};
      case 'S': return type{kind::uint16};
      case 'I': return type{kind::uint32};
      case 'L': return type{kind::uint64};
      case 'f': return type{kind::float32};
      case 'g': return type{kind::float64};
      case 'u': return type{kind::text};
      case 'z': return type{kind::binary};
      default: return std::nullopt;
    }
  }
  if (f.starts_with("w:")) return type{kind::binary};
  if (f.starts_with("tsu:")) return type{kind::timestamp};
  if (f == "tdD") return type{kind::date};
  if (f.starts_with("d:")) {
    int precision = 0, scale = 0;
    const char* end = f.data() + f.size();
    auto first = std::from_chars(f.data() + 2, end, precision);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ',') return std::nullopt;
    auto second = std::from_chars(first.ptr + 1, end, scale);
    // A third part is the width in bits: only 128 is 16 bytes wide.
    if (second.ec != std::errc{} || (second.ptr != end && std::string_view(second.ptr, end) != ",128")) return std::nullopt;
    if (precision < 1 || precision > decimal_digits_max || scale < 0 || scale > precision) return std::nullopt;
    return type{kind::decimal, precision, scale};
  }
  if (f == "+l" || f == "+s") {
    type t{f == "+l" ? kind::list : kind::structure};
    t.shape = &schema;
    return t;
  }
  return std::nullopt;
}

std::string arrow_format(const type& t) {
  switch (t.is) {
    case kind::boolean: return "b";
    case kind::int8: return "c";
    case kind::int16: return "s";
    case kind::int32: return "i";
    case kind::int64: return "l";
    case kind::uint8: return "C";
    case kind::uint16: return "S";
    case kind::uint32: return "I";
    case kind::uint64: return "L";
    case kind::hugeint: return "d:38,0";
    case kind::float32: return "f";
    case kind::float64: return "g";
    case kind::decimal: return "d:" + std::to_string(t.precision) + "," + std::to_string(t.scale);
    case kind::text: return "u";
    case kind::binary: return "z";
    case kind::timestamp: return "tsu:UTC";
    case kind::date: return "tdD";
    default: return {};
  }
}

int digits_of(kind k) {
  switch (k) {
    case kind::int8:
    case kind::uint8: return 3;
    case kind::int16:
    case kind::uint16: return 5;
    case kind::int32:
    case kind::uint32: return 10;
    case kind::int64: return 19;
    case kind::uint64: return 20;
    default: return decimal_digits_max;
  }
}

type common_number(const type& a, const type& b) {
  if (a == b) return a;
  if (a.is == kind::float64 || b.is == kind::float64) return kind::float64;
  if (a.is == kind::float32 || b.is == kind::float32) return kind::float32;
  if (a.is == kind::decimal || b.is == kind::decimal) {
    auto digits = [](const type& t) { return t.is == kind::decimal ? t : type{kind::decimal, digits_of(t.is), 0}; };
    const type x = digits(a), y = digits(b);
    const int scale = std::max(x.scale, y.scale);
    const int whole = std::max(x.precision - x.scale, y.precision - y.scale);
    return {kind::decimal, std::min(whole + scale, decimal_digits_max), scale};
  }
  if (a.is == kind::hugeint || b.is == kind::hugeint) return kind::hugeint;
  if (is_signed(a.is) == is_signed(b.is)) return std::max(a.is, b.is);
  if (a.is == kind::uint64 || b.is == kind::uint64) return kind::hugeint;
  return kind::int64;
}

}  // namespace weir::expression
