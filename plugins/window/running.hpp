// Aggregates without an end of time: running ones, told at every row; windows of a number of rows; one window for ever
// that is told now and then.
//
//                told                                    then
//   running      at every row, as a change               goes on
//   count        when a key has `rows` rows              begins anew
//   global       every `rows` rows of a key, or          goes on, or begins anew (purge)
//                every `every` of event time, all keys
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "window/result.hpp"

namespace window {

// Keeps the accumulators of each key in name space 0 and goes row by row, for what a row says depends on those before
// it.
class row_by_row : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 protected:
  row_by_row(const weir::config& c, result_times times, std::int64_t ttl_us);
  void open() override { results_.open(host()); }
  // What a result is made of, as it was at some row.
  struct result_copy {
    std::vector<std::uint64_t> slot;  // header and all
    std::uint32_t group = 0;          // of the side results
  };
  // The row is in the slot's accumulators; before: as they were, null: there were none (only with wants_before).
  virtual void added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy* before) = 0;
  virtual void bind_more(weir::shared::value_layout&) {}

  result_copy copy_of(const weir::batch_view& batch, std::uint32_t row, const weir_slot* s);
  // A result to send at the end of the batch.
  void tell(std::uint32_t row, result_copy what, std::int64_t start, std::int64_t end, std::uint8_t change);
  // The key of the row begins anew.
  void forget(const weir::batch_view& batch, std::uint32_t row, weir_slot* s);
  void send(const weir::batch_view& batch, weir::batch_output& out);

  results results_;
  std::int64_t ttl_us_;
  bool wants_before_ = false;

 private:
  weir::shared::row_work work_;
  std::vector<std::uint32_t> told_rows_, told_groups_;
  std::uint32_t groups_ = 0;  // copies of side results since the batch began
  std::vector<result_copy> told_;
  std::vector<std::int64_t> starts_, ends_;
  std::vector<std::uint8_t> changes_;
};

class running final : public row_by_row {
 public:
  static constexpr const char* summary() {
    return "Aggregates of all rows of each key so far, as a stream of changes.";
  }
  static constexpr auto options() {
    return weir::options(aggregates_option,
                         weir::option("emit", weir::choice("changes|upserts"))
                             .fallback("\"changes\"")
                             .doc("changes: what was and what is now; upserts: only what is now."),
                         weir::option("ttl", weir::timespan)
                             .fallback("\"0s\"")
                             .doc("A key begins anew this long after its last row, by event time; 0: never."));
  }
  explicit running(const weir::config& c);

 private:
  void added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy* before) override;
  bool upserts_;
};

class count_window final : public row_by_row {
 public:
  static constexpr const char* summary() { return "Aggregates of every so many rows of each key."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("rows", weir::integer).required().doc("Rows in a window."), aggregates_option,
        weir::option("ttl", weir::timespan)
            .fallback("\"0s\"")
            .doc("A window that is not full is forgotten this long after its last row, by event time; 0: never."));
  }
  explicit count_window(const weir::config& c);

 private:
  void bind_more(weir::shared::value_layout& layout) override;
  void added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy* before) override;
  std::int64_t rows_;
  std::uint32_t count_at_ = 0, first_at_ = 0, last_at_ = 0;
};

class global_window final : public row_by_row {
 public:
  static constexpr const char* summary() {
    return "Aggregates of all rows of each key, told every so many rows or so often.";
  }
  static constexpr auto options() {
    return weir::options(
        weir::option("rows", weir::integer).fallback("0").doc("A key is told at every so many of its rows."),
        weir::option("every", weir::timespan).fallback("\"0s\"").doc("All keys are told this often, by event time."),
        weir::option("purge", weir::flag).fallback("false").doc("Begin anew after telling."), aggregates_option);
  }
  explicit global_window(const weir::config& c);
  void on_watermark(weir::time at, weir::batch_output& out) override;
  void save(std::string& to) const;
  void restore(std::string_view saved);

 private:
  void bind_more(weir::shared::value_layout& layout) override;
  void added(const weir::batch_view& batch, std::uint32_t row, weir_slot* slot, result_copy* before) override;
  void tell_all(std::int64_t end, weir::batch_output& out);
  std::int64_t rows_, every_;
  bool purge_;
  std::int64_t told_ = INT64_MIN;                         // the end of the stretch that was told last
  std::int64_t oldest_ = INT64_MAX, newest_ = INT64_MIN;  // of all rows
  std::uint32_t count_at_ = 0, last_at_ = 0;
};

}  // namespace window
