#include "model/row_json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/timestamp.hpp"
#include "model/bits.hpp"
#include "model/utf8.hpp"

namespace weir::model {
namespace {

template <class T>
void put_number(std::string& out, T v) {
  char text[48];
  out.append(text, std::to_chars(text, text + sizeof text, v).ptr);
}

template <class T>
void put_real(std::string& out, T v) {
  if (std::isfinite(v)) return put_number(out, v);
  out += std::isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

void put_base64(std::string& out, const void* from, std::size_t n) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* p = static_cast<const unsigned char*>(from);
  out += '"';
  for (; n >= 3; n -= 3, p += 3) {
    const unsigned v = p[0] << 16 | p[1] << 8 | p[2];
    const char four[] = {digits[v >> 18], digits[v >> 12 & 63], digits[v >> 6 & 63], digits[v & 63]};
    out.append(four, 4);
  }
  if (n > 0) {
    const unsigned v = p[0] << 16 | (n == 2 ? p[1] << 8 : 0);
    const char four[] = {digits[v >> 18], digits[v >> 12 & 63], n == 2 ? digits[v >> 6 & 63] : '=', '='};
    out.append(four, 4);
  }
  out += '"';
}

void put_timestamp(std::string& out, std::int64_t us) {
  if (us < base::min_timestamp_us || us > base::max_timestamp_us)
    return put_number(out, us);  // no calendar year for it
  char text[base::timestamp_chars + 2];
  text[0] = '"';
  base::print_timestamp_us(us, text + 1);
  text[base::timestamp_chars + 1] = '"';
  out.append(text, sizeof text);
}

void put_date(std::string& out, std::int32_t days) {
  constexpr std::int64_t us_per_day = 86'400'000'000;
  if (days < base::min_timestamp_us / us_per_day || days > base::max_timestamp_us / us_per_day)
    return put_number(out, days);  // no calendar year for it
  char text[base::timestamp_chars];
  base::print_timestamp_us(days * us_per_day, text);
  out += '"';
  out.append(text, 10);
  out += '"';
}

/// Characters that stand for themselves inside a JSON text.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> t{};
  for (int c = 0x20; c < 0x7f; ++c) t[c] = c != '"' && c != '\\';
  return t;
}();

void put_escaped(std::string& out, unsigned char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    default:
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t n = 0;
    while (n < text.size() && plain[static_cast<unsigned char>(text[n])]) ++n;
    out.append(text.data(), n);
    text.remove_prefix(n);
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text[0]);
    if (c < 0x80) {
      put_escaped(out, c);
      text.remove_prefix(1);
      continue;
    }
    n = utf8_character(text);
    if (n > 0) {
      out.append(text.data(), n);
    } else {
      out += "\xef\xbf\xbd";
      n = 1;
    }
    text.remove_prefix(n);
  }
  out += '"';
}

void append_decimal(std::string& out, const void* from, int scale) {
  __int128 v;
  std::memcpy(&v, from, sizeof v);
  auto size = v < 0 ? -static_cast<unsigned __int128>(v) : static_cast<unsigned __int128>(v);
  char text[64];
  char* const end = text + sizeof text;
  char* p = end;
  for (int digits = 0; size != 0 || digits <= scale; ++digits) {
    if (digits == scale && scale > 0) *--p = '.';
    *--p = static_cast<char>('0' + static_cast<int>(size % 10));
    size /= 10;
  }
  if (v < 0) *--p = '-';
  out.append(p, end);
}

void append_json_value(std::string& out, const data_type& type, const column& c, std::int64_t row) {
  if (c.null_count() > 0 && !bit_at(c.validity(), row)) {
    out += "null";
    return;
  }
  switch (type.id) {
    case type_id::boolean:
      out += bit_at(c.values<std::uint8_t>(), row) ? "true" : "false";
      break;
    case type_id::int8:
      put_number(out, static_cast<int>(c.values<std::int8_t>()[row]));
      break;
    case type_id::int16:
      put_number(out, c.values<std::int16_t>()[row]);
      break;
    case type_id::int32:
      put_number(out, c.values<std::int32_t>()[row]);
      break;
    case type_id::int64:
      put_number(out, c.values<std::int64_t>()[row]);
      break;
    case type_id::uint8:
      put_number(out, static_cast<unsigned>(c.values<std::uint8_t>()[row]));
      break;
    case type_id::uint16:
      put_number(out, c.values<std::uint16_t>()[row]);
      break;
    case type_id::uint32:
      put_number(out, c.values<std::uint32_t>()[row]);
      break;
    case type_id::uint64:
      put_number(out, c.values<std::uint64_t>()[row]);
      break;
    case type_id::float32:
      put_real(out, c.values<float>()[row]);
      break;
    case type_id::float64:
      put_real(out, c.values<double>()[row]);
      break;
    case type_id::timestamp:
      put_timestamp(out, c.values<std::int64_t>()[row]);
      break;
    case type_id::date:
      put_date(out, c.values<std::int32_t>()[row]);
      break;
    case type_id::decimal128:
      append_decimal(out, c.values<char>() + row * 16, type.scale);
      break;
    case type_id::fixed_binary:
      put_base64(out, c.values<char>() + row * type.width, static_cast<std::size_t>(type.width));
      break;
    case type_id::utf8:
    case type_id::binary: {
      const auto* at = c.values<std::int32_t>() + row;
      const std::string_view text(c.data() + at[0], static_cast<std::size_t>(at[1] - at[0]));
      if (type.id == type_id::utf8) {
        append_json_string(out, text);
      } else {
        put_base64(out, text.data(), text.size());
      }
      break;
    }
    case type_id::list: {
      const auto* at = c.values<std::int32_t>() + row;
      out += '[';
      for (std::int32_t i = at[0]; i < at[1]; ++i) {
        if (i > at[0]) out += ',';
        append_json_value(out, type.children[0].type, c.child(0), i);
      }
      out += ']';
      break;
    }
    case type_id::structure:
      out += '{';
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, type.children[i].name);
        out += ':';
        append_json_value(out, type.children[i].type, c.child(i), row);
      }
      out += '}';
      break;
  }
}

row_json::row_json(schema_ref schema) : schema_(std::move(schema)) {
  for (const field& f : schema_->fields()) {
    std::string name;
    append_json_string(name, f.name);
    names_.push_back(name + ":");
  }
}

void row_json::append(std::string& out, const batch& from, std::uint32_t row) const {
  out += '{';
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (i > 0) out += ',';
    out += names_[i];
    append_json_value(out, (*schema_)[i].type, from.column_at(i), row);
  }
  out += '}';
}

}  // namespace weir::model
