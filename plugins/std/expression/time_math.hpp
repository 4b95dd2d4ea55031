// Arithmetic of dates, timestamps and intervals, as steps.
#pragma once

#include <string_view>

#include "node.hpp"

namespace weir::expression {

// Timestamp + interval, timestamp - interval: months first (a day that does not exist becomes the month's last), then
// days, then the rest.
node_ptr make_timestamp_shift(node_ptr timestamp, node_ptr interval, bool back);
node_ptr make_timestamp_difference(node_ptr a, node_ptr b);  // interval of days and microseconds
node_ptr make_date_shift(node_ptr date, node_ptr days, bool back);
node_ptr make_date_difference(node_ptr a, node_ptr b);  // int64 days
node_ptr make_interval_sum(node_ptr a, node_ptr b, bool back);
node_ptr make_interval_product(node_ptr interval, node_ptr factor);  // factor: int64
node_ptr make_interval_of(node_ptr amount, std::string_view unit);   // amount: int64; null: no such unit

}  // namespace weir::expression
