// features.events: the lines of activity.hpp as a source, to fill files and topics with.
#pragma once

#include <string>
#include <string_view>

#include "events/activity.hpp"
#include "made/lines.hpp"

namespace features {

struct generated {
  weir::bytes_view value;
  std::string_view account;
};
WEIR_RECORD(generated, value, account)

class events : public made::lines<generated> {
 public:
  static constexpr const char* summary() {
    return "Made-up payments and trades of accounts as JSON; the same for the same seed.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("events", weir::integer).required().doc("How many."),
        weir::option("accounts", weir::integer).fallback("1000").doc("Of how many accounts."),
        weir::option("every", weir::timespan).fallback("\"2s\"").doc("Event time between two of them."),
        weir::option("seed", weir::integer).fallback("1").doc("Another seed, other events."));
  }
  explicit events(const weir::config& c)
      : activity_{.seed = static_cast<std::uint64_t>(c.get<std::int64_t>("seed")),
                  .accounts = static_cast<std::uint64_t>(c.get<std::int64_t>("accounts")),
                  .every_us = c.get<weir::duration>("every").count()},
        count_{c.get<std::int64_t>("events")} {
    if (count_ < 0) throw c.error("events", "must be 0 or more");
    if (activity_.accounts < 1 || activity_.accounts > 1'000'000) throw c.error("accounts", "must be 1 to 1,000,000");
    if (activity_.every_us < 1) throw c.error("every", "must be longer than nothing");
  }

 private:
  std::uint64_t begin() override { return static_cast<std::uint64_t>(count_); }
  std::string_view line(std::uint64_t number, std::string& to) override { return activity_.text(number, to, account_); }
  activity activity_;
  std::int64_t count_;
  std::string account_;
};

}  // namespace features
