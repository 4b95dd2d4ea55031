#include "@class@.hpp"

namespace @class@ {

large_orders::large_orders(const weir::config& c) : limit_{c.get<std::int64_t>("limit")} {
  if (limit_ < 0) throw c.error("limit", "must not be negative");
}

void large_orders::process(const order& in, weir::time /*at*/, output& out) {
  // The record goes to the dead-letter port, with this reason; the next one follows.
  if (in.amount < 0) throw weir::failure{"the amount is negative"};
  if (in.amount > limit_) out.emit({in.customer, in.amount, in.amount - limit_});
}

}  // namespace @class@
