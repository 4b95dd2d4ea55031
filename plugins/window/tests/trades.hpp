// Records that the tests of windows share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "weir/test/harness.hpp"

namespace window_test {

struct trade {
  std::string desk;
  std::int64_t id;
  std::optional<std::int64_t> price;
};
WEIR_RECORD(trade, desk, id, price)

struct counted {
  std::string desk;
  weir::time window_start, window_end;
  std::int64_t n;
  bool operator==(const counted&) const = default;
  auto operator<=>(const counted&) const = default;
};
WEIR_RECORD(counted, desk, window_start, window_end, n)

inline weir::time at(weir::duration d) { return weir::time{d}; }

template <class Operator, class Out>
using harness = weir::test::harness<Operator, trade, Out>;
inline const weir::test::key by_desk{"desk"};

}  // namespace window_test
