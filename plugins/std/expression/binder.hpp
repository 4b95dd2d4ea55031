// Tree -> steps: finds columns and functions, gives every value a type, folds constants.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "mistake.hpp"
#include "node.hpp"
#include "source.hpp"
#include "syntax.hpp"
#include "weir/schema.hpp"

namespace weir::expression {

// The columns that the expressions of one program read, by number: each is read once a batch.
using column_loads = std::map<int, std::shared_ptr<loaded>>;

class binder {
 public:
  // Both must live as long as the binder, which is made for one expression.
  binder(const schema& columns, column_loads& loads) : schema_{columns}, loaded_{loads} {}

  // Throws mistake.
  node_ptr bind(const syntax& s);

  // The column that a tree is, when it is nothing but a column's name; -1 otherwise.
  int plain_column(const syntax& s) const;

 private:
  // A place inside a column: where a path of fields and elements has come to.
  struct place {
    int index{-1};
    std::vector<step> steps;
    type is;
    const field* shape{nullptr};
  };

  [[noreturn]] void unknown_column(const syntax& s) const;
  place place_of(const syntax& s);
  bool leads_to_column(const syntax& s) const;
  node_ptr value_at(place p, const syntax& s);

  node_ptr literal_of(const syntax& s);
  node_ptr cast_of(const syntax& s);
  node_ptr choice_of(const syntax& s);
  node_ptr call_of(const syntax& s);
  node_ptr special_of(const syntax& s);  // calls that need more than bound arguments; null: it is none of them
  node_ptr nested_of(const syntax& s);   // len, list_contains, IS NULL of a nested value; null: it is none of them
  node_ptr between_of(const syntax& s);
  node_ptr in_of(const syntax& s);
  node_ptr like_of(const syntax& s);
  node_ptr nullif_of(const syntax& s);
  node_ptr divisible_of(const syntax& s);
  std::vector<node_ptr> bind_all(const syntax& s, std::size_t first = 0);
  node_ptr finish(node_ptr n, const syntax& s);
  // Binds s, for `body`, which uses the value several times: it is computed once.
  template <class F>
  node_ptr with_value_of(const syntax& s, F body);

  const schema& schema_;
  column_loads& loaded_;
  int conditional_{0};  // > 0: what is bound now may never be evaluated
};

// ---- operators on bound arguments (operators.cpp). They throw mistake.

node_ptr bind_arithmetic(const std::string& sign, node_ptr a, node_ptr b, std::uint32_t at);
node_ptr bind_negation(node_ptr a, std::uint32_t at);
node_ptr bind_comparison(const std::string& sign, node_ptr a, node_ptr b, std::uint32_t at);
node_ptr bind_concatenation(node_ptr a, node_ptr b, std::uint32_t at);

// The name that is most like `name`, empty when none is close.
std::string nearest(const std::string& name, const std::vector<std::string>& names);

}  // namespace weir::expression
