// Windows on a grid: tumbling and sliding. A window is the merge of its panes when it fires, so a row is added once,
// however many windows it belongs to.
//
//   process: rows -> pane of each -> one slot each (key, name space = pane's start) -> loops over columns
//   watermark: for each window that is complete: scan its panes -> groups by key -> results; panes of no open window
//   are dropped
#pragma once

#include <cstdint>
#include <vector>

#include "window/grid.hpp"
#include "window/groups.hpp"
#include "window/result.hpp"

namespace window {

class pane_window : public weir::batch_operator {
 public:
  static constexpr bool selections = true;

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void on_watermark(weir::time at, weir::batch_output& out) override;
  // What has fired: state alone does not tell, for panes outlive the first of their windows.
  void save(std::string& to) const;
  void restore(std::string_view saved);

 protected:
  pane_window(const weir::config& c, grid g);

 private:
  static constexpr std::uint32_t main_port = 0, late_port = 1;
  void open() override;
  // Puts the rows that are not late into on_time_, sends the others to the port `late`.
  void part_late(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count, weir::batch_output& out);
  void add_panes(const std::int64_t* times, const std::uint32_t* rows, std::int64_t count);
  void add(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count, const std::uint32_t* given);
  void add_unkeyed(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count);
  void fire(std::int64_t start, weir::batch_output& out);
  void fire_directly(std::int64_t start, weir::batch_output& out);
  void emit_groups(std::int64_t start, weir::batch_output& out);
  void drop_panes(std::int64_t first_kept);

  // Late rows that change windows which have fired.
  struct change {
    std::int64_t start;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint8_t> told;  // by key, in the order of the rows: its result has gone out before
  };
  void find_changes(const weir::batch_view& batch, const std::uint32_t* rows, std::int64_t count);
  void gather(const weir::batch_view& batch, const change& c, std::vector<std::uint8_t>& there);
  void emit_changes(const weir::batch_view& batch, weir::batch_output& out, bool before);
  std::vector<weir::column_view> key_columns(const weir::batch_view& batch) const;

  grid grid_;
  std::int64_t lateness_;
  results results_;
  bool keyed_ = false;
  std::int64_t next_start_ = INT64_MIN;  // windows that begin before have fired
  std::int64_t kept_start_ = INT64_MIN;  // windows that begin before are gone: rows of no later window are late
  weir::shared::row_work work_;
  std::vector<std::int64_t> panes_;  // by place in the rows to add
  std::vector<std::uint32_t> on_time_;
  std::vector<change> changes_;
  // While a window fires.
  groups groups_;
  std::vector<std::uint32_t> ids_, part_rows_, chosen_;
  std::vector<weir_slot*> into_, from_, group_slots_;
  std::vector<std::int64_t> starts_, ends_;
};

class tumbling final : public pane_window {
 public:
  static constexpr const char* summary() { return "Aggregates of each key in windows that follow one another."; }
  static constexpr auto options() {
    return weir::options(weir::option("size", weir::timespan).required().doc("The length of a window."),
                         weir::option("offset", weir::timespan)
                             .fallback("\"0s\"")
                             .doc("Windows begin this much after multiples of the size since 1970-01-01 UTC."),
                         aggregates_option, best_rows_option, best_keys_option, lateness_option);
  }
  explicit tumbling(const weir::config& c);
};

class sliding final : public pane_window {
 public:
  static constexpr const char* summary() { return "Aggregates of each key in windows that overlap."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("size", weir::timespan).required().doc("The length of a window."),
        weir::option("slide", weir::timespan).required().doc("From the beginning of a window to that of the next one."),
        weir::option("offset", weir::timespan)
            .fallback("\"0s\"")
            .doc("Windows begin this much after multiples of the slide since 1970-01-01 UTC."),
        aggregates_option, best_rows_option, best_keys_option, lateness_option);
  }
  explicit sliding(const weir::config& c);
};

}  // namespace window
