#include "scorer/scorer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace exceptions {
namespace {

constexpr double amount_weight = 40, age_weight = 40, most_reason = 20;

double number_between(const weir::config& c, const std::string& path, double least, double most, const char* must) {
  const auto value = c.get<double>(path);
  if (!(value >= least && value <= most)) throw c.error(path, must);
  return value;
}

}  // namespace

scorer::scorer(const weir::config& c) {
  for (const auto& d : c.elements("desks")) {
    const auto name = d.get<std::string>("name");
    desk made{number_between(d, "limit", 1, 1e15, "must be 1 or more"), d.get<weir::duration>("trade_sla"),
              d.get<weir::duration>("payment_sla")};
    for (const char* sla : {"trade_sla", "payment_sla"})
      if (d.get<weir::duration>(sla) < std::chrono::minutes{1}) throw d.error(sla, "must be a minute or more");
    if (!desks_.emplace(name, made).second) throw d.error("name", "the desk '" + name + "' is there twice");
  }
  const auto currencies = c.at("currencies");
  for (const auto& code : currencies.keys())
    currencies_[code] = number_between(currencies, code, 1e-9, 1e9, "must be the value of one unit, more than 0");
  const auto reasons = c.at("reasons");
  for (const auto& code : reasons.keys())
    reasons_[code] = number_between(reasons, code, 0, most_reason, "must be 0 to 20");
  other_reasons_ = number_between(c, "other_reasons", 0, most_reason, "must be 0 to 20");
  medium_ = c.get<double>("severity.medium");
  high_ = c.get<double>("severity.high");
  critical_ = c.get<double>("severity.critical");
  if (!(medium_ <= high_ && high_ <= critical_)) throw c.error("severity", "must rise: medium, high, critical");
}

std::string_view scorer::severity_of(double score) const {
  return score >= critical_ ? "critical" : score >= high_ ? "high" : score >= medium_ ? "medium" : "low";
}

void scorer::process(const exception_event& e, weir::time, assessment& out) {
  const auto known_desk = desks_.find(e.desk);
  if (known_desk == desks_.end())
    throw weir::failure{"unknown desk: add it to the option 'desks' or correct the event"};
  const auto rate = currencies_.find(e.currency);
  if (rate == currencies_.end())
    throw weir::failure{"unknown currency: add it to the option 'currencies' or correct the event"};
  const bool payment = e.kind == "payment";
  if (!payment && e.kind != "trade") throw weir::failure{"kind is neither trade nor payment"};
  if (e.amount.unscaled < 0) throw weir::failure{"the amount is negative"};
  if (e.event_at < e.booked_at) throw weir::failure{"the event is older than its booking"};

  const auto sla = payment ? known_desk->second.payment_sla : known_desk->second.trade_sla;
  const auto age = e.event_at - e.booked_at;
  const double base_amount = static_cast<double>(e.amount.unscaled) / 100 * rate->second;
  double reason = other_reasons_;
  if (e.reason_code)
    if (const auto known = reasons_.find(*e.reason_code); known != reasons_.end()) reason = known->second;
  const double score = amount_weight * std::min(1.0, base_amount / known_desk->second.limit) +
                       age_weight * std::min(1.0, static_cast<double>(age.count()) / static_cast<double>(sla.count())) +
                       reason;
  out.score = std::round(score * 10) / 10;
  out.severity = severity_of(out.score);
  out.age_seconds = std::chrono::floor<std::chrono::seconds>(age).count();
  out.sla_minutes = static_cast<std::int32_t>(std::chrono::floor<std::chrono::minutes>(sla).count());
}

}  // namespace exceptions
