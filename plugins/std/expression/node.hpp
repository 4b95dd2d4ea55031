// One step of a compiled expression: a column kernel and the steps that feed it. Immutable once compiled; all subtasks
// share it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "frame.hpp"
#include "type.hpp"

namespace weir::expression {

class node;
using node_ptr = std::unique_ptr<node>;

// Numbers of scratch buffers and memos that are handed out while a program is put together.
struct numbering {
  int buffers{0};
  int memos{0};
};

class node {
 public:
  virtual ~node() = default;
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  // Computes the rows of the set; the result is valid until the frame begins another batch or this node is evaluated
  // again.
  virtual column eval(frame& f, row_set rows) const = 0;

  // Gives this node and those below it their numbers.
  virtual void number(numbering& n) {
    slot = n.buffers;
    n.buffers += scratch;
    for (auto& a : args) a->number(n);
  }

  type result;
  std::uint32_t at{0};   // where it stands in the expression's text
  int slot{-1};          // its first scratch buffer
  int scratch{2};        // how many it has: values, validity, ...
  bool can_fail{false};  // some row may be an error (this node or one below it)
  bool costly{false};    // more than a few ns a row: worth leaving out rows that are not needed
  bool foldable{true};   // a constant when all its arguments are
  bool writes{true};     // the result is written to the first scratch buffer, if it is the node's own
  std::vector<node_ptr> args;

 protected:
  explicit node(type t) : result{t} {}

  // Adds an argument and takes over what it says about failing and cost.
  void add(node_ptr a) {
    can_fail |= a->can_fail;
    costly |= a->costly;
    foldable &= a->foldable;
    args.push_back(std::move(a));
  }
};

}  // namespace weir::expression
