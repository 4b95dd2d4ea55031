#include "extract/extract.hpp"

#include <cmath>

namespace features {
namespace {

constexpr std::int64_t millionths = 1'000'000;
constexpr std::int64_t most_amount = 1'000'000'000'000;  // 10,000,000,000.00 of the base currency

std::optional<double> average(const window_sums& w) {
  if (w.count == 0) return std::nullopt;
  return static_cast<double>(w.sum) / (100.0 * static_cast<double>(w.count));
}
std::optional<money> largest(const window_sums& w) {
  if (!w.largest) return std::nullopt;
  return money{*w.largest};
}
// How many standard deviations (of the whole window, not of a sample) the amount lies above the average. Both parts are
// whole numbers until the last step.
std::optional<double> zscore(const window_sums& w, std::int64_t amount) {
  const weir::int128 n = w.count, sum = w.sum, spread = n * w.squares - sum * sum;
  if (w.count < 2 || spread <= 0) return std::nullopt;
  return static_cast<double>(n * amount - sum) / std::sqrt(static_cast<double>(spread));
}

}  // namespace

extract::extract(const weir::config& c) : lateness_{c.get<weir::duration>("allowed_lateness")} {
  if (lateness_.count() < 0 || lateness_ > std::chrono::days{3650})
    throw c.error("allowed_lateness", "must be 0s to ten years");
  const auto currencies = c.at("currencies");
  for (const auto& code : currencies.keys()) {
    const auto value = currencies.get<double>(code);
    if (!(value >= 0.000001 && value <= 1'000'000))
      throw currencies.error(code, "must be 0.000001 to 1,000,000 of the base currency");
    currencies_[code] = std::llround(value * millionths);
  }
}

std::int64_t extract::base_amount(const account_event& e) const {
  const auto unit = currencies_.find(e.currency);
  if (unit == currencies_.end())
    throw weir::failure{"unknown currency: add it to the option 'currencies' or correct the event"};
  if (e.amount.unscaled < 0) throw weir::failure{"the amount is negative: a direction needs a column of its own"};
  const auto amount = (e.amount.unscaled * unit->second + millionths / 2) / millionths;
  if (amount > most_amount) throw weir::failure{"the amount is above 10,000,000,000 of the base currency"};
  return static_cast<std::int64_t>(amount);
}

void extract::process(const account_event& e, weir::time at, output& out) {
  if (at == weir::no_time)
    throw weir::plugin_error{"features need events with an event time: give the source a [watermark] with a field"};
  const std::int64_t amount = base_amount(e);
  if (e.counterparty.empty()) throw weir::failure{"the counterparty is empty"};
  // Accepted events are newer than this.
  const weir::time old = watermark() > weir::time::min() + lateness_ ? watermark() - lateness_ : weir::no_time;
  if (at <= old) return late_.emit(e);

  const std::int64_t minute = minute_of(at);
  if (sums_.empty()) silence_.set(end_of(minute));
  const auto [last_hour, last_day] = sums_.until(minute);
  counterparty_ = e.counterparty;
  const auto dealt = counterparties_.meet(minute, counterparty_);
  if (old != weir::no_time && sums_.forget(minute_of(old) - day)) {
    counterparties_.forget(minute_of(old) - day);
    last_.forget(old);
  }
  auto previous = last_.before(at);
  if (previous && minute_of(previous->first) < minute - day) previous.reset();

  feature_record f{
      .trace_id = e.trace_id,
      .source_id = e.source_id,
      .event_id = e.event_id,
      .desk = e.desk,
      .account = e.account,
      .counterparty = e.counterparty,
      .channel = e.channel,
      .amount = e.amount,
      .currency = e.currency,
      .event_at = e.event_at,
      .base_amount = {amount},
      .count_1h = last_hour.count,
      .sum_1h = {last_hour.sum},
      .avg_1h = average(last_hour),
      .max_1h = largest(last_hour),
      .count_24h = last_day.count,
      .sum_24h = {last_day.sum},
      .avg_24h = average(last_day),
      .max_24h = largest(last_day),
      .zscore_24h = zscore(last_day, amount),
      .counterparties_24h = dealt.count,
      .counterparty_is_new = dealt.is_new,
      .previous_amount{},
      .previous_channel{},
      .seconds_since_previous{},
  };
  if (previous) {
    f.previous_amount = money{previous->second.amount};
    f.previous_channel = previous->second.channel;
    f.seconds_since_previous = static_cast<double>((at - previous->first).count()) / 1e6;
  }
  out.emit(f);
  sums_.add(minute, amount);
  last_.add(at, {amount, std::string{e.channel}});
}

void extract::on_timer(const weir::timers&, weir::time at, const std::string&, output&) {
  const weir::time end = end_of(sums_.newest());
  if (at < end) return silence_.set(end);  // the account was not silent
  sums_.clear();
  counterparties_.clear();
  last_.clear();
}

}  // namespace features
