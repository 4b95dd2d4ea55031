#pragma once
// One value of any flat type, to and from plain text, for formats whose fields are text (CSV). Numbers by std::from_chars /
// std::to_chars (locale-free, shortest form), times as RFC 3339, binary as base64.
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
#include "weir/column_writer.hpp"

namespace weir::shared {

namespace value_text_detail {

template <class T, class Writer>
bool number(std::string_view text, Writer& to) {
  T v{};
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (bad != std::errc{} || end != text.data() + text.size()) return false;
  to.append(v);
  return true;
}

}  // namespace value_text_detail

/// Reads a value of the writer's type. Writer: weir::column_writer, or what has of() and its append functions. False: the text
/// is none; nothing was appended, `why` says what it should be.
template <class Writer>
bool read_value(std::string_view text, Writer& to, std::string& why) {
  using namespace value_text_detail;
  using weir::type;
  const weir::field& what = to.of();
  auto refuse = [&](std::string reason) {
    why = "is '" + std::string{text.substr(0, 40)} + "', " + reason;
    return false;
  };
  auto whole = [&](bool good) { return good || refuse("not a whole number in the range of " + to_string(what)); };
  switch (what.kind) {
    case type::boolean:
      if (text == "true" || text == "TRUE" || text == "True" || text == "1") return to.append_bool(true), true;
      if (text == "false" || text == "FALSE" || text == "False" || text == "0") return to.append_bool(false), true;
      return refuse("neither true nor false");
    case type::int8:
      return whole(number<std::int8_t>(text, to));
    case type::int16:
      return whole(number<std::int16_t>(text, to));
    case type::int32:
      return whole(number<std::int32_t>(text, to));
    case type::int64:
      return whole(number<std::int64_t>(text, to));
    case type::uint8:
      return whole(number<std::uint8_t>(text, to));
    case type::uint16:
      return whole(number<std::uint16_t>(text, to));
    case type::uint32:
      return whole(number<std::uint32_t>(text, to));
    case type::uint64:
      return whole(number<std::uint64_t>(text, to));
    case type::float32:
      return number<float>(text, to) || refuse("not a number");
    case type::float64:
      return number<double>(text, to) || refuse("not a number");
    case type::utf8:
      if (!is_utf8(text)) {
        why = "is not UTF-8";
        return false;
      }
      return to.append(text), true;
    case type::binary:
    case type::fixed_binary: {
      std::string bytes;
      if (!decode_base64(text, bytes)) return refuse("not base64");
      if (what.kind == type::binary) return to.append(std::string_view{bytes}), true;
      if (bytes.size() != static_cast<std::size_t>(what.width))
        return refuse("not " + std::to_string(what.width) + " bytes");
      return to.append_fixed(bytes.data()), true;
    }
    case type::timestamp: {
      std::int64_t us = 0;
      if (!parse_timestamp(text, us)) return refuse("not a time stamp such as 2026-11-26T08:00:00Z");
      return to.append(us), true;
    }
    case type::date32: {
      std::int64_t days = 0;
      if (!parse_date(text, days)) return refuse("not a date such as 2026-11-26");
      return to.append(static_cast<std::int32_t>(days)), true;
    }
    case type::decimal128: {
      weir::int128 n = 0;
      switch (parse_decimal(text, what.precision, what.scale, n)) {
        case decimal_error::none:
          return to.append(n), true;
        case decimal_error::syntax:
          return refuse("not a decimal number");
        case decimal_error::range:
          return refuse("more digits than " + to_string(what) + " holds");
        case decimal_error::digits:
          return refuse("more digits behind the point than " + to_string(what) + " keeps");
      }
      return false;
    }
    case type::list:
    case type::record:
      return refuse("and a " + to_string(what) + " is not one text");
  }
  return false;
}

/// Appends the text of a value that is not null. Flat types only.
inline void print_value(std::string& out, const weir::column_view& c, std::int64_t row) {
  using weir::type;
  char text[64];
  auto number = [&](auto v) { out.append(text, std::to_chars(text, text + sizeof text, v).ptr); };
  switch (c.of().kind) {
    case type::boolean:
      out += c.boolean(row) ? "true" : "false";
      break;
    case type::int8:
      number(static_cast<int>(c.value<std::int8_t>(row)));
      break;
    case type::int16:
      number(c.value<std::int16_t>(row));
      break;
    case type::int32:
      number(c.value<std::int32_t>(row));
      break;
    case type::int64:
      number(c.value<std::int64_t>(row));
      break;
    case type::uint8:
      number(static_cast<unsigned>(c.value<std::uint8_t>(row)));
      break;
    case type::uint16:
      number(c.value<std::uint16_t>(row));
      break;
    case type::uint32:
      number(c.value<std::uint32_t>(row));
      break;
    case type::uint64:
      number(c.value<std::uint64_t>(row));
      break;
    case type::float32:
      number(c.value<float>(row));
      break;
    case type::float64:
      number(c.value<double>(row));
      break;
    case type::utf8:
      out += c.text(row);
      break;
    case type::binary:
      encode_base64(c.text(row), out);
      break;
    case type::fixed_binary:
      encode_base64(c.fixed(row), out);
      break;
    case type::timestamp:
      out.append(text, print_timestamp(text, c.value<std::int64_t>(row)));
      break;
    case type::date32:
      out.append(text, print_date(text, c.value<std::int32_t>(row)));
      break;
    case type::decimal128:
      out.append(text, print_decimal(text, c.value<weir::int128>(row), c.of().scale));
      break;
    case type::list:
    case type::record:
      break;
  }
}

}  // namespace weir::shared
