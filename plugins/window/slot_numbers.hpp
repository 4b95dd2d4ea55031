// Numbers in slots, and copies of slots.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "shared/state.hpp"

namespace window {

inline std::int64_t load(const weir_slot* s, std::uint32_t at) {
  std::int64_t v;
  std::memcpy(&v, weir::shared::in_slot(s, at), sizeof v);
  return v;
}
inline void store(weir_slot* s, std::uint32_t at, std::int64_t v) {
  std::memcpy(weir::shared::in_slot(s, at), &v, sizeof v);
}
inline weir_slot* slot_of(std::vector<std::uint64_t>& c) { return reinterpret_cast<weir_slot*>(c.data()); }
inline const weir_slot* slot_of(const std::vector<std::uint64_t>& c) {
  return reinterpret_cast<const weir_slot*>(c.data());
}

}  // namespace window
