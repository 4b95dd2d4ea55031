// weir/detail/nearest.hpp: "did you mean ...?" for names of columns and options.
#ifndef WEIR_DETAIL_NEAREST_HPP
#define WEIR_DETAIL_NEAREST_HPP

#include <string>
#include <string_view>
#include <vector>

#include "weir/detail/text.hpp"

namespace weir::detail {

// How many letters must be changed, added or removed to turn one name into the other.
WEIR_DETAIL_COLD inline std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      const std::size_t insert = row[j - 1] + 1, remove = row[j] + 1;
      row[j] = change < insert ? (change < remove ? change : remove) : (insert < remove ? insert : remove);
    }
  }
  return row[b.size()];
}

// The nearest name, when it is near enough to be a slip; else the list of names.
WEIR_DETAIL_COLD inline std::string hint(std::string_view name, const std::vector<std::string_view>& names,
                                         std::string_view lead) {
  std::string_view best;
  std::size_t best_distance = name.size() / 3 + 2;
  for (const auto candidate : names)
    if (const auto d = distance(name, candidate); d < best_distance) best = candidate, best_distance = d;
  if (!best.empty()) return sentence({"; did you mean '", best, "'?"});
  if (names.empty()) return "";
  auto out = sentence({"; ", lead, " "});
  for (std::size_t i = 0; i < names.size(); ++i) out += sentence({i ? ", " : "", names[i]});
  return out;
}
}  // namespace weir::detail
#endif  // WEIR_DETAIL_NEAREST_HPP
