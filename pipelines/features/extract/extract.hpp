// features.extract: one feature record for each event of an account: what the account had done before it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <weir/operator.hpp>

#include "extract/counterparties.hpp"
#include "extract/last_events.hpp"
#include "extract/rolling_sums.hpp"

namespace features {

using money = weir::decimal<18, 2>;

struct account_event {
  std::string_view trace_id, source_id, event_id, desk, account, counterparty, channel;
  money amount;  // of its currency, not negative
  std::string_view currency;
  weir::time event_at;
};
WEIR_RECORD(account_event, trace_id, source_id, event_id, desk, account, counterparty, channel, amount, currency,
            event_at)

/// The event, and what its account had done before. Amounts of features are in the base currency.
struct feature_record {
  std::string_view trace_id, source_id, event_id, desk, account, counterparty, channel;
  money amount;
  std::string_view currency;
  weir::time event_at;
  money base_amount;
  std::int64_t count_1h;
  weir::decimal<20, 2> sum_1h;
  std::optional<double> avg_1h;
  std::optional<money> max_1h;
  std::int64_t count_24h;
  weir::decimal<20, 2> sum_24h;
  std::optional<double> avg_24h;
  std::optional<money> max_24h;
  std::optional<double> zscore_24h;  // null: fewer than two events, or all of one amount
  std::int64_t counterparties_24h;
  bool counterparty_is_new;
  std::optional<money> previous_amount;
  std::optional<std::string_view> previous_channel;
  std::optional<double> seconds_since_previous;
};
WEIR_RECORD(feature_record, trace_id, source_id, event_id, desk, account, counterparty, channel, amount, currency,
            event_at, base_amount, count_1h, sum_1h, avg_1h, max_1h, count_24h, sum_24h, avg_24h, max_24h, zscore_24h,
            counterparties_24h, counterparty_is_new, previous_amount, previous_channel, seconds_since_previous)

/// The features of an event depend on the events of its account that came before it and on nothing else: neither on the
/// other accounts nor on when the clock moved. README.md says what each one counts.
class extract : public weir::keyed_operator<std::string, account_event, feature_record> {
 public:
  static constexpr const char* summary() {
    return "For each event of an account, what the account did in the hour and the day before it.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("currencies", weir::map)
            .required()
            .doc("Code = value of one unit in the base currency, with six digits behind the point."),
        weir::option("allowed_lateness", weir::timespan)
            .fallback("\"0s\"")
            .doc("How far behind the clock an event may be; what is older leaves by the port `late`."));
  }
  explicit extract(const weir::config&);
  void process(const account_event&, weir::time at, output&) override;
  void on_timer(const weir::timers&, weir::time at, const std::string& account, output&) override;

 private:
  [[nodiscard]] std::int64_t base_amount(const account_event&) const;
  // When an account whose newest event is of this minute can be forgotten.
  [[nodiscard]] weir::time end_of(std::int64_t newest_minute) const {
    return weir::time{std::chrono::minutes{newest_minute + day + 1}} + lateness_;
  }

  std::map<std::string, std::int64_t, std::less<>> currencies_;  // millionths of the base currency
  weir::duration lateness_;
  rolling_sums sums_{this};
  counterparties counterparties_{this};
  last_events last_{this};
  weir::timers silence_{this, "silence"};  // one an account, renewed when it fires
  weir::side_output<account_event> late_{this, "late"};
  std::string counterparty_;
};

}  // namespace features
