#pragma once
// lookup.stream: columns of a table beside each row, where the table is a stream itself.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lookup/enrichment.hpp"
#include "lookup/held_rows.hpp"
#include "lookup/key_index.hpp"

namespace lookup {

/// Input 0: the rows. Input 1: the table's changes, by broadcast, so that every subtask has the whole table. Table and
/// held rows are part of each cut.
class stream final : public enrichment {
 public:
  static constexpr std::uint32_t weir_inputs = 2;
  static constexpr bool restore_to_all = true;
  static constexpr const char* summary() { return "Adds columns of a table that comes as a stream, found by key."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        on_option, add_option, missing_option,
        option("deleted", weir::text)
            .doc("A bool column of the table's stream: true takes the key out, as a row of the kind delete does."),
        option("wait", weir::choice("no|end"))
            .fallback("\"no\"")
            .doc("Rows that come before the table is there: find what there is, or are held until the table's input "
                 "ends."),
        option("wait_at_most", weir::timespan)
            .fallback("\"0s\"")
            .doc(
                "wait: rows are held no longer than this after the start, by the clock on the wall; 0: no such bound."),
        option("wait_rows", weir::integer)
            .fallback("100_000")
            .doc("wait: when more rows of a subtask than this are held, the pipeline fails."));
  }
  explicit stream(const weir::config& c);

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void on_watermark(weir::time at, weir::batch_output& out) override;
  void end_of_port(std::uint32_t port, weir::batch_output& out) override;
  void flush(weir::batch_output& out) override;
  void save(std::string& to) const;
  void restore(std::string_view saved);
  void report(weir::figures& f);

 protected:
  void open() override;

 private:
  void change_table(const weir::batch_view& batch, weir::batch_output& out);
  void look_at_clock(weir::batch_output& out);
  void let_go(weir::batch_output& out);
  /// What the bytes of save() are: refuses those of other columns.
  [[nodiscard]] std::string layout() const;

  bool waits_;
  std::int64_t wait_us_, wait_rows_;
  std::string deleted_;
  int deleted_column_ = -1;
  batch_keys table_keys_;
  key_index index_;
  std::vector<cells> added_;
  bool ready_ = false;  // rows are not held (any more)
  bool restored_ = false;
  std::int64_t ready_at_us_ = 0;
  held_rows held_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace lookup
