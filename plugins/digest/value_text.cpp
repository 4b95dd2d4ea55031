// The canonical text of one value of any type.
#include <charconv>
#include <cstring>

#include "digest/row_text.hpp"

namespace digest {
namespace {

template <class T>
T value(const ArrowArray& column, std::int64_t row) {
  T out;
  std::memcpy(&out, static_cast<const char*>(column.buffers[1]) + row * static_cast<std::int64_t>(sizeof(T)),
              sizeof out);
  return out;
}

template <class T>
void append_number(std::string& to, T v) {
  char text[64];
  const auto written = std::to_chars(text, text + sizeof text, v);
  to.append(text, written.ptr);
}

void append_hex(std::string& to, const char* bytes, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    const auto b = static_cast<unsigned char>(bytes[i]);
    to += "0123456789abcdef"[b >> 4];
    to += "0123456789abcdef"[b & 15];
  }
}

void append_decimal(std::string& to, weir::int128 v, std::int32_t scale) {
  auto rest = static_cast<unsigned __int128>(v);
  if (v < 0) rest = 0 - rest;
  char digits[48];
  int size = 0;
  for (std::int32_t place = 0; rest != 0 || place <= scale; ++place) {
    if (place == scale && scale > 0) digits[size++] = '.';
    digits[size++] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (v < 0) to += '-';
  while (size > 0) to += digits[--size];
}

}  // namespace

void append_value(std::string& to, const weir::field& f, const ArrowArray& column, std::int64_t row) {
  using weir::type;
  if (column.null_count != 0 && column.buffers[0] && !weir::detail::bit(column.buffers[0], row)) return;
  switch (f.kind) {
    case type::boolean:
      to += weir::detail::bit(column.buffers[1], row) ? "true" : "false";
      return;
    case type::int8:
      return append_number(to, static_cast<int>(value<std::int8_t>(column, row)));
    case type::int16:
      return append_number(to, value<std::int16_t>(column, row));
    case type::int32:
    case type::date32:
      return append_number(to, value<std::int32_t>(column, row));
    case type::int64:
    case type::timestamp:
      return append_number(to, value<std::int64_t>(column, row));
    case type::uint8:
      return append_number(to, static_cast<unsigned>(value<std::uint8_t>(column, row)));
    case type::uint16:
      return append_number(to, value<std::uint16_t>(column, row));
    case type::uint32:
      return append_number(to, value<std::uint32_t>(column, row));
    case type::uint64:
      return append_number(to, value<std::uint64_t>(column, row));
    case type::float32:
      return append_number(to, value<float>(column, row));
    case type::float64:
      return append_number(to, value<double>(column, row));
    case type::decimal128:
      return append_decimal(to, value<weir::int128>(column, row), f.scale);
    case type::fixed_binary:
      return append_hex(to, static_cast<const char*>(column.buffers[1]) + row * f.width, f.width);
    case type::utf8:
    case type::binary: {
      const auto from = value<std::int32_t>(column, row), end = value<std::int32_t>(column, row + 1);
      const char* const bytes = static_cast<const char*>(column.buffers[2]) + from;
      if (f.kind == type::binary) return append_hex(to, bytes, end - from);
      to.append(bytes, static_cast<std::size_t>(end - from));
      return;
    }
    case type::list: {
      to += '[';
      const auto from = value<std::int32_t>(column, row), end = value<std::int32_t>(column, row + 1);
      for (std::int32_t i = from; i < end; ++i) {
        if (i > from) to += ',';
        append_value(to, f.children.at(0), *column.children[0], i);
      }
      to += ']';
      return;
    }
    case type::record: {
      to += '{';
      for (std::size_t i = 0; i < f.children.size(); ++i) {
        if (i > 0) to += ',';
        append_value(to, f.children[i], *column.children[i], row);
      }
      to += '}';
      return;
    }
  }
}

}  // namespace digest
