// What compiling an expression reports when the text is wrong.
#pragma once

#include <cstdint>
#include <string>

namespace weir::expression {

// `at` is the byte offset in the expression's text. Thrown inside the compiler only; compile() hands it out as a value.
struct mistake {
  std::int64_t at{0};
  std::string why;
};

}  // namespace weir::expression
