#pragma once
// lookup.file: columns of a table in a file beside each row.

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>

#include "lookup/enrichment.hpp"
#include "lookup/table_file.hpp"

namespace lookup {

/// The table is read when the subtask starts, and again when the file is another one: by a thread of its own, while
/// rows go on with the old table. A file that is broken leaves the old table in place.
class file final : public enrichment {
 public:
  static constexpr const char* summary() { return "Adds columns of a table in a file, found by key."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("path", weir::text).required().doc("The file: JSON lines, or delimited text with a header."),
        option("format", weir::choice("auto|jsonl|csv"))
            .fallback("\"auto\"")
            .doc("What the file is; auto: csv when its name ends with .csv, else JSON lines."),
        option("columns", weir::map)
            .required()
            .doc("Name = type of the columns of the table; a `?` behind the type: may be null or missing."),
        on_option, add_option, missing_option,
        option("duplicates", weir::choice("error|last"))
            .fallback("\"error\"")
            .doc("A key that stands in the file twice: the file is broken, or the later line counts."),
        option("refresh", weir::timespan)
            .fallback("\"10s\"")
            .doc("How often to look whether the file is another one; 0: never."),
        option("header", weir::flag)
            .fallback("true")
            .doc("csv: the first line names the columns; without it they stand in the order of `columns`."),
        option("delimiter", weir::text).fallback("\",\"").doc("csv: one character."),
        option("null", weir::text).fallback("\"\"").doc("csv: a field that is this, without quotes, is null."),
        option("max_size", weir::byte_size).fallback("\"1GiB\"").doc("A larger file is refused."));
  }
  explicit file(const weir::config& c);
  ~file() override;

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;
  void on_watermark(weir::time at, weir::batch_output& out) override;
  void flush(weir::batch_output& out) override;
  void report(weir::figures& f);

 protected:
  void open() override;

 private:
  void refresh();
  void take_over();

  table_spec what_;
  std::int64_t refresh_us_;
  std::int64_t look_at_us_ = 0;  // when to look at the file next
  std::shared_ptr<const file_table> table_;
  file_mark refused_;  // of the file that was broken last: told once
  std::atomic<bool> stop_{false};
  std::future<std::shared_ptr<const file_table>> coming_;
  file_mark coming_mark_;
  bool away_ = false;  // that the file is not there has been told
  std::uint64_t reloads_ = 0, failures_ = 0;
  std::vector<std::uint32_t> slots_;
};

}  // namespace lookup
