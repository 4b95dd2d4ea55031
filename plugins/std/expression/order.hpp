// When values are equal, and which comes first: SQL's order, in which NaN equals NaN and is the largest float.
#pragma once

#include <cstring>
#include <type_traits>

#include "column.hpp"

namespace weir::expression {

template <class T>
inline bool equal(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) return static_cast<bool>((a == b) | ((a != a) & (b != b)));
  return a == b;
}
template <class T>
inline bool less(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) return static_cast<bool>((a < b) | ((a == a) & (b != b)));
  return a < b;
}

inline bool equal(const text_ref& a, const text_ref& b) {
  return a.size == b.size && (a.size == 0 || std::memcmp(a.data, b.data, a.size) == 0);
}
inline bool less(const text_ref& a, const text_ref& b) { return a.view() < b.view(); }

// An interval as one number: a month has 30 days here, a day 24 hours.
inline int128 length_of(const span& s) {
  return (static_cast<int128>(s.months) * 30 + s.days) * 86'400'000'000 + s.micros;
}
inline bool equal(const span& a, const span& b) { return length_of(a) == length_of(b); }
inline bool less(const span& a, const span& b) { return length_of(a) < length_of(b); }

}  // namespace weir::expression
