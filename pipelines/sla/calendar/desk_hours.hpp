// Time that counts while a desk is open: its hours, its days off, its clock.
#pragma once

#include <chrono>
#include <set>
#include <string_view>
#include <weir/types.hpp>

namespace sla {

/// When clocks are put forward by an hour.
enum class summer_time { none, eu, us };

/// The days and hours of one desk, on its own clock. Any thread; never changes.
class desk_hours {
 public:
  struct rules {
    std::chrono::minutes opens{0}, closes{24 * 60};  // after midnight, closes > opens; 24:00 is midnight
    unsigned weekdays = 0x7f;                        // bit 0: Sunday
    std::set<std::chrono::sys_days> holidays{};      // days of the desk's own calendar
    std::chrono::minutes utc_offset{0};              // of its clock in winter
    summer_time summer = summer_time::none;
  };
  explicit desk_hours(rules r) : rules_{std::move(r)} {}

  /// The first moment at which `budget` of the desk's hours have passed since `start`: the closing time itself when
  /// they end with the day. weir::no_time when the desk does not open that long within ten years.
  [[nodiscard]] weir::time after(weir::time start, weir::duration budget) const;

 private:
  [[nodiscard]] std::chrono::minutes offset_at(weir::time) const;
  // What the desk's clock shows, as UTC. When clocks go back, an hour comes twice: the first one is meant.
  [[nodiscard]] weir::time moment_of(weir::time shown) const;
  rules rules_;
};

/// "08:30" to "24:00" as minutes after midnight; -1 minutes: it is none.
std::chrono::minutes clock_of(std::string_view text);
/// "2026-12-25"; false: it is no date.
bool date_of(std::string_view text, std::chrono::sys_days& to);
/// "mon" to "sun" as the bit of desk_hours::rules::weekdays; 0: it is none.
unsigned weekday_of(std::string_view text);

}  // namespace sla
