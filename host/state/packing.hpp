#pragma once
// How the bytes of fields lie in values of state and in keys of maps (weir/ext/draft/state.h), as far as reading and
// writing have it in common. Of this room only.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/type.hpp"
#include "state/unpack.hpp"

namespace weir::state {

/// In a C struct.
inline std::size_t alignment_of(const model::data_type& type) {
  using model::type_id;
  switch (type.id) {
    case type_id::boolean:
    case type_id::fixed_binary:
      return 1;
    case type_id::structure: {
      std::size_t most = 1;
      for (const model::field& f : type.children) most = std::max(most, alignment_of(f.type));
      return most;
    }
    default:
      return std::max<std::size_t>(1, static_cast<std::size_t>(type.value_bytes()));
  }
}

constexpr std::size_t aligned(std::size_t at, std::size_t to) { return (at + to - 1) / to * to; }

/// Bytes of a C struct of the fields, with its padding; 0: they hold a text or a list, which no struct has in place.
inline std::size_t struct_bytes(const std::vector<model::field>& fields) {
  using model::type_id;
  std::size_t at = 0, most = 1;
  for (const model::field& f : fields) {
    if (f.type.has_offsets()) return 0;
    const std::size_t align = alignment_of(f.type);
    const std::size_t width = f.type.id == type_id::structure ? struct_bytes(f.type.children)
                              : f.type.id == type_id::boolean ? 1
                                                              : static_cast<std::size_t>(f.type.value_bytes());
    if (width == 0) return 0;
    at = aligned(at, align) + width;
    most = std::max(most, align);
  }
  return aligned(at, most);
}

inline bool is_signed(model::type_id id) {
  using model::type_id;
  switch (id) {
    case type_id::int8:
    case type_id::int16:
    case type_id::int32:
    case type_id::int64:
    case type_id::timestamp:
    case type_id::date:
    case type_id::decimal128:
      return true;
    default:
      return false;
  }
}
inline bool is_float(model::type_id id) { return id == model::type_id::float32 || id == model::type_id::float64; }

/// Big-endian with the order of the values, to little-endian. Not for fixed_binary, whose bytes are their own order.
inline void ordered_to_plain(model::type_id id, const char* from, std::size_t width, char* to) {
  for (std::size_t i = 0; i < width; ++i) to[i] = from[width - 1 - i];
  char& top = to[width - 1];
  if (is_signed(id)) {
    top = static_cast<char>(top ^ 0x80);
  } else if (is_float(id)) {
    if ((top & 0x80) != 0)
      top = static_cast<char>(top ^ 0x80);
    else
      for (std::size_t i = 0; i < width; ++i) to[i] = static_cast<char>(~to[i]);
  }
}
/// And back.
inline void plain_to_ordered(model::type_id id, const char* from, std::size_t width, char* to) {
  for (std::size_t i = 0; i < width; ++i) to[i] = from[width - 1 - i];
  if (is_signed(id)) {
    to[0] = static_cast<char>(to[0] ^ 0x80);
  } else if (is_float(id)) {
    if ((to[0] & 0x80) != 0)
      for (std::size_t i = 0; i < width; ++i) to[i] = static_cast<char>(~to[i]);
    else
      to[0] = static_cast<char>(to[0] ^ 0x80);
  }
}

}  // namespace weir::state
