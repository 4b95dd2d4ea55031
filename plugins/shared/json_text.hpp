#pragma once
// Values as JSON text: numbers in their shortest form, times as RFC 3339, binary as base64, what JSON has no number for as text.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base64.hpp"
#include "shared/decimal_text.hpp"
#include "shared/time_text.hpp"
#include "shared/utf8.hpp"
#include "weir/batch.hpp"

namespace weir::shared {
namespace json_text_detail {

template <class T>
void append_number(std::string& out, T v) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, v).ptr;
  out.append(text, end);
}

template <class T>
void append_real(std::string& out, T v) {
  // JSON has no number for these.
  if (std::isfinite(v))
    append_number(out, v);
  else
    out += std::isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

inline void append_quoted_bytes(std::string& out, std::string_view bytes) {
  out += '"';
  encode_base64(bytes, out);
  out += '"';
}

}  // namespace json_text_detail

/// Text in double quotes; control characters, quotes and backslashes escaped, bytes that are not UTF-8 as U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // the first byte that is not copied yet
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    if (const std::size_t size = c >= 0x80 ? utf8_size(text, i) : 0) {
      i += size;
      continue;
    }
    out.append(text, plain, i - plain);
    if (c >= 0x80) {
      out += "\xEF\xBF\xBD";
    } else {
      out += '\\';
      switch (c) {
        case '"':
          out += '"';
          break;
        case '\\':
          out += '\\';
          break;
        case '\n':
          out += 'n';
          break;
        case '\r':
          out += 'r';
          break;
        case '\t':
          out += 't';
          break;
        case '\b':
          out += 'b';
          break;
        case '\f':
          out += 'f';
          break;
        default:
          out += "u00", out += hex[c >> 4], out += hex[c & 15];
      }
    }
    plain = ++i;
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

/// One value that may be null.
inline void append_json_value(std::string& out, const weir::column_view& c, std::int64_t row, bool omit_nulls) {
  using namespace json_text_detail;
  if (c.null(row)) {
    out += "null";
    return;
  }
  char text[48];
  switch (c.of().kind) {
    case weir::type::boolean:
      out += c.boolean(row) ? "true" : "false";
      break;
    case weir::type::int8:
      append_number(out, static_cast<int>(c.value<std::int8_t>(row)));
      break;
    case weir::type::int16:
      append_number(out, c.value<std::int16_t>(row));
      break;
    case weir::type::int32:
      append_number(out, c.value<std::int32_t>(row));
      break;
    case weir::type::int64:
      append_number(out, c.value<std::int64_t>(row));
      break;
    case weir::type::uint8:
      append_number(out, static_cast<unsigned>(c.value<std::uint8_t>(row)));
      break;
    case weir::type::uint16:
      append_number(out, c.value<std::uint16_t>(row));
      break;
    case weir::type::uint32:
      append_number(out, c.value<std::uint32_t>(row));
      break;
    case weir::type::uint64:
      append_number(out, c.value<std::uint64_t>(row));
      break;
    case weir::type::float32:
      append_real(out, c.value<float>(row));
      break;
    case weir::type::float64:
      append_real(out, c.value<double>(row));
      break;
    case weir::type::utf8:
      append_json_string(out, c.text(row));
      break;
    case weir::type::binary:
      append_quoted_bytes(out, c.text(row));
      break;
    case weir::type::fixed_binary:
      append_quoted_bytes(out, c.fixed(row));
      break;
    case weir::type::timestamp: {
      out += '"';
      out.append(text, print_timestamp(text, c.value<std::int64_t>(row)));
      out += '"';
      break;
    }
    case weir::type::date32: {
      out += '"';
      out.append(text, print_date(text, c.value<std::int32_t>(row)));
      out += '"';
      break;
    }
    case weir::type::decimal128:
      out.append(text, print_decimal(text, c.value<weir::int128>(row), c.of().scale));
      break;
    case weir::type::list: {
      const auto [begin, end] = c.elements(row);
      const auto items = c.child();
      out += '[';
      for (auto i = begin; i < end; ++i) {
        if (i > begin) out += ',';
        append_json_value(out, items, i, omit_nulls);
      }
      out += ']';
      break;
    }
    case weir::type::record: {
      out += '{';
      bool first = true;
      for (std::size_t i = 0; i < c.of().children.size(); ++i) {
        const auto member = c.child(i);
        if (omit_nulls && member.null(row)) continue;
        if (!first) out += ',';
        first = false;
        append_json_string(out, member.of().name);
        out += ':';
        append_json_value(out, member, row, omit_nulls);
      }
      out += '}';
    }
  }
}

}  // namespace weir::shared
