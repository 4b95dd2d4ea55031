#include "activity.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace activity {
namespace {

constexpr defect mine = defect::ACTIVITY_DEFECT;
int made = 0;  // instances; the first one is of the check
void* volatile lost = nullptr;
constexpr std::int64_t made_by = mine == defect::none || mine == defect::alters ? 0 : 3;

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
        lost = std::malloc(1 << 20);
        std::memset(lost, 1, 1 << 20);
      }
      break;
    case defect::slow:
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      break;
    case defect::none:
    case defect::garbage:
    case defect::alters:
    case defect::fails_in_create:
    case defect::fails_in_destroy:
      break;
  }
}

void counter::process(const bid& in, weir::time at, output& out) {
  misbehave();
  auto& t = tally_.write();
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
  out.emit({in.bidder, t.bids, told(in.bidder, t), false, made_by});
}

void counter::on_timer(const weir::timers& /*which*/, weir::time /*at*/, const std::int64_t& bidder, output& out) {
  out.emit({bidder, tally_->bids, tally_->total, true, made_by});
  tally_.clear();
}

}  // namespace activity

WEIR_PLUGIN("activity", ACTIVITY_VERSION, weir::operators<activity::counter>("counter"))
