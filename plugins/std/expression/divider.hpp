// Division by a divisor that is known before the loop begins, as a multiplication (Granlund and Montgomery; Warren,
// "Hacker's Delight", chapter 10).
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "type.hpp"

namespace weir::expression {

// n / d cut towards zero for int64. d is neither 0 nor -1 (whose quotient may not fit).
class signed_divider {
 public:
  explicit signed_divider(std::int64_t d) : divisor_{d} {
    const std::uint64_t ad = d < 0 ? 0 - static_cast<std::uint64_t>(d) : static_cast<std::uint64_t>(d);
    if (ad == 1) return;  // n / 1: multiplier 0, n added
    // The smallest p such that 2^p is far enough above d for one multiplication to be exact for all n.
    const std::uint64_t two63 = std::uint64_t{1} << 63;
    const std::uint64_t t = two63 + (static_cast<std::uint64_t>(d) >> 63);
    const std::uint64_t anc = t - 1 - t % ad;
    int p = 63;
    std::uint64_t q1 = two63 / anc, r1 = two63 - q1 * anc;
    std::uint64_t q2 = two63 / ad, r2 = two63 - q2 * ad;
    std::uint64_t delta;
    do {
      ++p;
      q1 *= 2;
      r1 *= 2;
      if (r1 >= anc) {
        ++q1;
        r1 -= anc;
      }
      q2 *= 2;
      r2 *= 2;
      if (r2 >= ad) {
        ++q2;
        r2 -= ad;
      }
      delta = ad - r2;
    } while (q1 < delta || (q1 == delta && r1 == 0));
    const auto m = static_cast<std::int64_t>(q2 + 1);
    multiplier_ = d < 0 ? static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(m)) : m;
    shift_ = p - 64;
    added_ = d > 0 && multiplier_ < 0 ? 1 : d < 0 && multiplier_ > 0 ? -1 : 0;
  }

  std::int64_t divisor() const { return divisor_; }

  std::int64_t quotient(std::int64_t n) const {
    const auto high = static_cast<std::int64_t>((static_cast<int128>(n) * multiplier_) >> 64);
    const auto sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(high) +
                                               static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(added_));
    const std::int64_t q = sum >> shift_;
    return q + static_cast<std::int64_t>(static_cast<std::uint64_t>(q) >> 63) * one_;
  }
  std::int64_t remainder(std::int64_t n) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(n) -
                                     static_cast<std::uint64_t>(quotient(n)) * static_cast<std::uint64_t>(divisor_));
  }

 private:
  std::int64_t divisor_;
  std::int64_t multiplier_{0};
  std::int64_t added_{1};
  int shift_{0};
  std::int64_t one_{divisor_ == 1 ? 0 : 1};  // n / 1 needs no rounding
};

// n / d for uint64, d not 0.
class unsigned_divider {
 public:
  explicit unsigned_divider(std::uint64_t d) : divisor_{d} {
    const int log = 63 - std::countl_zero(d);
    shift_ = log;
    if (std::has_single_bit(d)) return;  // multiplier 0: quotient() shifts alone
    const uint128 numerator = static_cast<uint128>(1) << (64 + log);
    auto m = static_cast<std::uint64_t>(numerator / d);
    const auto rest = static_cast<std::uint64_t>(numerator - static_cast<uint128>(m) * d);
    const std::uint64_t e = d - rest;
    if (e >= (std::uint64_t{1} << log)) {
      // One bit more is needed: its part is added behind the multiplication.
      m += m;
      const std::uint64_t twice = rest + rest;
      if (twice >= d || twice < rest) ++m;
      wide_ = true;
    }
    multiplier_ = m + 1;
  }

  std::uint64_t divisor() const { return divisor_; }

  std::uint64_t quotient(std::uint64_t n) const {
    if (!multiplier_) return n >> shift_;
    const auto high = static_cast<std::uint64_t>((static_cast<uint128>(n) * multiplier_) >> 64);
    if (!wide_) return high >> shift_;
    return (((n - high) >> 1) + high) >> shift_;
  }
  std::uint64_t remainder(std::uint64_t n) const { return n - quotient(n) * divisor_; }

 private:
  std::uint64_t divisor_;
  std::uint64_t multiplier_{0};
  int shift_{0};
  bool wide_{false};
};

// n % d = 0 for int64 with one multiplication. d is neither 0 nor the smallest int64.
class divisibility {
 public:
  explicit divisibility(std::int64_t d) {
    const auto ad = static_cast<std::uint64_t>(d < 0 ? -d : d);
    twos_ = std::countr_zero(ad);
    const std::uint64_t odd = ad >> twos_;
    inverse_ = odd;
    for (int i = 0; i < 5; ++i) inverse_ *= 2 - odd * inverse_;  // each step doubles the number of right bits
    bias_ = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / odd;
    bias_ = bias_ >> twos_ << twos_;
    limit_ = bias_ * 2 >> twos_;
    power_ = odd == 1;
    mask_ = ad - 1;
  }
  bool operator()(std::int64_t n) const {
    const auto u = static_cast<std::uint64_t>(n);
    return std::rotr(u * inverse_ + bias_, twos_) <= limit_;
  }
  // Powers of two are a mask.
  bool is_power() const { return power_; }
  std::uint64_t mask() const { return mask_; }

 private:
  std::uint64_t inverse_, bias_, limit_, mask_;
  int twos_;
  bool power_;
};

}  // namespace weir::expression
