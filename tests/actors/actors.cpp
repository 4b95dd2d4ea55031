// A source, an operator and a sink that do what a test tells them while the pipeline runs (script.hpp).
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "script.hpp"
#include "weir/batch_operator.hpp"
#include "weir/failure.hpp"
#include "weir/source.hpp"

namespace {

using actors::script;

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

script& script_of(const weir::config& c) {
  return *reinterpret_cast<script*>(static_cast<std::uintptr_t>(c.get<std::int64_t>("script")));
}
constexpr auto script_option() {
  return weir::options(
      weir::option("script", weir::integer).required().doc("Where the test's script is in this process."));
}

class source : public weir::source {
 public:
  static constexpr auto options() { return script_option(); }
  explicit source(const weir::config& c) : told_{script_of(c)} {}
  ~source() override {
    if (open_) --told_.alive;
  }
  void bind(weir::binder& b) override {
    weir::schema s;
    s.fields.push_back({.name = "n", .kind = weir::type::int64, .nullable = false});
    b.output("", std::move(s));
  }
  void open() override {
    if (told_.open_fails) throw weir::external_failure("nobody at home");
    open_ = true;
    ++told_.alive;
  }
  void discover(weir::split_list& splits) override {
    ++told_.discovered;
    if (told_.discover_throws) throw weir::failure("there is no such topic");
    if (told_.discover_fails > 0) {
      --told_.discover_fails;
      throw weir::external_failure("cannot reach the broker");
    }
    for (std::int64_t i = 0; i < told_.splits; ++i) splits.add(std::to_string(i));
  }
  void open_split(std::uint32_t split, std::string_view, std::string_view) override { parts_.push_back({split, 0}); }
  void position(std::uint32_t, std::string&) override {}

  weir::polled poll(weir::duration, weir::batch_output& out) override {
    bool some = false;
    for (auto& [split, next] : parts_) {
      const std::int64_t left = told_.records < 0 ? told_.rows.load() : told_.records - next;
      if (left <= 0) continue;
      some = true;
      if (told_.pace_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(told_.pace_us));
      const std::int64_t count = std::min(left, told_.rows.load());
      auto b = out.build(0, count);
      b.from(split, next);
      for (std::int64_t i = 0; i < count; ++i) b[0].append(told_.waited_ns ? now_ns() : next + i);
      next += count;
      told_.emitted += count;
      b.emit();
      if (next == told_.records) split_end(split);
    }
    return some ? weir::polled::emitted : weir::polled::end;
  }

 private:
  struct part {
    std::uint32_t split;
    std::int64_t next;
  };
  script& told_;
  std::vector<part> parts_;
  bool open_ = false;
};

class pass : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  void bind(weir::binder& b) override { b.output_like_input(""); }
  void process(const weir::batch_view& batch, weir::batch_output& out) override { out.emit_all(0, batch); }
};

class sink : public weir::batch_sink {
 public:
  static constexpr auto options() { return script_option(); }
  explicit sink(const weir::config& c) : told_{script_of(c)} {}
  ~sink() override {
    if (open_) --told_.alive;
  }
  void bind(weir::binder&) override {}
  void open() override {
    open_ = true;
    ++told_.alive;
  }
  void process(const weir::batch_view& batch) override {
    if (told_.waited_ns) {
      const std::int64_t now = now_ns();
      for (const auto row : batch.rows())
        if (const std::int64_t at = told_.taken; at < told_.waited_room) {
          told_.waited_ns[at] = now - batch.at(0).values<std::int64_t>()[row];
          told_.taken = at + 1;
        }
      return;
    }
    if (told_.sink_sleep_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(told_.sink_sleep_us));
    told_.taken += batch.row_count();
    ++told_.batches_taken;
    rows_ += static_cast<std::uint64_t>(batch.row_count());
    if (told_.sink_fails_at >= 0 && told_.taken >= told_.sink_fails_at)
      throw weir::external_failure("the disk is full");
  }
  void flush() override { ++told_.flushed; }
  void report(weir::figures& to) {
    ++told_.reported;
    to.add("seen", rows_);
  }

 private:
  script& told_;
  std::uint64_t rows_ = 0;
  bool open_ = false;
};

}  // namespace

WEIR_PLUGIN("actors", "0.1.0", weir::sources<source>("source"), weir::operators<pass, sink>("pass", "sink"))
