// Records that the tests of joins share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "join/join.hpp"
#include "weir/test/harness.hpp"

namespace join_test {

struct order {
  std::string customer;
  std::int64_t id;
};
struct payment {
  std::int64_t amount;
  std::string payer;
};
struct paid {
  std::optional<std::int64_t> id;
  std::optional<std::string> payer;
  std::optional<std::int64_t> amount;
  bool operator==(const paid&) const = default;
  auto operator<=>(const paid&) const = default;
};
WEIR_RECORD(order, customer, id)
WEIR_RECORD(payment, amount, payer)
WEIR_RECORD(paid, id, payer, amount)

template <class Join>
using harness = weir::test::harness<Join, weir::inputs<order, payment>, paid>;
inline const weir::test::keys by_customer{{"customer"}, {"payer"}};
inline weir::test::value shown() { return weir::test::value::list({"left.id", "right.payer", "right.amount"}); }

inline std::string text(const weir::test::row<paid>& r) {
  static const char* const kinds[] = {"+", "-U", "+U", "-"};
  return std::string{kinds[static_cast<int>(r.change)]} + (r.value.id ? std::to_string(*r.value.id) : ".") + " " +
         (r.value.amount ? std::to_string(*r.value.amount) : ".");
}
inline std::vector<std::string> texts(const std::vector<weir::test::row<paid>>& rows) {
  std::vector<std::string> out;
  for (const auto& r : rows) out.push_back(text(r));
  return out;
}

}  // namespace join_test
