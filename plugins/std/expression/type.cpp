#include "type.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "weir/schema.hpp"

namespace weir::expression {

namespace {

constexpr std::array<std::string_view, 21> names{
    "null",    "bool",    "int8",    "int16", "int32",  "int64",     "uint8", "uint16",   "uint32", "uint64", "hugeint",
    "float32", "float64", "decimal", "utf8",  "binary", "timestamp", "date",  "interval", "list",   "record"};

constexpr std::pair<std::string_view, kind> words[]{
    {"bool", kind::boolean},        {"boolean", kind::boolean},    {"tinyint", kind::int8},
    {"int8", kind::int8},           {"smallint", kind::int16},     {"int16", kind::int16},
    {"int", kind::int32},           {"integer", kind::int32},      {"int32", kind::int32},
    {"bigint", kind::int64},        {"long", kind::int64},         {"int64", kind::int64},
    {"utinyint", kind::uint8},      {"uint8", kind::uint8},        {"usmallint", kind::uint16},
    {"uint16", kind::uint16},       {"uinteger", kind::uint32},    {"uint32", kind::uint32},
    {"ubigint", kind::uint64},      {"uint64", kind::uint64},      {"hugeint", kind::hugeint},
    {"float", kind::float32},       {"real", kind::float32},       {"float32", kind::float32},
    {"double", kind::float64},      {"float64", kind::float64},    {"decimal", kind::decimal},
    {"numeric", kind::decimal},     {"text", kind::text},          {"varchar", kind::text},
    {"string", kind::text},         {"utf8", kind::text},          {"blob", kind::binary},
    {"bytea", kind::binary},        {"binary", kind::binary},      {"varbinary", kind::binary},
    {"timestamp", kind::timestamp}, {"datetime", kind::timestamp}, {"date", kind::date},
    {"interval", kind::interval}};

}  // namespace

std::string name(const type& t) {
  std::string out{names[static_cast<std::size_t>(t.is)]};
  if (t.is == kind::decimal) {
    out += '(';
    out += std::to_string(t.precision);
    out += ',';
    out += std::to_string(t.scale);
    out += ')';
  }
  return out;
}

std::optional<kind> kind_named(std::string_view word) {
  for (const auto& [text, k] : words)
    if (text == word) return k;
  return std::nullopt;
}

type type_of(const field& f) {
  switch (f.kind) {
    case weir::type::boolean:
      return kind::boolean;
    case weir::type::int8:
      return kind::int8;
    case weir::type::int16:
      return kind::int16;
    case weir::type::int32:
      return kind::int32;
    case weir::type::int64:
      return kind::int64;
    case weir::type::uint8:
      return kind::uint8;
    case weir::type::uint16:
      return kind::uint16;
    case weir::type::uint32:
      return kind::uint32;
    case weir::type::uint64:
      return kind::uint64;
    case weir::type::float32:
      return kind::float32;
    case weir::type::float64:
      return kind::float64;
    case weir::type::utf8:
      return kind::text;
    case weir::type::binary:
    case weir::type::fixed_binary:
      return kind::binary;
    case weir::type::timestamp:
      return kind::timestamp;
    case weir::type::date32:
      return kind::date;
    case weir::type::decimal128:
      return {kind::decimal, f.precision, f.scale};
    case weir::type::list:
    case weir::type::record:
      break;
  }
  type t{f.kind == weir::type::list ? kind::list : kind::record};
  t.shape = &f;
  return t;
}

field field_of(const type& t, std::string name) {
  static constexpr weir::type kinds[]{
      weir::type::boolean,    weir::type::boolean,   weir::type::int8,    weir::type::int16,      weir::type::int32,
      weir::type::int64,      weir::type::uint8,     weir::type::uint16,  weir::type::uint32,     weir::type::uint64,
      weir::type::decimal128, weir::type::float32,   weir::type::float64, weir::type::decimal128, weir::type::utf8,
      weir::type::binary,     weir::type::timestamp, weir::type::date32};
  field f;
  f.name = std::move(name);
  f.kind = kinds[static_cast<std::size_t>(t.is)];
  if (t.is == kind::decimal) f.precision = t.precision, f.scale = t.scale;
  if (t.is == kind::hugeint) f.precision = decimal_digits_max;
  return f;
}

int digits_of(kind k) {
  switch (k) {
    case kind::int8:
    case kind::uint8:
      return 3;
    case kind::int16:
    case kind::uint16:
      return 5;
    case kind::int32:
    case kind::uint32:
      return 10;
    case kind::int64:
      return 19;
    case kind::uint64:
      return 20;
    default:
      return decimal_digits_max;
  }
}

type common_number(const type& a, const type& b) {
  if (a == b) return a;
  if (a.is == kind::float64 || b.is == kind::float64) return kind::float64;
  if (a.is == kind::float32 || b.is == kind::float32) return kind::float32;
  if (a.is == kind::decimal || b.is == kind::decimal) {
    // Most 128-bit integers fit between the point and the digits that the other side needs behind it; one that does not
    // is an error.
    if (a.is == kind::hugeint || b.is == kind::hugeint)
      return {kind::decimal, decimal_digits_max, std::max(a.scale, b.scale)};
    auto digits = [](const type& t) { return t.is == kind::decimal ? t : type{kind::decimal, digits_of(t.is), 0}; };
    const type x = digits(a), y = digits(b);
    const int scale = std::max(x.scale, y.scale);
    const int whole = std::max(x.precision - x.scale, y.precision - y.scale);
    // Too many digits: those behind the point give way.
    if (whole + scale > decimal_digits_max) return {kind::decimal, decimal_digits_max, decimal_digits_max - whole};
    return {kind::decimal, whole + scale, scale};
  }
  if (a.is == kind::hugeint || b.is == kind::hugeint) return kind::hugeint;
  if (is_signed(a.is) == is_signed(b.is)) return std::max(a.is, b.is);
  const kind with_sign = is_signed(a.is) ? a.is : b.is, without = is_signed(a.is) ? b.is : a.is;
  if (without == kind::uint64) return kind::hugeint;
  const kind holds_both = without == kind::uint8 ? kind::int16 : without == kind::uint16 ? kind::int32 : kind::int64;
  return std::max(with_sign, holds_both);
}

}  // namespace weir::expression
