// A value that is the same for all rows: kept as a vector, filled once, so that kernels know vectors alone.
#pragma once

#include "node.hpp"
#include "values.hpp"

namespace weir::expression {

// What a constant was in the text: literals take the type of what stands beside them.
enum class literal : std::uint8_t { none, null, integer, text };

class constant final : public node {
 public:
  constant(type t, scalar v, literal l = literal::none) : node{t}, value{std::move(v)}, written{l} { writes = false; }
  column eval(frame& f, row_set rows) const override;

  scalar value;
  literal written;
};

node_ptr make_constant(type t, scalar v, literal l = literal::none);
node_ptr make_null(type t);
node_ptr make_integer(type t, int128 v);

// The constant behind a node, null: it is none.
inline const constant* constant_of(const node& n) { return dynamic_cast<const constant*>(&n); }

}  // namespace weir::expression
