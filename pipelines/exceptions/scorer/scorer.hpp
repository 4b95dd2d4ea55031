// exceptions.score: how urgent an exception is. The record goes on as it came, with four more columns.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <weir/operator.hpp>

namespace exceptions {

/// The columns that the score needs; an event has more, which pass by untouched.
struct exception_event {
  std::string_view kind;  // "trade" or "payment"
  std::string_view desk;
  std::string_view currency;
  std::optional<std::string_view> reason_code;
  weir::decimal<18, 2> amount;
  weir::time booked_at, event_at;
};

struct assessment {
  std::string_view severity;  // low, medium, high, critical
  double score;               // 0 to 100, one digit behind the point
  std::int64_t age_seconds;   // from booking to the event
  std::int32_t sla_minutes;   // what the desk has promised for this kind
};

WEIR_RECORD(exception_event, kind, desk, currency, reason_code, amount, booked_at, event_at)
WEIR_RECORD(assessment, severity, score, age_seconds, sla_minutes)

/// Score = 40 for the amount in the base currency against the desk's limit, 40 for the age against the promised time,
/// and the weight of the reason. A desk, a currency or a kind that the tables do not know makes the record a dead
/// letter: a wrong score would send it to the wrong people.
class scorer : public weir::extend_operator<exception_event, assessment> {
 public:
  static constexpr const char* summary() {
    return "Severity, score, age and promised time of a trade or payment exception.";
  }
  static constexpr auto desk_options = weir::options(
      weir::option("name", weir::text).required().doc("As the events call it."),
      weir::option("limit", weir::number).required().doc("Amount in the base currency that counts in full."),
      weir::option("trade_sla", weir::timespan).required().doc("Time in which a trade exception is to be solved."),
      weir::option("payment_sla", weir::timespan).required().doc("The same for a payment."));
  static constexpr auto levels =
      weir::options(weir::option("medium", weir::number).fallback("40.0").doc("Least score of medium."),
                    weir::option("high", weir::number).fallback("60.0").doc("Least score of high."),
                    weir::option("critical", weir::number).fallback("80.0").doc("Least score of critical."));
  static constexpr auto options() {
    return weir::options(
        weir::option("desks", weir::list_of_tables)
            .required()
            .nested(desk_options.data())
            .doc("The desks, each with its limit and times."),
        weir::option("currencies", weir::map).required().doc("Code = value of one unit in the base currency."),
        weir::option("reasons", weir::map).doc("Reason code = weight, 0 to 20."),
        weir::option("other_reasons", weir::number)
            .fallback("5.0")
            .doc("Weight of a reason that `reasons` does not name, or of none."),
        weir::option("severity", weir::table)
            .nested(levels.data())
            .doc("Least score of each severity; below medium it is low."));
  }

  explicit scorer(const weir::config&);
  void process(const exception_event&, weir::time, assessment&) override;

 private:
  struct desk {
    double limit;
    weir::duration trade_sla, payment_sla;
  };
  std::string_view severity_of(double score) const;

  std::map<std::string, desk, std::less<>> desks_;
  std::map<std::string, double, std::less<>> currencies_, reasons_;
  double other_reasons_, medium_, high_, critical_;
};

}  // namespace exceptions
