#pragma once
// A share of the key groups: which of them another version of an operator serves.
#include <cstdint>

#include "model/key_hash.hpp"

namespace weir::model {

/// Spread evenly: each run of consecutive groups, so each subtask, has about this share. A larger share holds all groups of a
/// smaller one, and a share above 0 holds group 0. The same in every process.
class group_share {
 public:
  /// None.
  constexpr group_share() = default;
  /// part: 0 to 1.
  static constexpr group_share of(double part) noexcept {
    group_share s;
    s.all_ = part >= 1;
    s.below_ = part <= 0 || s.all_ ? 0 : static_cast<std::uint64_t>(part * 0x1p64);
    return s;
  }
  /// By the golden ratio: the multiples of it lie evenly in a turn, also the first few and any few in a row.
  constexpr bool has(std::uint32_t group) const noexcept {
    return all_ || group * std::uint64_t{0x9E3779B97F4A7C15} < below_;
  }
  constexpr bool none() const noexcept { return !all_ && below_ == 0; }
  constexpr bool all() const noexcept { return all_; }

 private:
  std::uint64_t below_ = 0;
  bool all_ = false;
};

/// The keys in a share of the groups, or those that are not.
struct group_part {
  group_share share;
  std::uint32_t groups = 1;
  bool inside = true;
  bool holds(std::uint64_t hash) const noexcept { return share.has(key_group(hash, groups)) == inside; }
};

}  // namespace weir::model
