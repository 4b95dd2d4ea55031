// Shortcuts for tests: an expression's values as texts, or what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "expression/program.hpp"
#include "expression/values.hpp"
#include "table.hpp"

namespace weir::expression::test {

// "at 7: unknown column ..."; empty: nothing is wrong.
inline std::string wrong(const schema& columns, const std::string& text) {
  try {
    program p{columns};
    p.add(text);
    return "";
  } catch (const mistake& m) {
    return "at " + std::to_string(m.at) + ": " + m.why;
  }
}

// Values of the rows asked for, as table.hpp writes them; "\\E" for errors, whose reasons go to `why`.
inline std::vector<std::string> values(table& t, const std::string& text, row_set rows = {nullptr, -1},
                                       std::vector<std::string>* why = nullptr) {
  program p{t.columns()};
  p.add(text);
  p.seal();
  evaluator e{p};
  const weir_batch b = t.batch();
  e.begin({&b});
  if (rows.count < 0) rows = {nullptr, b.length};
  const column c = e.eval(0, rows);
  std::vector<std::string> out;
  for (std::int64_t k = 0; k < rows.count; ++k) {
    const std::int64_t i = rows.index ? rows.index[k] : k;
    out.push_back(e.has_failed(i) ? error_text : encoded(p.type_of_result(0), c, i));
  }
  if (why)
    for (const auto& bad : e.errors()) why->push_back(std::to_string(bad.row) + ": " + bad.why);
  return out;
}

// The value of an expression without columns, as people read it: 3, 'abc', NULL, or "error: why".
inline std::string value(const std::string& text) {
  try {
    table t;
    t.add("one", "int64", {"1"});
    program p{t.columns()};
    p.add(text);
    p.seal();
    evaluator e{p};
    const weir_batch b = t.batch();
    e.begin({&b});
    const column c = e.eval(0, {nullptr, 1});
    if (!e.errors().empty()) return "error: " + e.errors()[0].why;
    return shown(p.type_of_result(0), c, 0);
  } catch (const mistake& m) {
    return "error: " + m.why;
  }
}

// The type of an expression without columns, or over some.
inline std::string type_of_text(const std::string& text, const schema& columns = {}) {
  program p{columns};
  p.add(text);
  return name(p.type_of_result(0));
}

}  // namespace weir::expression::test
