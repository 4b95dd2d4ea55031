// throttle: no more than so many records a second.
#pragma once

#include "weir/batch_operator.hpp"

namespace weir::standard {

// A bucket of tokens that fills at `rate` a second up to `burst`; a record takes one. When the bucket is empty the
// operator's thread sleeps, never longer than 10 ms at a stretch, and hands on what has become due in between: so those
// behind it see a smooth stream, those before it are held by back pressure, and a pipeline that stops is not kept
// waiting. A call takes as long as its batch at this rate does.
class throttle final : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "At most so many records a second in each subtask."; }
  static constexpr auto options() {
    return weir::options(weir::option("rate", weir::number).required().doc("Records a second, of each subtask."),
                         weir::option("burst", weir::integer)
                             .doc("Records that may pass at once after a pause; default: those of 10 ms, at least 1."));
  }
  explicit throttle(const weir::config& c);

  void bind(weir::binder& b) override { b.output_like_input(""); }
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  // Sleeps until `tokens` are there, or 10 ms.
  void wait_for(double tokens);
  void refill();

  double rate_, burst_, tokens_;
  weir::time last_{weir::no_time};
};

}  // namespace weir::standard
