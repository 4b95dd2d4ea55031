#pragma once
// The records of these tests.

#include <optional>
#include <ostream>
#include <string>

#include "weir/test/harness.hpp"

namespace lookup_test {

struct order {
  std::int64_t id;
  std::optional<std::int64_t> account;
  bool operator==(const order&) const = default;
};
struct named_order {
  std::int64_t id;
  std::optional<std::int64_t> account;
  std::optional<std::string> name;
  std::optional<double> limit;
  bool operator==(const named_order&) const = default;
};
WEIR_RECORD(order, id, account)
WEIR_RECORD(named_order, id, account, name, limit)

inline void PrintTo(const named_order& o, std::ostream* to) {
  *to << "{" << o.id << ", " << (o.account ? std::to_string(*o.account) : "null") << ", " << o.name.value_or("null")
      << ", " << (o.limit ? std::to_string(*o.limit) : "null") << "}";
}
inline void PrintTo(const order& o, std::ostream* to) {
  *to << "{" << o.id << ", " << (o.account ? std::to_string(*o.account) : "null") << "}";
}

}  // namespace lookup_test
