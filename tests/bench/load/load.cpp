// A plugin for measurements of keyed state (scripts/bench): load.keys makes keys on a schedule, load.small and load.wide keep a
// value for each, load.clock says how long a record was under way.
//
// The schedule is a part of the source's position: a pipeline that begins again from a cut has the records to catch up with that
// were due meanwhile. Times are those of the monotonic clock of the machine, so all of it must run on one.
#include <sys/resource.h>

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "weir/operator.hpp"
#include "weir/source.hpp"

namespace load {
namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

struct hit {
  std::int64_t key = 0, due_ns = 0;
};
WEIR_RECORD(hit, key, due_ns)

/// Ranks 1..n with the probability of rank to the power of -s: rejection by inversion (Hoermann and Derflinger, 1996).
class zipf {
 public:
  zipf(double n, double s) : s_{s}, low_{area(1.5) - 1}, high_{area(n + 0.5)}, n_{n} {}
  std::int64_t rank(std::uint64_t& dice) const {
    for (;;) {
      dice = mixed(dice);
      const double u = high_ + static_cast<double>(dice >> 11) * 0x1p-53 * (low_ - high_);
      const double x = inverse(u);
      const double k = std::min(std::max(std::floor(x + 0.5), 1.0), n_);
      if (u >= area(k + 0.5) - std::pow(k, -s_)) return static_cast<std::int64_t>(k);
    }
  }

 private:
  double area(double x) const { return s_ == 1 ? std::log(x) : std::pow(x, 1 - s_) / (1 - s_); }
  double inverse(double a) const { return s_ == 1 ? std::exp(a) : std::pow(a * (1 - s_), 1 / (1 - s_)); }
  double s_, low_, high_, n_;
};

// Each key once, one after the other, as fast as they are read; then records by the schedule, with keys by `skew`.
class keys : public weir::record_source<hit> {
 public:
  static constexpr auto options() {
    return weir::options(
        weir::option("keys", weir::integer).fallback("1000").doc("How many different keys there are."),
        weir::option("records", weir::integer).fallback("-1").doc("How many follow the first of each key; -1: no end."),
        weir::option("rate", weir::number).fallback("0").doc("Records a second; 0: as fast as they are read."),
        weir::option("skew", weir::number).fallback("0").doc("Of Zipf's law; 0: all keys alike."));
  }
  explicit keys(const weir::config& c)
      : keys_{c.get<std::int64_t>("keys")},
        records_{c.get<std::int64_t>("records")},
        rate_{c.get<double>("rate")},
        skew_{c.get<double>("skew")},
        ranks_{static_cast<double>(keys_), skew_ > 0 ? skew_ : 1} {
    if (keys_ < 1) throw c.error("keys", "must be at least 1");
    while (std::gcd(stride_, keys_) != 1) ++stride_;
  }
  void discover(weir::split_list& splits) override { splits.add("all"); }
  void open_split(std::uint32_t split, std::string_view, std::string_view position) override {
    split_ = split;
    open_ = true;
    next_ = began_ = 0;
    if (!position.empty()) std::sscanf(std::string(position).c_str(), "%ld:%ld", &next_, &began_);
  }
  void position(std::uint32_t, std::string& to) override { to = std::to_string(next_) + ":" + std::to_string(began_); }
  weir::polled poll(weir::duration wait, output& out) override {
    if (!open_) return weir::polled::idle;
    std::int64_t now = now_ns();
    if (next_ >= keys_ && began_ == 0) began_ = now;
    if (next_ >= keys_ && rate_ > 0 && due(next_) > now) {
      const auto most = now + std::chrono::nanoseconds(wait).count();
      const auto until = std::min(due(next_), most);
      std::this_thread::sleep_for(std::chrono::nanoseconds(until - now));
      now = now_ns();
      if (due(next_) > now) return weir::polled::idle;
    }
    for (int i = 0; i < 1024; ++i, ++next_) {
      if (records_ >= 0 && next_ == keys_ + records_) {
        split_end(split_);
        return weir::polled::end;
      }
      const bool first = next_ < keys_;
      const std::int64_t at = first || rate_ <= 0 ? now : due(next_);
      if (at > now) break;
      out.emit({first ? next_ : any(next_), at}, split_, next_);
    }
    return weir::polled::emitted;
  }

 private:
  std::int64_t due(std::int64_t n) const {
    return began_ + static_cast<std::int64_t>(static_cast<double>(n - keys_) * 1e9 / rate_);
  }
  // By the number of the record alone: the same after a restart.
  std::int64_t any(std::int64_t n) const {
    std::uint64_t dice = mixed(static_cast<std::uint64_t>(n));
    if (skew_ <= 0) return static_cast<std::int64_t>(dice % static_cast<std::uint64_t>(keys_));
    // The favourites are spread over the keys.
    return static_cast<std::int64_t>((ranks_.rank(dice) - 1) * static_cast<__int128>(stride_) % keys_);
  }
  std::int64_t keys_, records_;
  double rate_, skew_;
  zipf ranks_;
  std::int64_t stride_ = 1'000'003;
  std::int64_t next_ = 0, began_ = 0;
  std::uint32_t split_ = 0;
  bool open_ = false;
};

struct small_value {
  std::int64_t count = 0, newest_ns = 0;
};
WEIR_RECORD(small_value, count, newest_ns)

struct wide_value {
  std::int64_t count = 0, newest_ns = 0;
  std::array<std::byte, 240> more{};
};
WEIR_RECORD(wide_value, count, newest_ns, more)

// Counts the records of each key, and hands them on.
template <class Value>
class update : public weir::keyed_operator<std::int64_t, hit, hit> {
  weir::value_state<Value> of_{this, "of"};

 public:
  explicit update(const weir::config&) {}
  void process(const hit& in, weir::time at, output& out) override {
    Value v = of_.value_or(Value{});
    ++v.count;
    v.newest_ns = in.due_ns;
    if constexpr (requires { v.more; }) v.more[static_cast<std::size_t>(v.count) % v.more.size()] ^= std::byte{1};
    of_ = v;
    out.emit(in, at);
  }
};

/// Microseconds, to about one part in 16.
class histogram {
 public:
  void add(std::int64_t us) {
    const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
    // Below 16 each its own; above it sixteen to a power of two.
    const int log = v < 16 ? 0 : std::bit_width(v) - 4;
    ++counts_[static_cast<std::size_t>(log) * 16 + (log == 0 ? v : (v >> (log - 1)) & 15)];
    ++all_;
    most_ = std::max(most_, v);
  }
  std::uint64_t quantile(double q) const {
    auto left = static_cast<std::uint64_t>(std::ceil(static_cast<double>(all_) * q));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] >= left) {
        const auto log = i / 16, low = i % 16;
        return log == 0 ? low : ((16 + low + 1) << (log - 1)) - 1;  // the upper end
      }
      left -= counts_[i];
    }
    return most_;
  }
  std::uint64_t most() const { return most_; }
  std::uint64_t all() const { return all_; }

 private:
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(16 * 64);
  std::uint64_t all_ = 0, most_ = 0;
};

// How long records were under way, without the first `skip` of them; and what the process used since then.
class clock : public weir::sink<hit> {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("skip", weir::integer).fallback("0").doc("So many records are not counted."),
                         weir::option("file", weir::text)
                             .fallback("")
                             .doc("Gets a line 'began NS', and 'caught up NS' each time when records that were a "
                                  "second late come in time."));
  }
  explicit clock(const weir::config& c) : skip_{c.get<std::int64_t>("skip")}, file_{c.get<std::string>("file")} {}
  void process(const hit& in, weir::time) override {
    const std::int64_t now = now_ns();
    const std::int64_t us = (now - in.due_ns) / 1000;
    if (us > 1'000'000) {
      behind_ = true;
    } else if (behind_ && us < 50'000) {
      behind_ = false;
      tell("caught up", now);
    }
    if (++seen_ <= skip_) {
      if (seen_ == skip_) begin();
      return;
    }
    if (seen_ == 1) begin();
    took_.add(us);
  }
  void report(weir::figures& to) {
    const auto [wall, cpu] = used();
    to.add("measured", took_.all());
    to.add("p50_us", took_.quantile(0.5));
    to.add("p99_us", took_.quantile(0.99));
    to.add("p999_us", took_.quantile(0.999));
    to.add("max_us", took_.most());
    to.add("wall_us", static_cast<std::uint64_t>((wall - wall_ns_) / 1000));
    to.add("cpu_us", static_cast<std::uint64_t>((cpu - cpu_ns_) / 1000));
  }

 private:
  void begin() {
    const auto [wall, cpu] = used();
    wall_ns_ = wall, cpu_ns_ = cpu;
    tell("began", wall);
  }
  static std::pair<std::int64_t, std::int64_t> used() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto ns = [](const timeval& t) { return t.tv_sec * 1'000'000'000 + t.tv_usec * 1000; };
    return {now_ns(), ns(use.ru_utime) + ns(use.ru_stime)};
  }
  void tell(const char* what, std::int64_t at) const {
    if (file_.empty()) return;
    if (std::FILE* f = std::fopen(file_.c_str(), "a")) {
      std::fprintf(f, "%s %ld\n", what, at);
      std::fclose(f);
    }
  }
  const std::int64_t skip_;
  const std::string file_;
  std::int64_t seen_ = 0, wall_ns_ = 0, cpu_ns_ = 0;
  histogram took_;
  bool behind_ = false;
};

}  // namespace
}  // namespace load

WEIR_PLUGIN("load", "1.0.0",
            weir::operators<load::update<load::small_value>, load::update<load::wide_value>, load::clock>("small",
                                                                                                          "wide",
                                                                                                          "clock"),
            weir::sources<load::keys>("keys"))
