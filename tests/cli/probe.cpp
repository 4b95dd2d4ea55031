// A small plugin for tests of the command line: a source that counts, an operator that refuses some records, a sink
// that adds up.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "weir/batch_operator.hpp"
#include "weir/operator.hpp"
#include "weir/source.hpp"

namespace {

struct number {
  std::int64_t id = 0;
  std::string desk;
};
WEIR_RECORD(number, id, desk)

class numbers : public weir::record_source<number> {
 public:
  static constexpr auto options() {
    return weir::options(
        weir::option("count", weir::integer).fallback("10").doc("Records of the one split; -1: never ends."),
        weir::option("token", weir::text).secret().doc("A secret that does nothing."),
        weir::option("desks", weir::choice("one|many")).fallback("\"one\"").doc("How many different desks there are."));
  }
  explicit numbers(const weir::config& c) : count_{c.get<std::int64_t>("count")} {}

  void discover(weir::split_list& splits) override { splits.add("only"); }
  void open_split(std::uint32_t split, std::string_view, std::string_view position) override {
    split_ = split;
    open_ = true;
    next_ = position.empty() ? 0 : std::strtoll(std::string(position).c_str(), nullptr, 10);
  }
  void position(std::uint32_t, std::string& to) override { to = std::to_string(next_); }
  weir::polled poll(weir::duration, output& out) override {
    if (!open_) return weir::polled::idle;
    for (int i = 0; i < 100; ++i, ++next_) {
      if (next_ == count_) {
        split_end(split_);
        return weir::polled::end;
      }
      out.emit({next_, "fx"}, split_, next_);
    }
    return weir::polled::emitted;
  }

 private:
  std::int64_t count_, next_ = 0;
  std::uint32_t split_ = 0;
  bool open_ = false;
};

class picky : public weir::record_operator<number, number> {
 public:
  static constexpr auto options() {
    return weir::options(
        weir::option("refuse", weir::integer).fallback("-1").doc("Records with this id cannot be processed."),
        weir::option("crash", weir::integer).fallback("-1").doc("A record with this id ends the process."),
        weir::option("limit", weir::number).required().doc("Must be given."));
  }
  explicit picky(const weir::config& c)
      : refuse_{c.get<std::int64_t>("refuse")}, crash_{c.get<std::int64_t>("crash")} {}
  void process(const number& in, weir::time at, output& out) override {
    if (in.id == crash_) std::abort();
    if (in.id == refuse_) throw weir::failure("id " + std::to_string(in.id) + " is refused");
    out.emit(in, at);
  }

 private:
  std::int64_t refuse_, crash_;
};

// Reports the sum of all ids.
class adder : public weir::sink<number> {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("delay_ms", weir::integer)
                             .fallback("0")
                             .doc("Waits this long at every tenth record; -1: for ever."));
  }
  explicit adder(const weir::config& c) : delay_{c.get<std::int64_t>("delay_ms")} {}
  void process(const number& in, weir::time) override {
    if (delay_.count() < 0) std::fputs("the adder hangs\n", stderr);
    while (delay_.count() < 0) std::this_thread::sleep_for(std::chrono::hours(1));
    if (delay_.count() > 0 && in.id % 10 == 0) std::this_thread::sleep_for(delay_);
    sum_ += static_cast<std::uint64_t>(in.id);
  }
  void report(weir::figures& to) { to.add("sum", sum_); }

 private:
  std::chrono::milliseconds delay_;
  std::uint64_t sum_ = 0;
};

// Counts the records of each desk, and hands them on.
class tally : public weir::keyed_operator<std::string, number, number> {
  weir::value_state<std::int64_t> seen_{this, "seen"};

 public:
  explicit tally(const weir::config&) {}
  void process(const number& in, weir::time at, output& out) override {
    seen_ = seen_.value_or(0) + 1;
    out.emit(in, at);
  }
};

// Takes whatever comes and forgets it.
class nowhere : public weir::batch_sink {
 public:
  void process(const weir::batch_view&) override {}
};

}  // namespace

WEIR_PLUGIN("probe", "1.2.3", weir::operators<picky, tally, adder, nowhere>("picky", "tally", "adder", "nowhere"),
            weir::sources<numbers>("numbers"))
