// Sessions: the rows of a key that follow each other by less than a gap.
//
//   slot of a key: the session that began last (nearly always the only one)      fast: last = max(last, t)
//   map of a key:  sessions before it, when rows come out of order
//   timer of a session: set when it begins, at the end it would have then; when it fires too early it is set again
//
// With allowed_lateness a session that was told stays until that long after its end, and is told again, as a change,
// when a late row falls into it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weir/packed.hpp"
#include "window/grid.hpp"
#include "window/result.hpp"

namespace window {

class session final : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() {
    return "Aggregates of each key's sessions: rows that follow each other by less than a gap.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("gap", weir::timespan).required().doc("A session ends when no row came for this long."),
        aggregates_option, lateness_option);
  }
  explicit session(const weir::config& c);

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void on_timers(std::uint32_t family, const weir::batch_view& fired, weir::batch_output& out) override;

 private:
  static constexpr std::uint32_t main_port = 0, late_port = 1;
  // A session that is in no slot: a copy of one, header and all.
  using copy = std::vector<std::uint64_t>;

  void open() override;
  void take(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count, const std::uint32_t* given);
  void add(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot* const* slots, std::int64_t count);
  // A row that the newest session does not simply take. watermark: of now.
  void add_apart(const weir::batch_view& batch, std::uint32_t row, std::int64_t t, weir_slot* slot,
                 std::int64_t watermark);
  // Rows of which some may be late: the others are added, one by one where they may change what was told.
  void part_late(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count, std::int64_t watermark,
                 weir::batch_output& out);
  [[nodiscard]] std::int64_t doubtful(std::int64_t watermark) const;
  void begin_session(weir_slot* s, std::int64_t t) const;
  bool is_late(weir_slot* slot, weir_slot* older, std::int64_t t);
  void set_timer(std::uint32_t row, std::int64_t at) {
    timer_rows_.push_back(row);
    timer_times_.push_back(at);
  }
  void send_timers(const weir_batch& batch);

  weir_slot* older_slot(const weir_batch& batch, std::uint32_t row, bool create);
  std::vector<copy> read_older(weir_slot* older);
  void put_older(weir_slot* older, const copy& c);
  void remove_older(weir_slot* older, const copy& c);
  copy copy_of(const weir_slot* s) const;

  [[nodiscard]] bool was_told(const weir_slot* s) const;
  // The name space of its side results: no two sessions of a key have the same one.
  [[nodiscard]] std::int64_t space_of(const weir_slot* s) const;
  enum class fate : std::uint8_t { same, changed, over };
  // At a watermark: tells a session that has ended, sets the timer that has fired again.
  fate settle(const weir_batch& keys, std::uint32_t row, weir_slot* s, std::int64_t watermark);
  void settle_all(const weir::batch_view& fired, std::uint32_t row, weir_slot* slot, std::int64_t watermark);

  // Keeps a result as it is now, to be sent at the end of the call.
  void begin_telling();
  void tell(const weir_batch& keys, std::uint32_t row, const weir_slot* s, std::uint8_t change);
  void send(const std::vector<weir::column_view>& keys, weir::batch_output& out);

  std::int64_t gap_, lateness_;
  results results_;
  std::uint32_t start_at_ = 0, last_at_ = 0, timer_at_ = 0, older_at_ = 0, told_at_ = 0, space_at_ = 0;
  weir::shared::state_table older_;
  weir::shared::timer_family ends_;
  weir::shared::row_work work_;
  std::vector<std::uint32_t> on_time_, timer_rows_;
  std::vector<std::int64_t> timer_times_, spaces_;
  // What is told in one call.
  std::vector<std::uint32_t> told_rows_;
  std::vector<copy> told_;
  std::vector<std::uint8_t> told_changes_;
};

}  // namespace window
