#include "events/activity.hpp"

#include <array>

#include "made/text.hpp"

namespace features {
namespace {

using made::dice;
using text_view = std::string_view;

constexpr std::array<text_view, 3> desks{"payments", "fx", "cards"};
constexpr std::array<text_view, 5> channels{"swift", "sepa", "instant", "card", "api"};
constexpr std::array<text_view, 4> currencies{"EUR", "USD", "GBP", "JPY"};
constexpr std::array<text_view, 8> partner_names{
    "Alder Bank", "Birch Capital",  "Cedar Clearing",          "Dogwood Ltd",
    "Elm & Co",   "Fir Securities", "Maple \\\"Global\\\" AG", "Zirbe \u00d6G"};
constexpr std::int64_t first_us = 1'772'438'400'000'000;  // 2026-03-02T08:00:00Z
constexpr std::int64_t most_late_us = 2'000'000, day_us = 86'400'000'000;

}  // namespace

std::string_view activity::text(std::uint64_t number, std::string& to, std::string& account_id) const {
  const auto planned = first_us + static_cast<std::int64_t>(number) * every_us;
  std::uint64_t account = 0;
  for (std::uint64_t tries = 0; tries < 16; ++tries) {
    // The product of two fractions: few accounts are busy, most are not.
    const auto roll = dice(seed, number, 16 + tries);
    account = ((roll & 0xffff) * ((roll >> 16) & 0xffff) * accounts) >> 32;
    if (dice(seed, account, 1'000 + static_cast<std::uint64_t>(planned / day_us)) % 3 != 0) break;
  }
  std::int64_t at = planned - static_cast<std::int64_t>(dice(seed, number, 0) % most_late_us);
  if (dice(seed, number, 1) % 10 == 0) at -= at % 1'000'000;  // some at the same moment
  const auto roll = dice(seed, number, 2), money_roll = dice(seed, number, 3);
  // Each account has its usual amounts; one event of fifty is far above them.
  std::uint64_t cents = 1'000 + dice(seed, account, 4) % 1'000'000;
  cents = cents / 2 + money_roll % cents;
  if (roll % 50 == 0) cents *= 10 + (money_roll >> 32) % 40;
  const auto partners = 2 + account % (partner_names.size() - 1);

  account_id = "AC-";
  made::add_padded(account_id, account, 6);
  to += "{\"trace_id\":\"";
  made::add_hex(to, dice(seed, number, 5));
  made::add_hex(to, number);
  to += '"';
  made::add_member(to, "source_id", (roll >> 8) % 3 ? "payment-hub" : "card-gateway");
  to += ",\"event_id\":\"EV-";
  made::add_number(to, number);
  to += '"';
  made::add_member(to, "desk", desks[account % desks.size()]);
  made::add_member(to, "account", account_id);
  made::add_member(to, "counterparty", partner_names[(account + (roll >> 16) % partners) % partner_names.size()]);
  made::add_member(to, "channel", channels[(roll >> 24) % channels.size()]);
  made::add_number(to += ",\"amount\":", cents / 100);
  made::add_padded(to += '.', cents % 100, 2);
  made::add_member(to, "currency", currencies[(roll >> 32) % 5 % currencies.size()]);
  made::add_time(to += ",\"event_at\":\"", at);
  to += "\"}";
  return account_id;
}

}  // namespace features
