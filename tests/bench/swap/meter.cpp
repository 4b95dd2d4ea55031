// What scripts/bench swap runs: a source that says when it sent each row, a keyed operator with as much state as is asked for, which is
// built twice and exchanged, and once more with another form of its state, and a sink that notes when the rows came.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>
#include <weir/operator.hpp>
#include <weir/source.hpp>

namespace meter {

std::int64_t clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct tick {
  std::int64_t key;
  std::int64_t sent_us;  // 0: it only fills the state
};
WEIR_RECORD(tick, key, sent_us)

class ticks final : public weir::record_source<tick> {
 public:
  static constexpr const char* summary() { return "Each key once as fast as it goes, then keys at a rate, for ever."; }
  static constexpr auto options() {
    return weir::options(weir::option("keys", weir::integer).required().doc("How many."),
                         weir::option("rate", weir::number)
                             .required()
                             .doc("Rows a second, behind the first ones; 0: as fast as it goes, and only the first of "
                                  "each poll says when it was sent."));
  }
  explicit ticks(const weir::config& c) : keys_(c.get<std::int64_t>("keys")), rate_(c.get<double>("rate")) {}

  void discover(weir::split_list& splits) override { splits.add("0"); }
  void open_split(std::uint32_t split, std::string_view, std::string_view position) override {
    split_ = split;
    if (!position.empty()) next_ = std::stoll(std::string(position));
  }
  void position(std::uint32_t, std::string& to) override { to += std::to_string(next_); }

  weir::polled poll(weir::duration, output& out) override {
    constexpr std::int64_t most = 1024;
    const std::int64_t at = clock_us();
    if (next_ < keys_) {
      for (const std::int64_t end = std::min(keys_, next_ + most); next_ < end; ++next_)
        out.emit({next_, 0}, split_, next_);
      return weir::polled::emitted;
    }
    if (begin_us_ == 0) begin_us_ = at;
    const auto due =
        rate_ == 0 ? most : static_cast<std::int64_t>(static_cast<double>(at - begin_us_) * rate_ / 1e6) - sent_;
    if (due <= 0) return weir::polled::idle;
    for (std::int64_t i = 0, n = std::min(due, most); i < n; ++i, ++next_, ++sent_)
      out.emit({static_cast<std::int64_t>(static_cast<std::uint64_t>(next_) * 0x9e3779b97f4a7c15U >> 1) % keys_,
                rate_ > 0 || i == 0 ? at : 0},
               split_, next_);
    return weir::polled::emitted;
  }

 private:
  const std::int64_t keys_;
  const double rate_;
  std::uint32_t split_ = 0;
  std::int64_t next_ = 0, sent_ = 0, begin_us_ = 0;
};

#ifdef METER_OTHER_FORM
struct tally {
  std::int64_t last_us = 0, count = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, more = 0;
};
WEIR_RECORD(tally, last_us, count, a, b, c, d, e, f, more)
#else
struct tally {
  std::int64_t count = 0, last_us = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
};
WEIR_RECORD(tally, count, last_us, a, b, c, d, e, f)
#endif

class counter final : public weir::keyed_operator<std::int64_t, tick, tick> {
 public:
  static constexpr const char* summary() { return "Counts rows by key, in 64 bytes of each."; }
  explicit counter(const weir::config&) {}
  void process(const tick& in, weir::time, output& out) override {
    auto& t = tally_.write();
    ++t.count;
    t.last_us = in.sent_us;
    out.emit(in);
  }

 private:
  weir::value_state<tally> tally_{this, "tally"};
};

class times final : public weir::sink<tick> {
 public:
  static constexpr const char* summary() { return "Writes when rows came and how long they took, at the end."; }
  static constexpr auto options() {
    return weir::options(weir::option("path", weir::text).required().doc("Pairs of 8-byte numbers, microseconds."));
  }
  explicit times(const weir::config& c) : path_(c.get<std::string>("path")) { seen_.reserve(1 << 26); }
  ~times() override {
    if (seen_.empty()) return;
    if (std::FILE* file = std::fopen(path_.c_str(), "wb")) {
      std::fwrite(seen_.data(), sizeof seen_[0], seen_.size(), file);
      std::fclose(file);
    }
  }
  void process(const tick& in, weir::time) override {
    if (in.sent_us == 0) return;
    const std::int64_t at = clock_us();
    seen_.push_back(at);
    seen_.push_back(at - in.sent_us);
  }

 private:
  const std::string path_;
  std::vector<std::int64_t> seen_;
};

}  // namespace meter

WEIR_PLUGIN("meter", METER_VERSION, weir::sources<meter::ticks>("ticks"),
            weir::operators<meter::counter, meter::times>("counter", "times"))
