#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "shared/json/row_text.hpp"
#include "weir/batch_operator.hpp"

namespace debezium {

/// Rows with their kinds of change as Debezium's events in JSON, in a column `value`; all other columns go on beside it
/// (a sink may use one as its key), those of the new row where two are one event. [task]
class encoder : public weir::batch_encoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Changes of rows as Debezium's events in JSON."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("include", weir::list_of_text).doc("Columns of `before` and `after`, in this order; all without it."),
        option("nulls", weir::choice("write|omit"))
            .fallback("\"write\"")
            .doc("Whether fields that are null are written."),
        option("key", weir::list_of_text).doc("Columns that two rows must agree in to be one update."),
        option("updates", weir::choice("joined|apart"))
            .fallback("\"joined\"")
            .doc("Both halves of an update in one event, or a delete and a create, as Flink writes them."),
        option("wrapper", weir::choice("none|payload"))
            .fallback("\"none\"")
            .doc("payload: inside { schema, payload }."),
        option("source", weir::text).doc("The name in the event's `source`; none: no source."));
  }
  explicit encoder(const weir::config& c);
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  static constexpr std::uint32_t no_row = UINT32_MAX;
  // An event of what was and what is, of which one may be no_row.
  void write(const weir::batch_view& batch, std::uint32_t before, std::uint32_t after, const char* op);
  [[nodiscard]] bool same_key(const weir::batch_view& batch, std::uint32_t a, std::uint32_t b) const;

  std::vector<std::string> include_, key_;
  bool joined_, wrapped_;
  std::string source_;  // "source":{...}, with the comma behind it
  std::vector<std::size_t> key_at_;
  weir::json::row_text text_;
  std::string bytes_;
};

}  // namespace debezium
