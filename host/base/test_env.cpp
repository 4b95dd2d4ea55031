#include "base/test_env.hpp"

namespace weir::base {

std::uint64_t test_env::random_u64() {
  const std::lock_guard lock(mutex_);
  // splitmix64: every seed, also 0, gives a good stream.
  std::uint64_t z = random_ += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace weir::base
