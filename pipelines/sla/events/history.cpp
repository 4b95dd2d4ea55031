#include "events/history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <tuple>

namespace sla {
namespace {

constexpr std::array<std::string_view, 4> desks{"fx", "rates", "equities", "payments"};
struct level {
  std::string_view name;
  std::int64_t minutes;
};
constexpr std::array<level, 4> levels{{{"critical", 30}, {"high", 120}, {"medium", 240}, {"low", 480}}};
constexpr std::int64_t first_us =
    1'774'249'200'000'000;  // 2026-03-23T07:00:00Z, a Monday; Europe's clocks change on Sunday
constexpr std::int64_t most_late_us = 2'000'000, minute_us = 60'000'000;

/// A number that nothing but its inputs decides.
std::uint64_t dice(std::uint64_t seed, std::uint64_t number, std::uint64_t which) {
  std::uint64_t x = (seed + 1) * 0xd1342543de82ef95u ^ number * 0x9e3779b97f4a7c15u ^ which * 0xda942042e4dd58b5u;
  for (int i = 0; i < 2; ++i) x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  return x ^ (x >> 32);
}

std::string time_text(std::int64_t us) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds{us}};
  const year_month_day date{floor<days>(at)};
  const hh_mm_ss clock{at - floor<days>(at)};
  char text[40];
  const int n = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                              static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                              static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                              static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(n)};
}

const level& level_of(std::uint64_t seed, std::uint64_t exception) { return levels[dice(seed, exception, 1) % 4]; }

}  // namespace

history::history(std::uint64_t seed, std::uint64_t exceptions, std::int64_t every_us) : seed_{seed} {
  const auto add = [&](std::int64_t at, std::uint64_t n, std::uint32_t round, bool resolved) {
    const auto late = static_cast<std::int64_t>(dice(seed, n, 16 * round + (resolved ? 3 : 2)) % most_late_us);
    events_.push_back({at + late, at, n, round, resolved});
  };
  for (std::uint64_t n = 0; n < exceptions; ++n) {
    std::int64_t at = first_us + static_cast<std::int64_t>(n) * every_us;
    const std::int64_t budget_us = level_of(seed, n).minutes * minute_us;
    for (std::uint32_t round = 1;; ++round) {
      add(at, n, round, false);
      const std::uint64_t roll = dice(seed, n, 16 * round + 4);
      if (roll % 100 < 6) break;  // nobody ever does
      // Up to 1.3 times what is promised; every fifth up to four days; some to the microsecond, as many a second late.
      std::int64_t took = static_cast<std::int64_t>((roll >> 8) % static_cast<std::uint64_t>(budget_us * 13 / 10)) + 1;
      if (roll % 100 < 26) took = static_cast<std::int64_t>((roll >> 8) % (4 * 24 * 60)) * minute_us + 1'000'000;
      if (roll % 100 >= 96) took = budget_us + (roll % 2 ? 1 : 0);
      add(at += took, n, round, true);
      if (round == 3 || (roll >> 48) % 8 != 0) break;
      at += minute_us + static_cast<std::int64_t>((roll >> 52) % 4096) * 1'000'000;
    }
  }
  std::ranges::sort(events_, [](const event& a, const event& b) {
    return std::tie(a.arrives_us, a.exception, a.round, a.resolved) <
           std::tie(b.arrives_us, b.exception, b.round, b.resolved);
  });
}

std::string_view history::text(std::size_t i, std::string& to) {
  const event& e = events_.at(i);
  id_ = "EX-" + std::to_string(e.exception);
  to.append("{\"exception_id\":\"").append(id_).append("\",\"round\":").append(std::to_string(e.round));
  to.append(",\"event\":\"").append(e.resolved ? "resolved" : "opened");
  to.append("\",\"desk\":\"").append(desks[dice(seed_, e.exception, 0) % desks.size()]);
  to.append("\",\"severity\":\"").append(level_of(seed_, e.exception).name);
  to.append("\",\"at\":\"").append(time_text(e.at_us)).append("\"}");
  return id_;
}

}  // namespace sla
