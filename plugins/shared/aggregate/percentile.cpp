#include "shared/aggregate/percentile.hpp"

#include "weir/failure.hpp"

namespace weir::aggregate {

percentile_of read_percentile(const call& c) {
  if (c.function == "median") return {0.5, sketch::default_bits};
  if (c.numbers.empty() || c.numbers.size() > 2)
    throw weir::config_error{
        "", "percentile takes a column, a share and perhaps an accuracy: \"percentile(price, 0.99) AS p99\""};
  const double share = c.numbers[0];
  if (!(share >= 0 && share <= 1))
    throw weir::config_error{"", "the share of a percentile lies between 0 and 1: 0.99 for the 99th"};
  if (c.numbers.size() == 1) return {share, sketch::default_bits};
  if (!(c.numbers[1] >= 0.001 && c.numbers[1] <= 0.1))
    throw weir::config_error{"",
                             "the accuracy of a percentile lies between 0.001 and 0.1 (0.1 % and 10 % of the value)"};
  return {share, sketch::bits_for(c.numbers[1])};
}

}  // namespace weir::aggregate
