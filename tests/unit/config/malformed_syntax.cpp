#include "malformed.hpp"

namespace weir::config {

std::vector<malformed> malformed_syntax() {
  return {
      {"an_empty_file",
       std::string(""),
       {"0 the pipeline has no [[source]]: add where its records come from",
        "0 the pipeline has no [[sink]]: add where its records go",
        "1:1 the pipeline needs \"format\", an integer: Version of this file format: 1",
        "1:1 the pipeline needs \"name\", a string: Name of the pipeline, unique on its host"}},
      {"no_equals_sign",
       std::string("format 1\n"),
       {"1:8 this is not valid TOML: key-value pair: expected '=', saw '1'; write key = value, strings in quotes"}},
      {"a_string_that_is_not_closed",
       std::string("format = 1\nname = \"x\n"),
       {"2:10 this is not valid TOML: string: unescaped control characters other than TAB (U+0009) are explicitly "
        "prohibited; close the quote on the same line, or write \"\"\" for a text of several lines"}},
      {"a_list_that_is_not_closed",
       std::string("format = 1\nx = [1, 2\n"),
       {"2:11 this is not valid TOML: array: encountered end-of-file; close the quote, bracket or brace that is open "
        "here"}},
      {"a_long_string_that_is_not_closed",
       std::string("format = 1\nname = \"\"\"x\n\n"),
       {"3:2 this is not valid TOML: string: encountered end-of-file; close the quote, bracket or brace that is open "
        "here"}},
      {"a_key_given_twice",
       head + "name = \"y\"\n",
       {"3:8 this is not valid TOML: key-value pair: cannot redefine existing string 'name'; a name can be given only "
        "once: remove or rename one of the two"}},
      {"a_table_given_twice",
       head + "[state]\n[state]\n",
       {"4:1 this is not valid TOML: table header: cannot redefine existing table 'state'; a name can be given only "
        "once: remove or rename one of the two"}},
      {"an_unknown_escape",
       replaced(head, "\"x\"", "\"\\q\""),
       {"2:10 this is not valid TOML: string: unknown escape sequence '\\q'; write \\\\ for a backslash, or 'single "
        "quotes' for a text without escapes"}},
      {"bytes_that_are_no_utf8",
       replaced(head, "\"x\"", "\"\377\376\""),
       {"2:8 this is not valid TOML: Encountered invalid utf-8 sequence; save the file as UTF-8"}},
      {"an_inline_table_over_two_lines",
       head + "a = { b = 1,\n c = 2 }\n",
       {"3:13 this is not valid TOML: inline table: expected key or closing '}', saw '\\n'; an inline table { ... } "
        "ends on the line where it begins; write a [table] for more"}},
      {"lists_nested_too_deep",
       std::string("a = ") + repeated("[", 70) + repeated("]", 70),
       {"1:69 lists and tables are nested deeper than 64: simplify the file"}},
      {"a_key_of_too_many_parts",
       repeated("a.", 70) + "a = 1\n",
       {"1:128 a key has more than 64 parts: simplify the file"}},
      {"a_header_of_too_many_parts",
       std::string("[") + repeated("a.", 70) + "a]\n",
       {"1:129 a key has more than 64 parts: simplify the file"}},
      {"too_many_values",
       std::string("a = [") + repeated("1,", 100001) + "]\n",
       {"1:200005 there are more than 100000 values: simplify the file"}},
  };
}

}  // namespace weir::config
