// Words that mean something to the parser.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace weir::expression {

// Never the name of a column or function, unless in double quotes. In lower case.
constexpr std::array<std::string_view, 23> reserved{
    "and",  "or",  "not",  "is",    "null",   "in", "like",     "ilike",  "between", "case", "when", "then",
    "else", "end", "true", "false", "escape", "as", "distinct", "except", "exclude", "from", "for"};

inline bool is_reserved(std::string_view lower) {
  return std::find(reserved.begin(), reserved.end(), lower) != reserved.end();
}

// Behind INTERVAL 3.
constexpr std::array<std::string_view, 26> interval_units{
    "microsecond", "microseconds", "millisecond", "milliseconds", "second",   "seconds", "minute",
    "minutes",     "hour",         "hours",       "day",          "days",     "week",    "weeks",
    "month",       "months",       "quarter",     "quarters",     "year",     "years",   "decade",
    "decades",     "century",      "centuries",   "millennium",   "millennia"};

}  // namespace weir::expression
