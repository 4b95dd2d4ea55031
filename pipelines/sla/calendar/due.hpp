// sla.due: until when an exception is to be resolved. The record goes on as it came, with two more columns.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <weir/operator.hpp>

#include "calendar/desk_hours.hpp"

namespace sla {

/// The columns that it reads; a record has more, which pass by untouched.
struct opened {
  std::string_view desk, severity;
};
struct promise {
  weir::time due_at;         // the last moment that is in time
  std::int32_t sla_minutes;  // of the desk's hours
};
WEIR_RECORD(opened, desk, severity)
WEIR_RECORD(promise, due_at, sla_minutes)

/// Counts from the record's event time. A desk or a severity that the tables do not know is a dead letter: nobody has
/// promised a time.
class due : public weir::extend_operator<opened, promise> {
 public:
  static constexpr const char* summary() { return "Until when an exception is to be resolved, in hours of its desk."; }
  static constexpr auto desk_options = weir::options(
      weir::option("name", weir::text).required().doc("As the events call it."),
      weir::option("opens", weir::text).fallback("\"00:00\"").doc("On the desk's clock, HH:MM."),
      weir::option("closes", weir::text).fallback("\"24:00\"").doc("On the desk's clock, HH:MM, the same day."),
      weir::option("days", weir::list_of_text)
          .fallback("[\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]")
          .doc("mon to sun."),
      weir::option("holidays", weir::list_of_text).fallback("[]").doc("Days off as YYYY-MM-DD."),
      weir::option("utc_offset_minutes", weir::integer)
          .fallback("0")
          .doc("What the desk's clock is ahead of UTC in winter."),
      weir::option("summer_time", weir::choice("none|eu|us"))
          .fallback("\"none\"")
          .doc("When clocks go forward by an hour."));
  static constexpr auto options() {
    return weir::options(weir::option("desks", weir::list_of_tables)
                             .required()
                             .nested(desk_options.data())
                             .doc("The desks and their hours."),
                         weir::option("severity", weir::map).required().doc("Severity = minutes of desk hours."));
  }
  explicit due(const weir::config&);
  void process(const opened&, weir::time, promise&) override;

 private:
  std::map<std::string, desk_hours, std::less<>> desks_;
  std::map<std::string, std::int32_t, std::less<>> minutes_;
};

}  // namespace sla
