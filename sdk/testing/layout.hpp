// How the values of a column lie in its buffers.
#ifndef WEIR_TESTING_LAYOUT_HPP
#define WEIR_TESTING_LAYOUT_HPP

#include "weir/test/memory.hpp"

namespace weir::test {

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
