// Random input for comparisons with a plain reference: out of order, with watermarks that make some rows late.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "trades.hpp"

namespace window_test {

struct timed {
  trade what;
  std::int64_t at;  // seconds
};

// Times differ, so that first, last and arg_min have one answer; prices too.
inline std::vector<timed> random_trades(unsigned seed, int count, int disorder) {
  std::mt19937 random{seed};
  std::vector<timed> out;
  std::vector<std::int64_t> prices(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < prices.size(); ++i) prices[i] = static_cast<std::int64_t>(i) - count / 2;
  std::shuffle(prices.begin(), prices.end(), random);
  std::int64_t t = 0;
  for (int i = 0; i < count; ++i) {
    t += 1 + (random() % 10 == 0 ? random() % 30 : 0);
    trade one{std::string(1, static_cast<char>('a' + random() % 5)), i, std::nullopt};
    if (random() % 4) one.price = prices[static_cast<std::size_t>(i)];
    out.push_back({one, t});
  }
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < out.size(); ++i)
    order.push_back({out[i].at + static_cast<std::int64_t>(random() % (disorder + 1)), i});
  std::sort(order.begin(), order.end());
  std::vector<timed> shuffled;
  shuffled.reserve(order.size());
  for (const auto& [_, i] : order) shuffled.push_back(out[i]);
  return shuffled;
}

// Watermarks: after every 16th row the newest time less the allowance.
inline std::vector<std::int64_t> watermarks(const std::vector<timed>& rows, std::int64_t allowance) {
  std::vector<std::int64_t> out;
  std::int64_t newest = INT64_MIN, mark = INT64_MIN;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.push_back(mark);  // that holds when row i comes
    newest = std::max(newest, rows[i].at);
    if (i % 16 == 15) mark = newest - allowance - 1;
  }
  return out;
}

}  // namespace window_test
