// Nanoseconds a row that expressions cost, in batches of 1,024 rows and of one. Printed; not a test.
//   std_bench [EXPRESSION]
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "expression/program.hpp"
#include "table.hpp"

namespace {

using namespace weir::expression;
using namespace weir::expression::test;

struct costs {
  double row_ns, batch_ns;
};

double best_ns(evaluator& e, const program& p, const weir_batch& batch, std::vector<std::uint32_t>& rows,
               std::vector<char>& target, int rounds) {
  const bool condition = p.type_of_result(0).is == kind::boolean;
  const bool fixed = p.type_of_result(0).is != kind::text;
  double best = 1e18;
  for (int repeat = 0; repeat < 7; ++repeat) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) {
      e.begin({&batch});
      if (condition) {
        e.select(0, {nullptr, batch.length}, rows.data());
      } else if (fixed) {
        e.eval_into(0, {nullptr, batch.length}, target.data());
      } else {
        e.eval(0, {nullptr, batch.length});
      }
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count() / rounds);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int rows = 1024;
  std::mt19937_64 random{1};
  std::vector<std::string> auction, price, maybe, status, url, ts;
  for (int i = 0; i < rows; ++i) {
    auction.push_back(std::to_string(1000 + random() % 100'000));
    price.push_back(std::to_string(100 + random() % 10'000'000));
    maybe.push_back(random() % 10 ? std::to_string(random() % 1000) : "\\N");
    status.push_back(random() % 2 ? "NEW" : "SETTLED");
    url.push_back("https://x.org/item/" + std::to_string(random() % 100'000));
    ts.push_back(std::to_string(1'700'000'000'000'000 + static_cast<std::int64_t>(random() % 1'000'000'000'000)));
  }
  table t;
  t.add("auction", "int64", auction)
      .add("price", "int64", price)
      .add("maybe", "int64", maybe)
      .add("status", "utf8", status);
  t.add("url", "utf8", url).add("ts", "timestamp", ts);
  t.add("amount", "float64", price);

  std::vector<std::string> texts{
      "auction % 123 = 0",    // q2
      "price * 908 // 1000",  // q1
      "price > 5000000",
      "price + auction",
      "maybe + 1",
      "amount * 1.1 + 3",
      "price // auction",
      "status = 'NEW'",
      "status = 'NEW' AND price > 5000000",
      "price > 5000000 OR maybe < 100",
      "CASE WHEN price > 5000000 THEN price ELSE auction END",
      "CASE WHEN status = 'NEW' THEN price ELSE auction + 1 END",
      "url LIKE '%/item/7%'",
      "upper(status)",
      "status || '-' || auction",
      "date_trunc('hour', ts)",
      "CAST(price AS decimal(18,2)) * 1.5",
      "coalesce(maybe, 0)",
      "auction IN (1007, 1020, 2001, 2019, 2087)",
      "regexp_matches(url, '[0-9]+7$')",
      "md5(url)",
  };
  if (argc > 1) texts.assign(argv + 1, argv + argc);
  std::printf("%-60s %10s %14s\n", "expression", "ns a row", "ns, batch of 1");
  std::vector<std::uint32_t> selected(rows);
  std::vector<char> target(rows * 16 + 64);
  for (const auto& text : texts) {
    program p{t.columns()};
    try {
      p.add(text);
    } catch (const mistake& m) {
      std::fprintf(stderr, "%s\n  at %lld: %s\n", text.c_str(), static_cast<long long>(m.at), m.why.c_str());
      return 1;
    }
    p.seal();
    evaluator e{p};
    weir_batch batch = t.batch();
    const double large = best_ns(e, p, batch, selected, target, 2000);
    batch.length = batch.row_count = 1;
    const double one = best_ns(e, p, batch, selected, target, 20000);
    std::printf("%-60s %10.2f %14.0f\n", text.c_str(), large / rows, one);
  }
}
