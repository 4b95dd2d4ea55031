#pragma once
// The operator @name@: lets orders above a limit through, with what they are above it.
#include <weir/operator.hpp>

#include <cstdint>
#include <string>

namespace @class@ {

// The columns that are read. The input may have others; a missing one is an error when the pipeline is checked.
struct order {
  std::string customer;
  std::int64_t amount;
};
WEIR_RECORD(order, customer, amount)

// The columns that go out.
struct large_order {
  std::string customer;
  std::int64_t amount;
  std::int64_t above;
};
WEIR_RECORD(large_order, customer, amount, above)

class large_orders : public weir::record_operator<order, large_order> {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("limit", weir::integer).fallback("1000").doc("The largest amount that is not reported."));
  }
  static constexpr const char* summary() { return "Lets orders above a limit through."; }

  explicit large_orders(const weir::config& c);
  void process(const order& in, weir::time at, output& out) override;

 private:
  std::int64_t limit_;
};

}  // namespace @class@
