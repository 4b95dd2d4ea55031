// Evaluates the expressions of duckdb_expressions.py's file and compares every value with DuckDB's.
//   duckdb_compare FILE     exit 0: all equal; 1: not, the differences are on stderr
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "expression/number_text.hpp"
#include "expression/program.hpp"
#include "table.hpp"

namespace {

using namespace weir::expression;
namespace test = weir::expression::test;

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t tab = line.find('\t', begin);
    out.push_back(line.substr(begin, tab - begin));
    if (tab == std::string::npos) return out;
    begin = tab + 1;
  }
}

bool is_real(const std::string& type) { return type.starts_with("float"); }

// The number behind an encoded value, for types that differ.
double number_of(const std::string& value, const std::string& type) {
  if (is_real(type)) return std::strtod(value.c_str(), nullptr);
  int scale = 0;
  if (type.starts_with("decimal")) std::sscanf(type.c_str(), "decimal(%*d,%d)", &scale);
  return std::strtod(value.c_str(), nullptr) / std::pow(10.0, scale);
}

bool close(double a, double b, double relative) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  return std::fabs(a - b) <= relative * std::max(std::fabs(a), std::fabs(b));
}

bool same(const std::string& ours, const std::string& our_type, const std::string& theirs,
          const std::string& their_type) {
  if (ours == theirs && our_type == their_type) return true;
  if (theirs == "\\?") return ours == test::null_text || ours == test::error_text;
  if (ours == test::null_text || theirs == test::null_text || ours == test::error_text || theirs == test::error_text)
    return ours == theirs;
  const bool numbers =
      our_type != "utf8" && their_type != "utf8" && our_type != "timestamp" && their_type != "timestamp";
  if (!numbers) return false;
  // Whole numbers of different types are compared digit by digit.
  auto scale_of = [](const std::string& t) {
    int s = 0;
    if (t.starts_with("decimal")) std::sscanf(t.c_str(), "decimal(%*d,%d)", &s);
    return s;
  };
  if (!is_real(our_type) && !is_real(their_type) && scale_of(our_type) == scale_of(their_type)) return ours == theirs;
  return close(number_of(ours, our_type), number_of(theirs, their_type),
               our_type == "float32" || their_type == "float32" ? 1e-6 : 1e-9);
}

// The values of every second row, asked for by a selection, by an evaluator of its own.
std::vector<std::string> odd_rows(const program& p, const weir_batch& batch) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 1; i < batch.length; i += 2) rows.push_back(i);
  evaluator e{p};
  e.begin({&batch});
  const column c = e.eval(0, {rows.data(), static_cast<std::int64_t>(rows.size())});
  std::vector<std::string> out;
  for (const auto i : rows)
    out.push_back(e.has_failed(i) ? test::error_text : test::encoded(p.type_of_result(0), c, i));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  std::ifstream in{argv[1]};
  std::string line;
  test::table table;
  std::int64_t rows = 0;
  long expressions = 0, values = 0, errors = 0, nulls = 0, wrong = 0, refused = 0, narrower = 0;
  std::map<std::string, long> other_types;
  while (std::getline(in, line)) {
    auto f = fields_of(line);
    if (f.size() < 3) continue;
    const std::vector<std::string> expected(f.begin() + 3, f.end());
    if (f[0] == "column") {
      table.add(f[1], f[2], expected);
      rows = static_cast<std::int64_t>(expected.size());
      continue;
    }
    ++expressions;
    program p{table.columns()};
    try {
      p.add(f[1]);
    } catch (const mistake& m) {
      // An expression that is an error whatever the row is refused at once.
      bool all = true;
      for (const auto& v : expected) all &= v == test::error_text || v == "\\?";
      if (all) continue;
      if (++refused <= 40) std::cerr << "refused: " << f[1] << "\n  at " << m.at << ": " << m.why << '\n';
      continue;
    }
    p.seal();
    const std::string type = name(p.type_of_result(0));
    // A 128-bit integer becomes a column as decimal(38,0).
    if (type != f[2] && !(f[2] == "hugeint" && type == "decimal(38,0)")) ++other_types[type + " for " + f[2]];
    evaluator e{p};
    const weir_batch batch = table.batch();
    e.begin({&batch});
    const column c = e.eval(0, {nullptr, rows});
    const std::vector<std::string> some = odd_rows(p, batch);
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::string ours = e.has_failed(i) ? test::error_text : test::encoded(p.type_of_result(0), c, i);
      const std::string& theirs = expected[static_cast<std::size_t>(i)];
      // Asked for alone, a row gives the same.
      if (i % 2 == 1 && some[static_cast<std::size_t>(i / 2)] != ours && ++wrong <= 60)
        std::cerr << "differs with a selection: " << f[1] << "\n  row " << i << ": " << ours << ", selected "
                  << some[static_cast<std::size_t>(i / 2)] << '\n';
      ++values;
      errors += theirs == test::error_text;
      nulls += theirs == test::null_text;
      if (same(ours, type, theirs, f[2])) continue;
      if (theirs == test::error_text && f[2].starts_with("decimal") && ours != test::null_text &&
          f[2].find("(18,") != std::string::npos) {
        ++narrower;  // DuckDB keeps decimals of at most 18 digits at 18
        continue;
      }
      if (++wrong > 60) continue;
      std::cerr << "differs: " << f[1] << "\n  row " << i << ": " << ours << " (" << type << "), DuckDB " << theirs
                << " (" << f[2] << ")\n";
      for (const auto& why : e.errors())
        if (why.row == i) std::cerr << "  " << why.why << '\n';
      break;
    }
  }
  std::cout << expressions << " expressions, " << values << " values (" << nulls << " nulls, " << errors << " errors), "
            << wrong << " differ, " << refused << " expressions refused, " << narrower
            << " beyond DuckDB's 18 digits\n";
  for (const auto& [what, n] : other_types) std::cout << "  type " << what << ": " << n << '\n';
  return wrong || refused || !expressions;
}
