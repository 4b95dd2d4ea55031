// sessionize: each row with the session it belongs to.
#pragma once

#include <cstdint>

#include "shared/state.hpp"
#include "weir/batch_operator.hpp"

namespace keyed {

// Rows go through as they are, beside two new columns: session_start (the time of the session's first row) and
// session_row (1, 2,
// ... in the order they came). A session ends when no row came for the gap. A row that is older than the session in
// work by a gap or more belongs to one that is over: it leaves by the port `late`.
class sessionize final : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Each row with the beginning of its session and its number in it."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("gap", weir::timespan).required().doc("A session ends when no row came for this long."));
  }
  explicit sessionize(const weir::config& c);
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  void open() override { sessions_.open(host()); }
  std::int64_t gap_;
  std::uint32_t start_at_ = 0, last_at_ = 0, rows_at_ = 0;
  weir::shared::state_table sessions_;
  weir::shared::row_work work_;
};

}  // namespace keyed
