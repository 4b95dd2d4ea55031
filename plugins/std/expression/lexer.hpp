// Cuts an expression's text into tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::expression {

enum class token_kind : std::uint8_t {
  end,
  word,         // a name or keyword; text as written
  quoted_name,  // "..." ; text without the quotes
  text,         // '...' ; text without the quotes, '' undone
  integer,      // digits (underscores removed)
  decimal,      // digits with a point
  real,         // with an exponent
  symbol,       // an operator or a bracket
};

struct token {
  token_kind is{token_kind::end};
  std::uint32_t at{0};
  std::uint32_t end{0};
  std::string text;
  std::string lower;  // word: in lower case, to compare with keywords
};

// All tokens; the last one is `end`. Throws mistake.
std::vector<token> tokens_of(std::string_view text);

}  // namespace weir::expression
