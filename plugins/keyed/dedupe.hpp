// dedupe: one row of each key: the first, or the last as an upsert.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/state.hpp"
#include "weir/batch_operator.hpp"

namespace keyed {

// Rows go through as they are; state holds, for each key, that it was seen, and the columns that are kept to tell a
// change.
class dedupe final : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "One row of each key: the first one, or the last one as an upsert."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("keep", weir::choice("first|last")).fallback("\"first\"").doc("Which row of a key counts."),
        weir::option("emit", weir::choice("upsert|changed"))
            .fallback("\"upsert\"")
            .doc("keep = \"last\": every row, or only those whose `columns` differ from the row before."),
        weir::option("order", weir::choice("arrival|event_time"))
            .fallback("\"arrival\"")
            .doc("keep = \"last\": by event_time a row that is older than the last one is dropped."),
        weir::option("columns", weir::list_of_text)
            .fallback("[]")
            .doc("keep = \"last\": columns that state keeps (fixed width, at most 64)."),
        weir::option("ttl", weir::timespan)
            .fallback("\"0s\"")
            .doc("A key is forgotten this long after its last row, by event time; 0: never."));
  }
  explicit dedupe(const weir::config& c);

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  struct kept {
    std::size_t column;
    std::uint32_t at, width;
  };
  void open() override { seen_.open(host()); }
  void keep_first(const weir::batch_view& batch, weir::batch_output& out);
  void keep_last(const weir::batch_view& batch, weir::batch_output& out);
  std::int64_t drop_older(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot** slots,
                          std::int64_t count);
  void store(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot* const* slots, std::int64_t count);

  bool last_, only_changed_, by_time_;
  std::vector<std::string> columns_;
  std::int64_t ttl_us_;

  weir::shared::state_table seen_;
  std::vector<kept> kept_;
  std::uint32_t nulls_at_ = 0, time_at_ = 0;  // 0: not kept
  weir::shared::row_work work_;
  std::vector<std::uint8_t> changed_;  // by place in the batch's rows
};

}  // namespace keyed
