#include "@class@.hpp"

#include <algorithm>

namespace @class@ {

quiet_accounts::quiet_accounts(const weir::config& c) : timeout_{c.get<weir::duration>("timeout")} {
  if (timeout_.count() <= 0) throw c.error("timeout", "must be longer than 0s");
}

void quiet_accounts::process(const payment& in, weir::time at, output& /*out*/) {
  // The record goes to the dead-letter port, with this reason; throw before the state is written.
  if (in.amount < 0) throw weir::failure{"the amount is negative"};
  auto& t = tally_.write();  // in place; begins as tally{}
  ++t.payments;
  t.amount += in.amount;
  quiet_.clear(t.quiet_at);
  t.quiet_at = std::max(t.quiet_at, at + timeout_);
  quiet_.set(t.quiet_at);
}

void quiet_accounts::on_timer(const weir::timers& /*which*/, weir::time /*at*/, const std::string& account, output& out) {
  out.emit({account, tally_->payments, tally_->amount});
  tally_.clear();
}

}  // namespace @class@
