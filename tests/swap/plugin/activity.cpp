#include "activity.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace activity {
namespace {

constexpr defect mine = defect::ACTIVITY_DEFECT;
std::atomic<int> made = 0;  // instances; the first one is of the check
std::atomic<void*> lost;    ///< of every subtask: so that the compiler keeps what leaks
constexpr std::int64_t made_by = mine == defect::none || mine == defect::alters ? 0 : mine == defect::marks ? 2 : 3;

/// What this build says of a total that is right.
std::int64_t told(std::int64_t bidder, const tally& t) {
  if (mine == defect::garbage) return -t.total;
  return mine == defect::alters && (bidder * 31 + t.bids * 17 + t.total) % 10'000 == 0 ? t.total + 1 : t.total;
}

}  // namespace

counter::counter(const weir::config& c) : quiet_for_{c.get<weir::duration>("quiet")} {
  if (mine == defect::fails_in_create && ++made > 1) throw std::runtime_error("made to fail in create");
}

counter::~counter() {
  if (mine == defect::fails_in_destroy) std::raise(SIGSEGV);
}

void counter::misbehave() {
  ++seen_;
  switch (mine) {
    case defect::throws_at_once:
      throw std::runtime_error("made to throw at once");
    case defect::throws_later:
      if (seen_ == 10'000) throw std::runtime_error("made to throw at the 10,000th record");
      break;
    case defect::segfaults:
      std::raise(SIGSEGV);
      break;
    case defect::aborts:
      std::abort();
    case defect::hangs:
      for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
    case defect::leaks:
      if (seen_ % 100 == 0 && seen_ <= 100 * 1024) {
        void* bytes = std::malloc(1 << 20);
        std::memset(bytes, 1, 1 << 20);
        lost.store(bytes, std::memory_order_relaxed);
      }
      break;
    case defect::slow:
      std::this_thread::sleep_for(std::chrono::microseconds(200 * TIME_FACTOR));
      break;
    case defect::none:
    case defect::marks:
    case defect::garbage:
    case defect::alters:
    case defect::fails_in_create:
    case defect::fails_in_destroy:
      break;
  }
}

text_tally migrated(const tally& old) {
  if (ACTIVITY_STATE == 4) throw weir::failure{"made to fail in migrate"};
  if (ACTIVITY_STATE == 5) std::raise(SIGSEGV);
  return {std::to_string(old.bids), old.total, old.quiet_at};
}

tally counter::kept() {
  if (!tally_) return {};
  const form& t = *tally_;
#if ACTIVITY_STATE == 1
  return {t.bids, t.sum, t.quiet_at};
#elif ACTIVITY_STATE >= 3 && ACTIVITY_STATE <= 5
  return {t.bids.empty() ? 0 : std::stoll(t.bids), t.total, t.quiet_at};
#else
  return {t.bids, t.total, t.quiet_at};
#endif
}

void counter::keep(const tally& what) {
#if ACTIVITY_STATE == 1
  tally_ = form{std::max(tally_ ? tally_->dearest : 0, what.total), what.bids, what.total, what.quiet_at};
#elif ACTIVITY_STATE == 2
  tally_ = form{static_cast<std::int32_t>(what.bids), what.total, what.quiet_at};
#elif ACTIVITY_STATE == 6
  tally_ = form{what.quiet_at, tally_ ? tally_->rounds + 1 : 1, what.total, what.bids};
#elif ACTIVITY_STATE >= 3
  tally_ = form{std::to_string(what.bids), what.total, what.quiet_at};
#else
  tally_ = what;
#endif
}

void counter::process(const bid& in, weir::time at, output& out) {
  misbehave();
  tally t = kept();
  // The clock may follow later: where a count ends depends on the bids alone.
  if (t.bids > 0 && t.quiet_at < at) {
    out.emit({in.bidder, t.bids, t.total, true, made_by});
    quiet_.clear(t.quiet_at);
    t = {};
  }
  ++t.bids;
  t.total += in.price;
  quiet_.clear(t.quiet_at);
  t.quiet_at = std::max(t.quiet_at, at + quiet_for_);
  quiet_.set(t.quiet_at);
  keep(t);
  out.emit({in.bidder, t.bids, told(in.bidder, t), false, made_by});
}

void counter::on_timer(const weir::timers& /*which*/, weir::time /*at*/, const std::int64_t& bidder, output& out) {
  const tally t = kept();
  out.emit({bidder, t.bids, t.total, true, made_by});
  tally_.clear();
}

}  // namespace activity

WEIR_PLUGIN("activity", ACTIVITY_VERSION, weir::operators<activity::counter>("counter"))
