#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "weir/batch_operator.hpp"

namespace weir::standard {

// Several inputs of one schema as one: every entry of `from` flows into the same port, so there is nothing to do.
class union_all : public batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Several inputs of one schema as one."; }
  explicit union_all(const config&) {}
  void bind(binder& b) override { b.output_like_input(""); }
  void process(const batch_view& batch, batch_output& out) override { out.emit_all(0, batch); }
};

// At most so many records a second in each subtask: a token bucket. When it is empty the operator sleeps a little in process(),
// so that the queue in front of it fills and the source slows down; no record is dropped.
class throttle : public batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "At most so many records a second in each subtask."; }
  static constexpr auto options() {
    return weir::options(option("rate", number).required().doc("Records a second."),
                         option("burst", integer).fallback("1024").doc("Records that may pass at once after a pause."));
  }
  explicit throttle(const config& c) : rate_{c.get<double>("rate")}, burst_{c.get<double>("burst")} {
    if (!(rate_ > 0)) throw c.error("rate", "must be more than 0");
    if (burst_ < 1) throw c.error("burst", "must be at least 1");
    tokens_ = burst_;
  }
  void bind(binder& b) override { b.output_like_input(""); }
  void process(const batch_view& batch, batch_output& out) override {
    std::int64_t done = 0;
    while (done < batch.row_count()) {
      refill();
      const auto now = std::min<std::int64_t>(static_cast<std::int64_t>(tokens_), batch.row_count() - done);
      if (now == 0) {
        // A short sleep at a time: a subtask must answer soon when the pipeline stops.
        const double missing_ms = (1 - tokens_) / rate_ * 1000;
        std::this_thread::sleep_for(std::chrono::microseconds(static_cast<std::int64_t>(std::clamp(missing_ms, 0.05, 10.0) * 1000)));
        continue;
      }
      std::uint32_t* rows = out.row_buffer(now);
      for (std::int64_t i = 0; i < now; ++i) rows[i] = batch.row(done + i);
      out.emit_rows(0, batch, rows, now);
      tokens_ -= static_cast<double>(now);
      done += now;
    }
  }

 private:
  void refill() {
    const auto at = now();
    if (last_ != no_time && at > last_)
      tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(at - last_).count());
    last_ = at;
  }
  double rate_, burst_, tokens_ = 0;
  time last_ = no_time;
};

}  // namespace weir::standard
