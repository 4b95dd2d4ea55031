#pragma once
#include <string>
#include <vector>

#include "shared/json/row_text.hpp"
#include "weir/batch_operator.hpp"

namespace json {

/// Rows as JSON objects without white space, in a column `value`; all other columns go on beside it (a sink may use one
/// as key), without a copy.
class encoder : public weir::batch_encoder {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Rows as JSON objects, one a record."; }
  static constexpr auto options() {
    using weir::option;
    return weir::options(option("include", weir::list_of_text).doc("Columns to write, in this order; all without it."),
                         option("nulls", weir::choice("write|omit"))
                             .fallback("\"write\"")
                             .doc("Whether fields that are null are written."));
  }
  explicit encoder(const weir::config& c);
  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  std::vector<std::string> include_;
  weir::json::row_text text_;
  std::string bytes_;
};

}  // namespace json
