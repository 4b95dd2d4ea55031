#include "config/canary.hpp"

#include <algorithm>
#include <cstdio>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::config {
namespace {

using base::cat;
using base::quoted;

constexpr std::size_t most_steps = 100;
constexpr std::uint64_t most_cuts = 1'000'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

base::result<std::vector<double>> parse_percents(std::string_view text) {
  std::vector<double> out;
  if (trimmed(text) == "none") return out;
  const auto wrong = [&](std::string_view part) {
    return base::config_error(
        cat("a canary is told in shares such as \"5%\" or \"5%,25%,100%\", each above 0% and above the "
            "one before, or \"none\"; not ",
            quoted(part)));
  };
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view part = trimmed(text.substr(0, comma));
    if (!part.ends_with('%')) return wrong(part);
    const auto percent = base::parse_double(trimmed(part.substr(0, part.size() - 1)));
    if (!percent || !(*percent > 0) || *percent > 100 || (!out.empty() && *percent <= out.back()) ||
        out.size() == most_steps)
      return wrong(part);
    out.push_back(*percent);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (out.back() < 100) out.push_back(100);
  return out;
}

base::result<void> parse_step(std::string_view text, canary& to) {
  text = trimmed(text);
  const auto cuts = base::parse_uint64(text);
  if (cuts && *cuts > 0 && *cuts <= most_cuts) {
    to.step_cuts = static_cast<std::uint32_t>(*cuts);
    to.step_us = 0;
    return {};
  }
  const auto us = base::parse_duration_us(text);
  if (cuts || !us || *us <= 0)
    return base::config_error(
        cat("a step is a time such as \"10m\", or a number of checkpoints such as \"3\", not ", quoted(text)));
  to.step_us = *us;
  to.step_cuts = 1;
  return {};
}

std::string percent_text(double percent) {
  char room[32];
  std::snprintf(room, sizeof room, "%.6g%%", percent);
  return room;
}

}  // namespace weir::config
