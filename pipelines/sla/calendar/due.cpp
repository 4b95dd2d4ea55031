#include "calendar/due.hpp"

namespace sla {

using std::chrono::minutes;

namespace {

desk_hours hours_of(const weir::config& d) {
  desk_hours::rules r;
  r.opens = clock_of(d.get<std::string>("opens"));
  r.closes = clock_of(d.get<std::string>("closes"));
  if (r.opens < minutes{0}) throw d.error("opens", "must be a time as 08:30");
  if (r.closes < minutes{0}) throw d.error("closes", "must be a time as 18:30, at most 24:00");
  if (r.closes <= r.opens) throw d.error("closes", "must be later than `opens`: what goes over midnight is two desks");
  r.weekdays = 0;
  for (const auto& day : d.get<std::vector<std::string>>("days")) {
    const unsigned bit = weekday_of(day);
    if (bit == 0) throw d.error("days", "'" + day + "' is none of mon, tue, wed, thu, fri, sat, sun");
    r.weekdays |= bit;
  }
  if (r.weekdays == 0) throw d.error("days", "must name a day");
  for (const auto& text : d.get<std::vector<std::string>>("holidays")) {
    std::chrono::sys_days day;
    if (!date_of(text, day)) throw d.error("holidays", "'" + text + "' is no date as 2026-12-25");
    r.holidays.insert(day);
  }
  r.utc_offset = minutes{d.get<std::int64_t>("utc_offset_minutes")};
  if (r.utc_offset < minutes{-14 * 60} || r.utc_offset > minutes{14 * 60})
    throw d.error("utc_offset_minutes", "must be -840 to 840");
  const auto summer = d.get<std::string>("summer_time");
  r.summer = summer == "eu" ? summer_time::eu : summer == "us" ? summer_time::us : summer_time::none;
  return desk_hours{std::move(r)};
}

}  // namespace

due::due(const weir::config& c) {
  for (const auto& d : c.elements("desks")) {
    const auto name = d.get<std::string>("name");
    if (!desks_.emplace(name, hours_of(d)).second) throw d.error("name", "the desk '" + name + "' is there twice");
  }
  const auto severity = c.at("severity");
  for (const auto& name : severity.keys()) {
    const auto m = severity.get<std::int64_t>(name);
    if (m < 1 || m > 1'000'000) throw severity.error(name, "must be minutes, 1 to 1,000,000");
    minutes_[name] = static_cast<std::int32_t>(m);
  }
}

void due::process(const opened& o, weir::time at, promise& out) {
  const auto desk = desks_.find(o.desk);
  if (desk == desks_.end()) throw weir::failure{"unknown desk: add it to the option 'desks' or correct the event"};
  const auto budget = minutes_.find(o.severity);
  if (budget == minutes_.end())
    throw weir::failure{"unknown severity: add it to the option 'severity' or correct the event"};
  out.sla_minutes = budget->second;
  out.due_at = desk->second.after(at, minutes{budget->second});
  if (out.due_at == weir::no_time)
    throw weir::failure{"its desk does not open for so long: look at its days and holidays"};
}

}  // namespace sla
