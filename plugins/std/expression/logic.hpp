// Three-valued logic, and the choice between values. Values that are not needed are not computed: an error in them does
// not happen.
#pragma once

#include "node.hpp"

namespace weir::expression {

node_ptr make_and(node_ptr a, node_ptr b);
node_ptr make_or(node_ptr a, node_ptr b);
node_ptr make_not(node_ptr a);

enum class test : std::uint8_t { is_null, is_not_null, is_true, is_not_true, is_false, is_not_false };
node_ptr make_test(test what, node_ptr a);

// CASE: conditions and values in turn, at the end the value of ELSE. All values have the type `result`.
node_ptr make_choice(type result, std::vector<node_ptr> args);
// The first that is not null.
node_ptr make_coalesce(type result, std::vector<node_ptr> args);
// NULL where equal is true, else a.
node_ptr make_nullif(node_ptr a, node_ptr equal);
// NULL where computing a is an error.
node_ptr make_try(node_ptr a);

// A value that `body` uses more than once: computed before body, and read there by the nodes of make_again().
class kept;
std::shared_ptr<kept> make_kept(const type& t);
node_ptr make_again(const std::shared_ptr<kept>& k);
node_ptr make_let(const std::shared_ptr<kept>& k, node_ptr value, node_ptr body);

}  // namespace weir::expression
