#pragma once
// The operator that the tests of swaps exchange: it counts each bidder's bids, and closes the count when the bidder was
// quiet for a while. Built many times, as versions that are right and versions that are wrong in one way each.
#include <chrono>
#include <cstdint>
#include <string>
#include <weir/operator.hpp>

// One build calls a column otherwise.
#ifndef ACTIVITY_TOTAL
#  define ACTIVITY_TOTAL total
#endif

namespace activity {

// What this build does wrong; ACTIVITY_DEFECT says which.
enum class defect {
  none,
  throws_at_once,
  throws_later,  ///< at its 10,000th record
  segfaults,
  aborts,
  hangs,
  leaks,    ///< 1 GiB
  slow,     ///< a hundred times slower
  garbage,  ///< totals that are below nothing
  marks,    ///< nothing is wrong; its rows say who made them
  alters,   ///< about one total in 10,000 is off by one
  fails_in_create,
  fails_in_destroy,
};

struct bid {
  std::int64_t bidder;
  std::int64_t price;
};
WEIR_RECORD(bid, bidder, price)

struct count {
  std::int64_t bidder;
  std::int64_t bids;
  std::int64_t ACTIVITY_TOTAL;
  bool closed;           ///< the bidder was quiet
  std::int64_t made_by;  ///< 0: a version that looks right, else 3
};
WEIR_RECORD(count, bidder, bids, ACTIVITY_TOTAL, closed, made_by)

// Some builds keep the count in another form. 1: a member more, one renamed; 2: a member got smaller; 3: as a text that only
// the plugin reads; 4 and 5: so, but it fails, it crashes; 6: members in another order and one more, which the host converts there and back.
// Others keep it for so many hours; 0: for ever.
#ifndef ACTIVITY_KEPT_HOURS
#  define ACTIVITY_KEPT_HOURS 0
#endif
#ifndef ACTIVITY_STATE
#  define ACTIVITY_STATE 0
#endif

struct tally {
  std::int64_t bids = 0;
  std::int64_t total = 0;
  weir::time quiet_at{};
};
WEIR_RECORD(tally, bids, total, quiet_at)

struct more_tally {
  std::int64_t dearest = 0;
  std::int64_t bids = 0;
  std::int64_t sum = 0;
  weir::time quiet_at{};
};
WEIR_RECORD(more_tally, dearest, bids, sum, quiet_at)
WEIR_RENAMED(more_tally, {"total", "sum"})

struct small_tally {
  std::int32_t bids = 0;
  std::int64_t total = 0;
  weir::time quiet_at{};
};
WEIR_RECORD(small_tally, bids, total, quiet_at)

struct other_tally {
  weir::time quiet_at{};
  std::int64_t rounds = 0;
  std::int64_t total = 0;
  std::int64_t bids = 0;
};
WEIR_RECORD(other_tally, quiet_at, rounds, total, bids)

struct text_tally {
  std::string bids;
  std::int64_t total = 0;
  weir::time quiet_at{};
};
WEIR_RECORD(text_tally, bids, total, quiet_at)
text_tally migrated(const tally& old);

class counter : public weir::keyed_operator<std::int64_t, bid, count> {
 public:
  static constexpr auto options() {
    return weir::options(
        weir::option("quiet", weir::timespan).fallback("\"1s\"").doc("How long a bidder must be quiet."));
  }
  static constexpr const char* summary() { return "Counts bids, by bidder."; }

  explicit counter(const weir::config& c);
  ~counter() override;
  void process(const bid& in, weir::time at, output& out) override;
  void on_timer(const weir::timers& which, weir::time at, const std::int64_t& bidder, output& out) override;

 private:
  void misbehave();
  tally kept();
  void keep(const tally& what);
#if ACTIVITY_STATE == 0
  using form = tally;
#elif ACTIVITY_STATE == 1
  using form = more_tally;
#elif ACTIVITY_STATE == 6
  using form = other_tally;
#elif ACTIVITY_STATE == 2
  using form = small_tally;
#else
  using form = text_tally;

 public:
  static constexpr auto migrations = weir::migrations(weir::migrate_value<tally, text_tally>("tally", migrated));

 private:
#endif
  weir::value_state<form> tally_{this, "tally", weir::ttl{std::chrono::hours{ACTIVITY_KEPT_HOURS}}};
  weir::timers quiet_{this, "quiet"};
  weir::duration quiet_for_;
  std::int64_t seen_ = 0;  // by this instance
};

}  // namespace activity
