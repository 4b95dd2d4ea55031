// The tree that the parser makes of an expression's text. Operators are calls too ("+", "and", "like", "is_null"), so
// that the binder looks everything up in one way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::expression {

struct syntax;
using syntax_ptr = std::unique_ptr<syntax>;

enum class form : std::uint8_t {
  null_value,  // NULL
  truth,       // TRUE, FALSE: text is "true" or "false"
  integer,     // text: the digits, with a leading '-' when the sign belongs to it
  decimal,     // text: digits with a point
  real,        // text: number with an exponent
  text,        // text: the content of a string literal
  name,        // text: a column
  field,       // args[0].text
  element,     // args[0][args[1]]
  call,        // text(args...): the name in lower case
  cast,        // args[0] as text(precision, scale); optional: TRY_CAST
  choice,      // CASE: args = pairs (condition, value), then the value of ELSE; with an operand: args[0] is the operand
};

struct syntax {
  form is{};
  std::uint32_t at{0};   // byte offset of what an error should point to: the operator, the function's name, the literal
  std::uint32_t end{0};  // behind its last byte
  std::string text;
  std::vector<syntax_ptr> args;
  int precision{-1}, scale{-1};  // cast
  bool optional{false};          // cast: TRY_CAST
  bool operand{false};           // choice: args[0] is the operand
  bool quoted{false};            // name: written in double quotes
};

}  // namespace weir::expression
