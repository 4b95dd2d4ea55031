// deadline: B must follow A within a time, for each key. Every miss is told exactly once.
//
//   A ----> open ---- B in time -----------------> closed
//            |\------ B after the deadline -> port late_completion, then the timer tells the breach
//            \------- timer at A + within: breach -> B after it -> port late_completion
//
// A B that comes before its A (out of order) is kept until the clock has passed it, and leaves when its A comes.
// The deadline is A's event time + within, or what a column of A says (until).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/state.hpp"
#include "weir/batch_operator.hpp"
#include "weir/packed.hpp"

namespace keyed {

class deadline final : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr std::uint32_t weir_inputs = 2;
  static constexpr const char* summary() {
    return "A breach for each row of the first input that no row of the second follows in time.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("within", weir::timespan).doc("How long a row of the second input may take."),
        weir::option("until", weir::text)
            .doc("Instead of `within`: the column of the first input that says until when, inclusive."),
        weir::option("repeat", weir::choice("ignore|restart"))
            .fallback("\"ignore\"")
            .doc("A second row of the first input while the first one waits: nothing, or the time begins anew."),
        weir::option("remember", weir::timespan)
            .fallback("\"1d\"")
            .doc("How long after a breach a row of the second input still is its late completion."),
        weir::option("columns", weir::list_of_text)
            .fallback("[]")
            .doc("Columns of the first input that a breach shows."));
  }
  explicit deadline(const weir::config& c);

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void on_timers(std::uint32_t family, const weir::batch_view& fired, weir::batch_output& out) override;

 private:
  enum phase : std::int64_t { idle, open_, breached, overtaken, early };
  static constexpr std::uint32_t late_port = 1, completed_port = 2;
  void open() override;
  // A at t; `until`: its deadline.
  void begin(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, std::int64_t until, weir_slot* s);
  // The port that the row goes out of; 0: none.
  std::uint32_t complete(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, weir_slot* s);
  // A B that waited for its A is over: it leaves by the port (0: it follows nothing, and is dropped).
  void release(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, std::uint32_t port);
  void emit_released(std::uint32_t port, weir::batch_output& out);
  void forget(weir_slot* s, const weir_batch& batch, std::uint32_t row);
  struct timers {
    std::vector<std::uint32_t> rows;
    std::vector<std::int64_t> times;
    void add(std::uint32_t row, std::int64_t at) { rows.push_back(row), times.push_back(at); }
  };
  void set_timers(const weir_batch& batch);

  // A B that came before its A, on its way out.
  struct released {
    std::string bytes;
    std::int64_t at;
    std::uint32_t parent;
    std::uint32_t port;
  };

  std::int64_t within_ = 0, remember_;
  std::string until_;
  int until_column_ = -1;
  bool restart_;
  std::vector<std::string> columns_;
  std::vector<std::size_t> shown_;
  std::vector<weir::field> shown_fields_, key_fields_, second_fields_;
  std::uint32_t status_at_ = 0, started_at_ = 0, until_at_ = 0;
  weir::shared::state_table state_, rows_, early_rows_;
  weir::shared::timer_family ends_, forgets_;
  weir::shared::row_work work_;
  timers end_timers_, forget_timers_, stale_timers_;
  std::vector<released> released_;
};

}  // namespace keyed
