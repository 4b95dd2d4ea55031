// Loops over rows. Kernels are written once, as a function of a row number.
#pragma once

#include <cstdint>

#include "frame.hpp"

namespace weir::expression {

// Exactly the rows of the set: for kernels that may fail, trap, or follow pointers.
template <class F>
inline __attribute__((always_inline)) void for_rows(row_set rows, F f) {
  if (!rows.index) {
    for (std::int64_t i = 0; i < rows.count; ++i) f(i);
    return;
  }
  const std::uint32_t* index = rows.index;
  for (std::int64_t k = 0; k < rows.count; ++k) f(static_cast<std::int64_t>(index[k]));
}

// The rows of the set and maybe others: for kernels that are harmless on any bits. All rows in a straight (vectorised)
// loop, unless few are asked for.
template <class F>
inline __attribute__((always_inline)) void for_rows_or_more(row_set rows, std::int64_t length, F f) {
  if (rows.index && rows.count * 4 < length) {
    const std::uint32_t* index = rows.index;
    for (std::int64_t k = 0; k < rows.count; ++k) f(static_cast<std::int64_t>(index[k]));
    return;
  }
  for (std::int64_t i = 0; i < length; ++i) f(i);
}

// Exactly the rows of the set, as one loop: for kernels that cost so much that a second copy of the loop brings nothing
// but code.
template <class F>
inline void for_each_row(row_set rows, F f) {
  for (std::int64_t k = 0; k < rows.count; ++k) f(rows.index ? static_cast<std::int64_t>(rows.index[k]) : k);
}

// Validity of a result that is null where one of two arguments is. `slot` is the scratch for it, used when both have
// nulls.
inline const std::uint8_t* both_valid(frame& f, int slot, row_set rows, const std::uint8_t* a, const std::uint8_t* b) {
  if (!a) return b;
  if (!b || a == b) return a;
  auto* out = f.scratch<std::uint8_t>(slot);
  for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = a[i] & b[i]; });
  return out;
}

// A validity that the kernel may write: a copy of `from`, or all ones.
inline std::uint8_t* own_valid(frame& f, int slot, const std::uint8_t* from) {
  auto* out = f.scratch<std::uint8_t>(slot);
  if (from) {
    if (out != from) std::memcpy(out, from, static_cast<std::size_t>(f.length()));
  } else {
    std::memset(out, 1, static_cast<std::size_t>(f.length()));
  }
  return out;
}

// Writes the numbers of the rows whose byte is not 0 to out, ascending; returns how many. Branch-free.
inline std::int64_t pick(row_set rows, const std::uint8_t* keep, std::uint32_t* out) {
  std::int64_t n = 0;
  for_rows(rows, [&](std::int64_t i) {
    out[n] = static_cast<std::uint32_t>(i);
    n += keep[i] != 0;
  });
  return n;
}

}  // namespace weir::expression
