#pragma once
// The operator @name@: counts each account's payments, and reports them when the account was quiet for a while.
#include <weir/operator.hpp>

#include <cstdint>
#include <string>

namespace @class@ {

// The columns that are read. The input may have others; a missing one is an error when the pipeline is checked.
struct payment {
  std::string account;
  std::int64_t amount;
};
WEIR_RECORD(payment, account, amount)

// The columns that go out.
struct activity {
  std::string account;
  std::int64_t payments;
  std::int64_t amount;
};
WEIR_RECORD(activity, account, payments, amount)

// What is kept of an account. The host stores it with these names: fields may be added later.
struct tally {
  std::int64_t payments = 0;
  std::int64_t amount = 0;
  weir::time quiet_at{};
};
WEIR_RECORD(tally, payments, amount, quiet_at)

class quiet_accounts : public weir::keyed_operator<std::string, payment, activity> {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("timeout", weir::timespan).fallback("\"10m\"").doc("How long an account must be quiet."));
  }
  static constexpr const char* summary() { return "Reports what an account paid, when it was quiet for a while."; }

  explicit quiet_accounts(const weir::config& c);
  void process(const payment& in, weir::time at, output& out) override;
  void on_timer(const weir::timers& which, weir::time at, const std::string& account, output& out) override;

 private:
  weir::value_state<tally> tally_{this, "tally"};  // of the account in work
  weir::timers quiet_{this, "quiet"};              // event time
  weir::duration timeout_;
};

}  // namespace @class@
