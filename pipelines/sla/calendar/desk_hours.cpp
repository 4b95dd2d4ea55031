#include "calendar/desk_hours.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sla {

using namespace std::chrono;

namespace {

constexpr days most_days{3'660};

bool number(std::string_view text, int& to) {
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), to);
  return wrong == std::errc{} && end == text.data() + text.size() && text.front() != '-';
}

// When summer begins and ends in a year, as UTC.
std::pair<weir::time, weir::time> summer_of(summer_time rule, year y, minutes offset) {
  if (rule == summer_time::eu)  // everywhere at once, at 01:00 UTC
    return {sys_days{y / March / Sunday[last]} + hours{1}, sys_days{y / October / Sunday[last]} + hours{1}};
  return {sys_days{y / March / Sunday[2]} + hours{2} - offset, sys_days{y / November / Sunday[1]} + hours{1} - offset};
}

}  // namespace

minutes desk_hours::offset_at(weir::time at) const {
  if (rules_.summer == summer_time::none) return rules_.utc_offset;
  const year_month_day date{floor<days>(at + rules_.utc_offset)};
  const auto [begin, end] = summer_of(rules_.summer, date.year(), rules_.utc_offset);
  return rules_.utc_offset + (at >= begin && at < end ? minutes{60} : minutes{0});
}

weir::time desk_hours::moment_of(weir::time shown) const {
  const weir::time winter = shown - rules_.utc_offset;
  return winter - (offset_at(winter - minutes{60}) - rules_.utc_offset);
}

weir::time desk_hours::after(weir::time start, weir::duration left) const {
  const auto first = floor<days>(start + offset_at(start));
  for (auto day = first; day < first + most_days; day += days{1}) {
    if (!(rules_.weekdays & (1u << weekday{day}.c_encoding())) || rules_.holidays.contains(day)) continue;
    const weir::time from = std::max(start, moment_of(day + rules_.opens)), to = moment_of(day + rules_.closes);
    if (from >= to) continue;
    if (left <= to - from) return from + left;
    left -= to - from;
  }
  return weir::no_time;
}

minutes clock_of(std::string_view text) {
  int h = 0, m = 0;
  if (text.size() != 5 || text[2] != ':' || !number(text.substr(0, 2), h) || !number(text.substr(3), m) || m > 59 ||
      h * 60 + m > 24 * 60)
    return minutes{-1};
  return minutes{h * 60 + m};
}

bool date_of(std::string_view text, sys_days& to) {
  int y = 0, m = 0, d = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !number(text.substr(0, 4), y) ||
      !number(text.substr(5, 2), m) || !number(text.substr(8), d))
    return false;
  const year_month_day date{year{y}, month{static_cast<unsigned>(m)}, day{static_cast<unsigned>(d)}};
  to = date.ok() ? sys_days{date} : sys_days{};
  return date.ok();
}

unsigned weekday_of(std::string_view text) {
  constexpr std::array<std::string_view, 7> names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  const auto found = std::ranges::find(names, text);
  return found == names.end() ? 0 : 1u << (found - names.begin());
}

}  // namespace sla
