// + - * / // % and negation of numbers, as steps. Both arguments of a maker have the type that it says.
#pragma once

#include "node.hpp"

namespace weir::expression {

enum class sum : std::uint8_t { add, subtract, multiply };

// a and b: numbers of the result's type (decimal: of its scale for + and -, of any scales that add up to it for *). An
// overflow is an error of the row.
node_ptr make_sum(sum what, type result, node_ptr a, node_ptr b);

// a // b of integers, cut towards zero, and a % b of numbers, with the sign of a. A divisor of zero is an error of the
// row (floats: NaN). Constant divisors are turned into multiplications.
node_ptr make_quotient(type result, node_ptr a, node_ptr b);
node_ptr make_remainder(type result, node_ptr a, node_ptr b);
// The same of float64, with zero as an error: for what were decimals.
node_ptr make_exact_remainder(node_ptr a, node_ptr b);
// a % divisor = 0 for integers, without computing the remainder. Null: not for this type or divisor; a is left alone
// then.
node_ptr make_divisible(node_ptr& a, int128 divisor, bool negate);

// a / b of floats.
node_ptr make_ratio(type result, node_ptr a, node_ptr b);

node_ptr make_negation(node_ptr a);

}  // namespace weir::expression
