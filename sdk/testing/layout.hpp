// How the values of a column lie in its buffers.
#ifndef WEIR_TESTING_LAYOUT_HPP
#define WEIR_TESTING_LAYOUT_HPP

#include "weir/schema.hpp"

namespace weir::test {

// Bytes of one value of a fixed-width type; 0: bool, offsets, record.
inline std::uint32_t width_of(const field& f) {
  switch (f.kind) {
    case type::int8:
    case type::uint8:
      return 1;
    case type::int16:
    case type::uint16:
      return 2;
    case type::int32:
    case type::uint32:
    case type::float32:
    case type::date32:
      return 4;
    case type::int64:
    case type::uint64:
    case type::float64:
    case type::timestamp:
      return 8;
    case type::decimal128:
      return 16;
    case type::fixed_binary:
      return static_cast<std::uint32_t>(f.width);
    default:
      return 0;
  }
}
inline bool has_offsets(const field& f) {
  return f.kind == type::utf8 || f.kind == type::binary || f.kind == type::list;
}
inline std::size_t bit_bytes(std::int64_t rows) { return static_cast<std::size_t>((rows + 7) / 8); }
inline std::size_t value_bytes(const field& f, std::int64_t rows) {
  if (f.kind == type::record) return 0;
  if (f.kind == type::boolean) return bit_bytes(rows);
  if (has_offsets(f)) return static_cast<std::size_t>(rows + 1) * 4;
  return static_cast<std::size_t>(rows) * width_of(f);
}
}  // namespace weir::test
#endif  // WEIR_TESTING_LAYOUT_HPP
