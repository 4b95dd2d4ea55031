#pragma once
// From key columns to a subtask: hash -> key group -> subtask. The hash and both maps are for ever: state and
// savepoints are arranged by them. README.md holds the encoding that is hashed and test vectors.
#include <cstdint>
#include <span>

#include "model/batch.hpp"

namespace weir::model {

/// A hash for each physical row (uint64; only rows that count are sure to be written). key: indexes of the key columns,
/// in the order that the key is declared; empty: every row has the hash of an empty key.
buffer_ref hash_keys(const batch& rows, std::span<const std::uint32_t> key);
/// The hash of one row; equal to what hash_keys gives.
std::uint64_t hash_key(const batch& rows, std::span<const std::uint32_t> key, std::uint32_t row);

/// 0 .. groups-1. By the high bits of the hash: tables inside a group have the low bits for themselves.
inline std::uint32_t key_group(std::uint64_t hash, std::uint32_t groups) noexcept {
  return static_cast<std::uint32_t>((static_cast<unsigned __int128>(hash) * groups) >> 64);
}
/// The subtask that owns a key group: contiguous ranges, sizes differ by at most one. parallelism <= groups.
inline std::uint32_t subtask_of(std::uint32_t group, std::uint32_t parallelism, std::uint32_t groups) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(group) * parallelism / groups);
}
/// The key groups [begin, end) of a subtask.
struct key_group_range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool contains(std::uint32_t group) const noexcept { return group >= begin && group < end; }
  friend bool operator==(const key_group_range&, const key_group_range&) = default;
};
inline key_group_range key_groups_of(std::uint32_t subtask, std::uint32_t parallelism, std::uint32_t groups) noexcept {
  auto first = [&](std::uint64_t s) {
    return static_cast<std::uint32_t>((s * groups + parallelism - 1) / parallelism);
  };
  return {first(subtask), first(std::uint64_t{subtask} + 1)};
}

}  // namespace weir::model
