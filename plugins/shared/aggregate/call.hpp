#pragma once
// One aggregate as a pipeline writes it: "sum(price) AS total", "count(DISTINCT bidder) AS bidders", "arg_max(url,
// price) AS best", "percentile(latency, 0.99) AS p99".
#include <string>
#include <string_view>
#include <vector>

namespace weir::aggregate {

struct call {
  std::string function;                ///< lower case
  std::vector<std::string> arguments;  ///< column names; empty: count(*), count()
  std::vector<double> numbers;         ///< behind the column of a percentile: share, accuracy
  bool distinct = false;
  std::string name;  ///< of the output column
};

/// Throws weir::config_error (option empty) with the place in the text.
call parse(std::string_view text);

}  // namespace weir::aggregate
